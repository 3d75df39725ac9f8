"""Opaque cursors of the list of calls: where the page before ended."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from callscribe.domain.calls import CALL_ID
from callscribe.domain.errors import FieldError, InvalidInputError
from callscribe.domain.times import is_day, parse_timestamp

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Cursor:
    """Goes on within ``day`` after the call ``before`` = (created_at, call_id), if there is one."""

    day: str
    before: tuple[str, str] | None = None

    def write(self) -> str:
        return _written([self.day, *(self.before or ())])


def read_cursor(text: str) -> Cursor:
    """Raises InvalidInputError for anything that ``Cursor.write`` did not make."""
    return _checked(_read, text)


def write_scheduled_cursor(place_at: str, call_id: str) -> str:
    """Goes on after this call in the list of those that are to be placed."""
    return _written([place_at, call_id])


def read_scheduled_cursor(text: str) -> tuple[str, str]:
    """Raises InvalidInputError for anything that ``write_scheduled_cursor`` did not make."""
    return _checked(_read_scheduled, text)


def _written(parts: list[str]) -> str:
    text = json.dumps(parts, separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _checked(read: Callable[[str], T], text: str) -> T:
    try:
        return read(text)
    except (ValueError, TypeError, RecursionError) as error:
        message = "is not a cursor of this list: take next_cursor as it is, or leave it out"
        raise InvalidInputError([FieldError("cursor", message)]) from error


def _parts(text: str) -> Any:
    padded = text.encode("ascii") + b"=" * (-len(text) % 4)
    return json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))


def _read_scheduled(text: str) -> tuple[str, str]:
    place_at, call_id = _parts(text)
    parse_timestamp(place_at)
    if not CALL_ID.fullmatch(call_id):
        raise ValueError("not a call_id")
    return place_at, call_id


def _read(text: str) -> Cursor:
    day, *before = _parts(text)
    if not is_day(day):
        raise ValueError("not a day")
    if not before:
        return Cursor(day)
    created_at, call_id = before
    parse_timestamp(created_at)
    if not CALL_ID.fullmatch(call_id):
        raise ValueError("not a call_id")
    return Cursor(day, (created_at, call_id))
