"""Opaque cursors of the list of calls: where the page before ended."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from datetime import date

from callscribe.domain.calls import CALL_ID
from callscribe.domain.problems import FieldError, InvalidInputError
from callscribe.domain.times import from_text


@dataclass(frozen=True, slots=True)
class Cursor:
    """Goes on within ``day`` after the call ``before`` = (created_at, call_id), if there is one."""

    day: str
    before: tuple[str, str] | None = None

    def write(self) -> str:
        text = json.dumps([self.day, *(self.before or ())], separators=(",", ":"))
        return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def read_cursor(text: str) -> Cursor:
    """Raises InvalidInputError for anything that ``Cursor.write`` did not make."""
    try:
        return _read(text)
    except (ValueError, TypeError, RecursionError) as error:
        message = "is not a cursor of this list: take next_cursor as it is, or leave it out"
        raise InvalidInputError([FieldError("cursor", message)]) from error


def _read(text: str) -> Cursor:
    padded = text.encode("ascii") + b"=" * (-len(text) % 4)
    day, *before = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
    date.fromisoformat(day)
    if not before:
        return Cursor(day)
    created_at, call_id = before
    from_text(created_at)
    if not CALL_ID.fullmatch(call_id):
        raise ValueError("not a call_id")
    return Cursor(day, (created_at, call_id))
