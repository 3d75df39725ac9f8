"""Twilio's rules, shared by its two doubles: this simulator and simulation/twilio.py."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime

API_VERSION = "2010-04-01"
PAGE_SIZE, MAX_PAGE_SIZE = 50, 1000
UNFINISHED = ("in-progress", "paused", "stopped", "processing")
NOT_ANSWERED = ("busy", "no-answer", "failed", "canceled")
ENDED = (*NOT_ANSWERED, "completed")
# a recording that is too short for Twilio to keep
ABSENT_CODE = 16101
# name → (default, least, most) of a callback URL's overrides, in milliseconds
TIMEOUTS = {"ct": (5000, 100, 10_000), "rt": (15_000, 100, 15_000), "tt": (15_000, 100, 15_000)}
MAX_RETRIES = 5
_SIP_CODES = {"completed": "200", "busy": "486", "no-answer": "487", "failed": "404"}


@dataclass(frozen=True, slots=True)
class Refusal:
    """An answer that says no: Twilio's error code, its message, the HTTP status."""

    code: int
    message: str
    status: int = 400


NOT_ENDED = Refusal(20001, "It cannot be deleted before it has ended")
UNAUTHORIZED = Refusal(20003, "Authenticate", 401)


def not_found(name: str) -> Refusal:
    return Refusal(20404, f"The requested resource {name} was not found", 404)


def not_valid(number: str) -> Refusal:
    return Refusal(21211, f"The phone number you are attempting to call, {number}, is not valid.")


def rfc_2822(moment: datetime) -> str:
    """A time as Twilio writes it."""
    return format_datetime(moment.astimezone(UTC))


def shown_status(status: str) -> str:
    """The API has no "initiated": it says queued until the phone rings."""
    return "queued" if status == "initiated" else status


def call_form(
    *, call_sid: str, status: str, to_number: str, from_number: str, direction: str
) -> dict[str, str]:
    """What Twilio sends with every request about a call; what it does not know is an empty string."""
    form = {
        "CallSid": call_sid,
        "From": from_number,
        "To": to_number,
        "Caller": from_number,
        "Called": to_number,
        "CallStatus": status,
        "ApiVersion": API_VERSION,
        "Direction": direction,
    }
    for who in ("From", "To", "Caller", "Called"):
        form |= {f"{who}{part}": "" for part in ("City", "State", "Zip")}
        form[f"{who}Country"] = "US"
    return form


def progress(status: str, moment: datetime, sequence: int, seconds: int) -> dict[str, str]:
    """What a status callback adds to ``call_form``; ``seconds`` is the duration of a call that ended."""
    form = {
        "Timestamp": rfc_2822(moment),
        "CallbackSource": "call-progress-events",
        "SequenceNumber": str(sequence),
    }
    if status in ENDED:
        form |= {
            "CallDuration": str(seconds),
            "Duration": str(math.ceil(seconds / 60)),
            "SipResponseCode": _SIP_CODES.get(status, "487"),
        }
    return form


def recording_form(  # noqa: PLR0913 - the callback's fields
    *,
    account_sid: str,
    call_sid: str,
    recording_sid: str,
    status: str,
    channels: int,
    started_at: datetime,
    source: str,
    seconds: int | None,
) -> dict[str, str]:
    """A recording callback's fields: no From, no To, no CallStatus."""
    form = {
        "CallSid": call_sid,
        "RecordingSid": recording_sid,
        "RecordingUrl": media_url(account_sid, recording_sid),
        "RecordingStatus": status,
        "RecordingChannels": str(channels),
        "RecordingStartTime": rfc_2822(started_at),
        "RecordingSource": source,
        "RecordingTrack": "both",
        "ErrorCode": str(ABSENT_CODE if status == "absent" else 0),
    }
    if status == "completed":
        form["RecordingDuration"] = str(seconds)
    return form


def media_url(account_sid: str, recording_sid: str) -> str:
    root = f"https://api.twilio.com/{API_VERSION}/Accounts/{account_sid}"
    return f"{root}/Recordings/{recording_sid}"
