"""Parameters of a query, read by what they are: every mistake is named at once."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

from callscribe.api.cursors import read_change_cursor, read_cursor, read_scheduled_cursor
from callscribe.domain.calls import STATUSES
from callscribe.domain.errors import FieldError, InvalidInputError
from callscribe.domain.json_values import printable
from callscribe.domain.rendering.formats import (
    DEFAULT_FORMAT,
    FORMATS,
    JSON_WITH_WORDS,
    ExportFormat,
)
from callscribe.domain.times import is_day
from callscribe.use_cases.follow_changes import ChangeQuery
from callscribe.use_cases.read_calls import FIRST_DAY, CallListQuery
from callscribe.use_cases.scheduled_calls import ScheduledListQuery, named_caller

DEFAULT_LIMIT = 50
MAX_LIMIT = 200
# int() refuses strings of some thousand digits
_DIGITS = re.compile(r"[0-9]{1,9}")


class QueryReader:
    """Reads one parameter after the other; ``check`` raises what was wrong with any of them."""

    def __init__(self, query: Mapping[str, str], known: Collection[str]) -> None:
        self._query = query
        self.errors = [
            FieldError(printable(name), f"is not known; the parameters are {', '.join(known)}")
            for name in query
            if name not in known
        ]

    def limit(self) -> int:
        """How many a page shall have."""
        text = self._query.get("limit", str(DEFAULT_LIMIT))
        limit = int(text) if _DIGITS.fullmatch(text) else 0
        if not 1 <= limit <= MAX_LIMIT:
            self.refuse("limit", f"must be a whole number from 1 to {MAX_LIMIT}")
        return limit

    def one_of(self, name: str, choices: Collection[str]) -> str | None:
        """One of some words; None where the parameter is absent."""
        value = self._query.get(name)
        if value is not None and value not in choices:
            self.refuse(name, f"must be one of {', '.join(choices)}")
        return value

    def day(self, name: str, *, first: str) -> str | None:
        """A day such as ``2026-11-21``, not before ``first``; None where the parameter is absent."""
        day = self._query.get(name)
        if day is not None and (not is_day(day) or day < first):
            self.refuse(name, f"must be a day such as 2026-11-21, not before {first}")
        return day

    def check(self) -> None:
        """Raises InvalidInputError."""
        if self.errors:
            raise InvalidInputError(self.errors)

    def refuse(self, name: str, message: str) -> None:
        """Notes what is wrong with a parameter."""
        self.errors.append(FieldError(name, message))


def read_call_list(query: Mapping[str, str]) -> CallListQuery:
    """``GET /calls``. Raises InvalidInputError."""
    reader = QueryReader(query, ("date", "status", "limit", "cursor"))
    status, limit = reader.one_of("status", STATUSES), reader.limit()
    day = reader.day("date", first=FIRST_DAY)
    reader.check()
    after = read_cursor(query["cursor"]) if "cursor" in query else None
    if day and after and after.day != day:
        message = "belongs to another date: ask with the date it came with"
        raise InvalidInputError([FieldError("cursor", message)])
    return CallListQuery(day=day, status=status, limit=limit, after=after)


def read_scheduled_list(query: Mapping[str, str], principal: str) -> ScheduledListQuery:
    """``GET /scheduled-calls``; ``me`` is the principal that asks. Raises InvalidInputError."""
    reader = QueryReader(query, ("caller", "limit", "cursor"))
    limit = reader.limit()
    reader.check()
    after = read_scheduled_cursor(query["cursor"]) if "cursor" in query else None
    caller = named_caller(query.get("caller"), principal)
    return ScheduledListQuery(caller=caller, limit=limit, after=after)


def read_changes(query: Mapping[str, str]) -> ChangeQuery:
    """``GET /changes``. Raises InvalidInputError."""
    reader = QueryReader(query, ("since", "limit"))
    limit = reader.limit()
    reader.check()
    since = read_change_cursor(query["since"]) if "since" in query else None
    return ChangeQuery(limit=limit, since=since)


def read_format(query: Mapping[str, str]) -> ExportFormat:
    """In which of the export formats a transcript is wanted. Raises InvalidInputError."""
    reader = QueryReader(query, query)
    wanted = reader.one_of("format", sorted(FORMATS)) or DEFAULT_FORMAT
    with_words = reader.one_of("words", ("true", "false")) == "true"
    if with_words and wanted != "json":
        reader.refuse("words", "only format=json has them")
    reader.check()
    return JSON_WITH_WORDS if with_words else FORMATS[wanted]
