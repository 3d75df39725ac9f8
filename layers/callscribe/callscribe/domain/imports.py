"""Imports: sweeps that an operator asks for, through recordings that were made elsewhere."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from callscribe.domain.calls import CALL_SID
from callscribe.domain.errors import FieldError, InvalidInputError
from callscribe.domain.recordings import RECORDING_SID
from callscribe.domain.request_fields import read_object, read_time
from callscribe.domain.sweeps import Sweep, SweepKind, SweepStatus
from callscribe.domain.times import format_timestamp

IMPORT_ID = re.compile(r"import-[0-9a-f]{32}")
# Twilio's first recordings are no older than Twilio
_EARLIEST = "2008-01-01T00:00:00.000Z"
_FIELDS = ("since", "until", "call_sid", "recording_sid")


@dataclass(frozen=True, slots=True)
class ImportRequest:
    """What ``POST /imports`` asks for; times in our own form, None where it does not say."""

    since: str | None
    until: str | None
    call_sid: str | None
    recording_sid: str | None


def read_import_request(body: object) -> ImportRequest:
    """The fields of ``POST /imports``: their form, which is the same at any time.

    Raises:
        InvalidInputError: with every mistake at once.
    """
    request, errors = read_object(body, _FIELDS, example='{"since": "2026-11-01T00:00:00Z"}')
    call_sid = _sid(request, "call_sid", CALL_SID, "CA", errors)
    recording_sid = _sid(request, "recording_sid", RECORDING_SID, "RE", errors)
    since = read_time(request, "since", errors)
    until = read_time(request, "until", errors)
    if since is None and call_sid is None and recording_sid is None and not errors:
        errors.append(FieldError("since", "is missing; or name a call_sid or a recording_sid"))
    if errors:
        raise InvalidInputError(errors)
    return ImportRequest(since, until, call_sid, recording_sid)


def new_import(import_id: str, wanted: ImportRequest, now: datetime) -> Sweep:
    """The sweep that does it. Apart from the form: a repeated request passes that.

    Raises:
        InvalidInputError
    """
    since, until = wanted.since or _EARLIEST, wanted.until or format_timestamp(now)
    errors = []
    if since >= until:
        errors.append(FieldError("until", "must be after since"))
    if until > format_timestamp(now + timedelta(minutes=5)):
        errors.append(FieldError("until", "must not be in the future"))
    if errors:
        raise InvalidInputError(errors)
    return Sweep(
        sweep_id=import_id,
        kind=SweepKind.IMPORT,
        status=SweepStatus.RUNNING,
        since=since,
        until=until,
        wanted_call_sid=wanted.call_sid,
        wanted_recording_sid=wanted.recording_sid,
        created_at=format_timestamp(now),
        updated_at=format_timestamp(now),
    )


def _sid(
    body: Mapping[Any, Any],
    name: str,
    pattern: re.Pattern[str],
    prefix: str,
    errors: list[FieldError],
) -> str | None:
    value = body.get(name)
    if value is None:
        return None
    if not isinstance(value, str) or not pattern.fullmatch(value):
        errors.append(FieldError(name, f"must be {prefix} and 32 hexadecimal digits"))
        return None
    return value
