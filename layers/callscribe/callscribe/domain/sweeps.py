"""A walk through a vendor's list: where it is, and what it has met so far."""

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
from callscribe.domain.times import format_timestamp

IMPORT_ID = re.compile(r"import-[0-9a-f]{32}")
# the three that go on for ever; imports are asked for
STANDING = ("calls", "recordings", "transcripts")
# Twilio's first recordings are no older than Twilio
_EARLIEST = "2008-01-01T00:00:00.000Z"
_IMPORT_FIELDS = ("since", "until", "call_sid", "recording_sid")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sweep:
    """One window, from ``since`` to ``until``, of one vendor's list.

    ``cursor`` is the vendor's own, None at the beginning. ``seen`` = ``known`` + ``found`` (unknown, or
    not up to date, and moved on) + ``skipped`` (not ours, or nothing to do with it).
    An import may be narrowed to one call or one recording (names of their own, because ``call_sid``
    is the key of an index). ``unmapped`` are recordings that nobody here knew although they were not
    new. ``unfinished_since`` is the oldest entry that was not done yet: the next window begins there.
    ``restarts`` counts how often the vendor no longer took the cursor.
    """

    sweep_id: str
    kind: str
    status: str
    since: str
    until: str
    created_at: str
    updated_at: str
    cursor: str | None = None
    wanted_call_sid: str | None = None
    wanted_recording_sid: str | None = None
    seen: int = 0
    known: int = 0
    found: int = 0
    skipped: int = 0
    unmapped: int = 0
    restarts: int = 0
    unfinished_since: str | None = None
    error_message: str | None = None
    request_hash: str | None = None
    expires_at: int | None = None


def read_import_request(body: object) -> dict[str, str | None]:
    """The fields of ``POST /imports``: their form, which is the same at any time.

    Raises:
        InvalidInputError: with every mistake at once.
    """
    request, errors = read_object(body, _IMPORT_FIELDS, example='{"since": "2026-11-01T00:00:00Z"}')
    call_sid = _sid(request, "call_sid", CALL_SID, "CA", errors)
    recording_sid = _sid(request, "recording_sid", RECORDING_SID, "RE", errors)
    since = read_time(request, "since", errors)
    until = read_time(request, "until", errors)
    if since is None and call_sid is None and recording_sid is None and not errors:
        errors.append(FieldError("since", "is missing; or name a call_sid or a recording_sid"))
    if errors:
        raise InvalidInputError(errors)
    return {"since": since, "until": until, "call_sid": call_sid, "recording_sid": recording_sid}


def span_of_import(wanted: Mapping[str, str | None], now: datetime) -> tuple[str, str]:
    """``since`` and ``until``, whole. Apart from the form: a repeated request passes that.

    Raises:
        InvalidInputError
    """
    since, until = wanted["since"] or _EARLIEST, wanted["until"] or format_timestamp(now)
    errors = []
    if since >= until:
        errors.append(FieldError("until", "must be after since"))
    if until > format_timestamp(now + timedelta(minutes=5)):
        errors.append(FieldError("until", "must not be in the future"))
    if errors:
        raise InvalidInputError(errors)
    return since, until


def import_view(sweep: Sweep) -> dict[str, Any]:
    """An import as the HTTP API shows it."""
    names = "status since until seen known found skipped created_at updated_at error_message"
    return {
        "import_id": sweep.sweep_id,
        "call_sid": sweep.wanted_call_sid,
        "recording_sid": sweep.wanted_recording_sid,
        **{name: getattr(sweep, name) for name in names.split()},
    }


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
