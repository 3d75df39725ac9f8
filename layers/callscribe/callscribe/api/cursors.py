"""Opaque cursors of the lists of calls: where the page before ended."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable
from typing import Any, TypeVar

from callscribe.domain.calls import CALL_ID
from callscribe.domain.errors import FieldError, InvalidInputError
from callscribe.domain.times import format_timestamp, is_day, parse_timestamp
from callscribe.use_cases.read_calls import ListPosition

T = TypeVar("T")
# no cursor does: in base64 it begins with an opening bracket's letter
_LOOKS_LIKE_A_TIME = re.compile(r"[0-9]")


def write_cursor(position: ListPosition) -> str:
    """Of the list of calls."""
    return _written([position.day, *(position.before or ())])


def read_cursor(text: str) -> ListPosition:
    """Raises InvalidInputError for anything that ``write_cursor`` did not make."""
    return _checked(lambda cursor: _read(_parts(cursor)), text)


def write_scheduled_cursor(last: tuple[str, str]) -> str:
    """Goes on after this call, (place_at, call_id), in the list of those that are to be placed."""
    return _written([*last])


def read_scheduled_cursor(text: str) -> tuple[str, str]:
    """Raises InvalidInputError for anything that ``write_scheduled_cursor`` did not make."""
    return _checked(lambda cursor: _read_scheduled(_parts(cursor)), text)


def write_change_cursor(last: tuple[str, str]) -> str:
    """Goes on after this call, (updated_at, call_id), in the feed of changes."""
    return _written([*last])


def read_change_cursor(text: str) -> tuple[str, str]:
    """A cursor, or a time from which on changes are wanted. Raises InvalidInputError."""
    if _LOOKS_LIKE_A_TIME.match(text):
        return _checked(lambda time: (format_timestamp(parse_timestamp(time)), ""), text, "since")
    return _checked(lambda cursor: _read_scheduled(_parts(cursor)), text, "since")


def _written(parts: list[str]) -> str:
    text = json.dumps(parts, separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _checked(read: Callable[[str], T], text: str, parameter: str = "cursor") -> T:
    try:
        return read(text)
    except (ValueError, TypeError, RecursionError) as error:
        message = "is not a cursor of this list: take next_cursor as it is, or leave it out"
        raise InvalidInputError([FieldError(parameter, message)]) from error


def _parts(text: str) -> Any:
    padded = text.encode("ascii") + b"=" * (-len(text) % 4)
    return json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))


def _read_scheduled(parts: Any) -> tuple[str, str]:
    at, call_id = parts
    return _moment_of_call(at, call_id)


def _read(parts: Any) -> ListPosition:
    day, *before = parts
    if not is_day(day):
        raise ValueError("not a day")
    if not before:
        return ListPosition(day)
    created_at, call_id = before
    return ListPosition(day, _moment_of_call(created_at, call_id))


def _moment_of_call(at: str, call_id: str) -> tuple[str, str]:
    parse_timestamp(at)
    if not CALL_ID.fullmatch(call_id):
        raise ValueError("not a call_id")
    return at, call_id
