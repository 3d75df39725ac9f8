"""Times as this project stores and shows them: RFC 3339, UTC, milliseconds, fixed width.

The fixed width makes the text sort in the order of time, which the table's indexes rely on.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime

Clock = Callable[[], datetime]


def utc_now() -> datetime:
    """The real clock."""
    return datetime.now(UTC)


def format_timestamp(moment: datetime) -> str:
    """``2026-11-21T01:39:00.123Z``."""
    # not strftime, whose %Y has less than four digits for the first thousand years
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"


def parse_timestamp(text: str) -> datetime:
    """Reads any RFC 3339 time with an offset.

    Raises:
        ValueError: it is not one, has no offset, or lies outside the years 1 to 9999 in UTC.
    """
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("the time has no UTC offset")
    try:
        return moment.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("the time is no time in UTC") from error


def is_day(text: str) -> bool:
    """Whether it is ``2026-11-21``: no other form of a date, which the same day has as well."""
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False
