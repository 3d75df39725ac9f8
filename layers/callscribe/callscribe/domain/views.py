"""Calls and recordings as the HTTP API shows them (docs/api.md)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from callscribe.domain.calls import Call
from callscribe.domain.recordings import Recording
from callscribe.domain.times import parse_timestamp

_CALL_FIELDS = (
    "call_id",
    "call_sid",
    "status",
    "direction",
    "mode",
    "to_number",
    "from_number",
    "created_at",
    "updated_at",
    "place_at",
    "placed_at",
    "answered_at",
    "ended_at",
    "duration_seconds",
    "answered_by",
    "metadata",
)
_RECORDING_FIELDS = (
    "recording_sid",
    "status",
    "started_at",
    "duration_seconds",
    "channels",
    "transcript_id",
    "transcript_status",
    "confidence",
    "language_code",
    "speech_model_used",
    "text",
    "text_truncated",
    "warnings",
    "attempts",
    "retries",
    "updated_at",
)


def call_summary(call: Call) -> dict[str, Any]:
    """A call without its recordings: a line of the list."""
    view = {name: getattr(call, name) for name in _CALL_FIELDS}
    view["error"] = _error(call.error_code, call.error_message, call.error_retryable)
    if view["error"] and call.twilio_code:
        view["error"]["twilio_code"] = call.twilio_code
    view["cancellation"] = call.cancellation
    view["erasure"] = call.erasure
    return view


def call_view(call: Call, recordings: Sequence[Recording]) -> dict[str, Any]:
    """A call with everything that is known of it."""
    return {
        **call_summary(call),
        "say": call.say,
        "goodbye": call.goodbye,
        "language": call.language,
        "voice": call.voice,
        "consent": call.consent,
        "transcription": call.transcription,
        "recordings": [recording_view(recording) for recording in in_order(recordings)],
    }


def recording_view(recording: Recording) -> dict[str, Any]:
    view = {name: getattr(recording, name) for name in _RECORDING_FIELDS}
    failure = recording.failure
    view["error"] = failure and _error(failure.code, failure.message, failure.retryable)
    return view


def in_order(recordings: Sequence[Recording]) -> list[Recording]:
    """By the time they began; Twilio's times have whole seconds, so the SID breaks ties."""
    return sorted(recordings, key=lambda r: (r.started_at or r.created_at, r.recording_sid))


def offset_ms(call: Call, recording: Recording, first: Recording) -> int:
    """Where a recording begins on the call's clock, which starts when the call is answered.

    Where no callback told when that was, it is the call's end less its duration, else the begin of
    its first recording.
    """
    begins = parse_timestamp(recording.started_at or recording.created_at)
    if call.answered_at:
        answered = parse_timestamp(call.answered_at)
    elif call.ended_at and call.duration_seconds:
        answered = parse_timestamp(call.ended_at) - timedelta(seconds=call.duration_seconds)
    else:
        answered = parse_timestamp(first.started_at or first.created_at)
    return max(0, int((begins - answered) / timedelta(milliseconds=1)))


def _error(code: str | None, message: str | None, retryable: bool | None) -> dict[str, Any] | None:
    if code is None:
        return None
    return {"code": code, "message": message, "retryable": bool(retryable)}
