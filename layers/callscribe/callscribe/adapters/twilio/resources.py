"""Twilio's calls and recordings, as its library hands them out, in our words."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from callscribe.adapters.twilio.errors import explain_absence
from callscribe.domain.calls import CALL_TERMINAL, CallState
from callscribe.domain.times import format_timestamp, parse_timestamp
from callscribe.domain.whole_numbers import read_whole_number
from callscribe.ports.telephony import CallStatusUpdate, RecordingStatusUpdate, VendorRecordingState

# Twilio's words for a call are ours
_CALL_STATES = CALL_TERMINAL | {
    CallState.QUEUED,
    CallState.INITIATED,
    CallState.RINGING,
    CallState.IN_PROGRESS,
}
_ANSWERED = (CallState.IN_PROGRESS, CallState.COMPLETED)
# Twilio's words for a recording of which nothing more will come, and for one that still runs. Any other
# (paused, stopped, processing, or one that is new) says only that the file is not there yet
_RECORDING_STATES = {
    "in-progress": VendorRecordingState.IN_PROGRESS,
    "completed": VendorRecordingState.COMPLETED,
    "absent": VendorRecordingState.ABSENT,
    "failed": VendorRecordingState.ABSENT,
    "deleted": VendorRecordingState.DELETED,
}


def read_call(call: Any) -> CallStatusUpdate:
    """A call of Twilio's API. Its start and end are as far apart as its duration, which counts from
    the answer."""
    status = call_state(_word(call.status))
    started_at, ended_at = _time(call.start_time), _time(call.end_time)
    return CallStatusUpdate(
        call_sid=str(call.sid),
        status=status,
        at=ended_at or started_at,
        created_at=_time(call.date_created),
        answered_at=started_at if status in _ANSWERED else None,
        ended_at=ended_at,
        duration_seconds=_number(call.duration),
        to_number=call.to,
        from_number=call._from,  # noqa: SLF001 - the library's name: `from` is a keyword
        direction=call.direction or "outbound-api",
    )


def read_recording(recording: Any) -> RecordingStatusUpdate:
    """A recording of Twilio's API."""
    return RecordingStatusUpdate(
        recording_sid=str(recording.sid),
        call_sid=recording.call_sid,
        status=recording_state(_word(recording.status)),
        channels=_number(recording.channels),
        duration_seconds=_number(recording.duration),
        created_at=_time(recording.date_created),
        started_at=_time(recording.start_time),
        source=_word(recording.source),
        failure=explain_absence(_number(recording.error_code)),
    )


def call_state(status: str) -> CallState | None:
    """Twilio's word for the status of a call; None for one that is not known here."""
    return CallState(status) if status in _CALL_STATES else None


def recording_state(status: str) -> VendorRecordingState:
    """Twilio's word for the status of a recording."""
    return _RECORDING_STATES.get(status, VendorRecordingState.PROCESSING)


def _word(value: object) -> str:
    """Of an enum of the library's, or of a value that is newer than the library."""
    return str(getattr(value, "value", value))


def _time(moment: datetime | str | None) -> str | None:
    if isinstance(moment, str):
        return format_timestamp(parse_timestamp(moment))
    return None if moment is None else format_timestamp(moment)


def _number(value: object) -> int | None:
    """Twilio sends most numbers as texts, and an unknown one as an empty text or -1."""
    return read_whole_number(str(value))
