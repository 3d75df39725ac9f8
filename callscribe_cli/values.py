"""The values of options: durations, times, names with values, text from standard input."""

from __future__ import annotations

import json
import re
import sys
from datetime import UTC, datetime, timedelta
from typing import Any

import click

_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
_DURATION = re.compile(r"(?:\d+[smhdw])+")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


class Duration(click.ParamType[float]):
    """Seconds, from ``90s``, ``30m``, ``1h30m``, ``7d``."""

    name = "duration"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        if isinstance(value, int | float):
            return float(value)
        if not _DURATION.fullmatch(str(value)):
            self.fail(f"{value!r} is no duration: write 90s, 30m, 1h30m or 7d", param, ctx)
        return float(_seconds(str(value)))


class Moment(click.ParamType[datetime]):
    """A time with its offset, from one that has it, a day (UTC), a local time, or a duration.

    ``sign``: whether a duration counts back from now (-1) or ahead (1).
    """

    name = "time"

    def __init__(self, sign: int) -> None:
        self._sign = sign

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> datetime:
        if isinstance(value, datetime):
            return value
        try:
            return _moment(str(value), self._sign)
        except (ValueError, OverflowError):
            text = f"{value!r} is no time: write 2026-11-21T15:00:00Z, 2026-11-21 (UTC) or 7d"
            self.fail(text, param, ctx)


class NameValue(click.ParamType[tuple[str, Any]]):
    """``name=value`` as a pair. ``parsed``: the value is JSON where it can be read as such."""

    name = "name=value"

    def __init__(self, *, parsed: bool = False) -> None:
        self._parsed = parsed

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, Any]:
        if isinstance(value, tuple):
            return value[0], value[1]
        name, equals, text = str(value).partition("=")
        if not equals or not name:
            self.fail(f"{value!r} must be NAME=VALUE", param, ctx)
        return name, _parsed(text) if self._parsed else text


DURATION = Duration()
PAST = Moment(-1)
AHEAD = Moment(1)


def text_or_stdin(text: str | None) -> str | None:
    """``-`` is what comes on standard input. Raises click.UsageError: it is not UTF-8."""
    if text != "-":
        return text
    try:
        return sys.stdin.buffer.read().decode().rstrip("\r\n")
    except UnicodeDecodeError as error:
        raise click.UsageError(f"standard input is not UTF-8: {error}") from error


def rfc3339(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _seconds(text: str) -> int:
    return sum(int(n) * _SECONDS[unit] for n, unit in re.findall(r"(\d+)([smhdw])", text))


def _moment(text: str, sign: int) -> datetime:
    if _DURATION.fullmatch(text):
        return datetime.now(UTC) + sign * timedelta(seconds=_seconds(text))
    if _DAY.fullmatch(text):
        return datetime.fromisoformat(text).replace(tzinfo=UTC)
    # without an offset it is the time where the user is
    return datetime.fromisoformat(text).astimezone(UTC)


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text
