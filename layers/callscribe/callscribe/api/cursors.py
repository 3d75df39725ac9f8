"""Opaque cursors of the lists of calls: where the page before ended."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any, TypeVar

from callscribe.domain.calls import CALL_ID
from callscribe.domain.errors import FieldError, InvalidInputError
from callscribe.domain.times import is_day, parse_timestamp
from callscribe.use_cases.read_calls import ListPosition

T = TypeVar("T")


def write_cursor(position: ListPosition) -> str:
    """Of the list of calls."""
    return _written([position.day, *(position.before or ())])


def read_cursor(text: str) -> ListPosition:
    """Raises InvalidInputError for anything that ``write_cursor`` did not make."""
    return _checked(_read, text)


def write_scheduled_cursor(last: tuple[str, str]) -> str:
    """Goes on after this call, (place_at, call_id), in the list of those that are to be placed."""
    return _written([*last])


def read_scheduled_cursor(text: str) -> tuple[str, str]:
    """Raises InvalidInputError for anything that ``write_scheduled_cursor`` did not make."""
    return _checked(_read_scheduled, text)


def _written(parts: list[str]) -> str:
    text = json.dumps(parts, separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _checked(read: Callable[[Any], T], text: str) -> T:
    try:
        return read(_parts(text))
    except (ValueError, TypeError, RecursionError) as error:
        message = "is not a cursor of this list: take next_cursor as it is, or leave it out"
        raise InvalidInputError([FieldError("cursor", message)]) from error


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
