"""When no call is placed: by the clock of the person who would be woken."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import phonenumbers
from phonenumbers import PhoneNumberType, timezone

from callscribe.domain.failures import Failure
from callscribe.domain.times import format_timestamp

_HOURS = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]-([01][0-9]|2[0-3]):[0-5][0-9]")
_UNKNOWN = timezone.UNKNOWN_TIMEZONE
# quiet hours begin and end on a quarter of an hour or are seen a few minutes late
_STEP = timedelta(minutes=15)
_MAX_WAIT = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class QuietHours:
    """From ``begins`` to ``ends``, local time; over midnight where ``ends`` is the earlier one."""

    begins: time
    ends: time

    def hold(self, local: time) -> bool:
        """Whether it is quiet at this local time."""
        if self.begins <= self.ends:
            return self.begins <= local < self.ends
        return local >= self.begins or local < self.ends


def read_quiet_hours(text: str) -> QuietHours | None:
    """``21:00-08:00``; None for an empty text.

    Raises:
        ValueError: anything else.
    """
    if not text:
        return None
    if not _HOURS.fullmatch(text):
        raise ValueError(f"{text!r} must be HH:MM-HH:MM, such as 21:00-08:00, or empty")
    begins, ends = (time.fromisoformat(part) for part in text.split("-"))
    if begins == ends:
        raise ValueError(f"{text!r} begins when it ends: no call could ever be placed")
    return QuietHours(begins, ends)


def time_zones(phone_number: str) -> tuple[str, ...]:
    """Where the person may be: a mobile number may have every zone of its country."""
    number = phonenumbers.parse(phone_number)
    zones: tuple[str, ...] = tuple(timezone.time_zones_for_number(number))
    if zones == (_UNKNOWN,):
        zones = tuple(timezone.time_zones_for_geographical_number(number))
    return tuple(zone for zone in zones if zone != _UNKNOWN)


def is_quiet(phone_number: str, at: datetime, quiet: QuietHours) -> bool:
    """Whether it is, or may be, quiet where the person is; so it is where no zone is known.

    Behind a toll-free number is a business, in any of its zones: no one is woken there.
    """
    if phonenumbers.number_type(phonenumbers.parse(phone_number)) == PhoneNumberType.TOLL_FREE:
        return False
    zones = time_zones(phone_number)
    return not zones or any(quiet.hold(at.astimezone(_zone(zone)).time()) for zone in zones)


def quiet_until(phone_number: str, at: datetime, quiet: QuietHours) -> datetime | None:
    """When it no longer is, to a quarter of an hour; None where that never comes in two days."""
    return next((then for then in _later(at) if not is_quiet(phone_number, then, quiet)), None)


def in_quiet_hours(quiet: QuietHours, until: datetime | None) -> Failure:
    """The refusal of a call that would ring in quiet hours; ``until`` None: they never end."""
    when = f"after {format_timestamp(until)}" if until else "never: its zones lie too far apart"
    hours = f"{quiet.begins:%H:%M}-{quiet.ends:%H:%M}"
    message = f"quiet hours ({hours}) where this number is; {when}"
    return Failure("quiet_hours", message, retryable=True)


def _later(at: datetime) -> Iterator[datetime]:
    then = at
    while then <= at + _MAX_WAIT:
        yield then
        then += _STEP


@cache
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)
