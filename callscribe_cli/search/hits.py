"""Calls in which something was said, best first, each with the moments at which it was."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from callscribe_cli.search.index import FIELDS, reading
from callscribe_cli.search.words import FOUND, FOUND_END, match_expression, shown

_MOMENTS = 3
_EXCERPT = 160
_MARKS = re.compile(f"[{FOUND}{FOUND_END}]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """``since``, ``until``: of ``created_at``, as the API writes times; ``number``: of either party, or
    some digits of it."""

    since: str | None = None
    until: str | None = None
    status: str | None = None
    number: str | None = None

    def conditions(self) -> tuple[str, dict[str, str]]:
        digits = None if self.number is None else re.sub(r"\D", "", self.number)
        given = {"since": self.since, "until": self.until, "status": self.status, "number": digits}
        values = {name: value for name, value in given.items() if value}
        return "".join(f" AND {_CONDITIONS[name]}" for name in values), values


_CONDITIONS = {
    "since": "created_at >= :since",
    "until": "created_at < :until",
    "status": "status = :status",
    "number": "(instr(from_number, :number) OR instr(to_number, :number))",
}


def find(
    path: Path, query: str, filters: Filters, *, limit: int = 20, offset: int = 0
) -> dict[str, Any]:
    """``total``, and of the calls from ``offset`` on: their fields, how many ``segments`` matched, and
    the first ``moments``: at_ms, speaker, and the text around it in ``parts``, every second one of which
    is what was looked for.

    Raises:
        CliError: there is no index, or it cannot be read.
    """
    expression = match_expression(query)
    with reading(path) as base:
        if expression is None:
            return {"total": 0, "calls": []}
        where, values = filters.conditions()
        search = _Search(base, where, {**values, "expression": expression})
        return {"total": search.total(), "calls": list(search.calls(limit, offset))}


@dataclass(frozen=True, slots=True)
class _Search:
    base: sqlite3.Connection
    where: str
    values: dict[str, str]

    def total(self) -> int:
        [(total,)] = self._rows("count(*)", "")
        return int(total)

    def calls(self, limit: int, offset: int) -> Iterator[dict[str, Any]]:
        columns = f"calls.id, bm25(texts) AS score, segments, {', '.join(FIELDS)}"
        order = f"ORDER BY score, created_at DESC LIMIT {limit:d} OFFSET {offset:d}"
        for row, _, segments, *fields in self._rows(columns, order):
            moments = list(_moments(self._marked(row), json.loads(segments)))
            found = {"segments": len(moments), "moments": moments[:_MOMENTS]}
            yield dict(zip(FIELDS, fields, strict=True)) | found

    def _marked(self, row: int) -> str:
        """Of the calls that are shown only: in the query above SQLite would mark every call that
        matches."""
        found = self.base.execute(
            "SELECT highlight(texts, 0, ?, ?) FROM texts WHERE texts MATCH ? AND rowid = ?",
            (FOUND, FOUND_END, self.values["expression"], row),
        )
        return str(found.fetchone()[0])

    def _rows(self, columns: str, order: str) -> list[tuple[Any, ...]]:
        # the parts are this module's own; what was asked for is in the values
        statement = (
            f"SELECT {columns} FROM texts JOIN calls ON calls.id = texts.rowid "  # noqa: S608  # nosec B608
            f"WHERE texts MATCH :expression{self.where} {order}"
        )
        return self.base.execute(statement, self.values).fetchall()


def _moments(marked: str, segments: Sequence[Sequence[Any]]) -> Iterator[dict[str, Any]]:
    goes_on = False
    for line, (at_ms, speaker) in zip(marked.split("\n"), segments, strict=True):
        parts = _parts(f"{FOUND}{line}" if goes_on else line)
        # a phrase may begin in one segment and end in the next
        goes_on = line.rfind(FOUND) > line.rfind(FOUND_END) or (goes_on and FOUND_END not in line)
        if len(parts) > 1:
            yield {"at_ms": at_ms, "speaker": speaker, "parts": _excerpt(parts)}


def _parts(line: str) -> list[str]:
    """By turns what is around, and what was found."""
    return [shown(part) for part in _MARKS.split(line)]


def _excerpt(parts: list[str]) -> list[str]:
    """As long as a line or two, around what was found first."""
    before, *rest = parts
    if len(before) > _EXCERPT // 3:
        before = f"…{before[-_EXCERPT // 3 :]}"
    kept, left = [before], _EXCERPT - len(before)
    for part in rest:
        if len(part) > left:
            return [*kept, f"{part[:left]}…"]
        kept.append(part)
        left -= len(part)
    return kept
