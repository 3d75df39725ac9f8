"""Twilio says that a recording is ready, or that there is none: kept first, worked on later."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from callscribe.domain.calls import CALL_ID, CALL_SID
from callscribe.domain.errors import FieldError, InvalidInputError
from callscribe.domain.recordings import RECORDING_SID
from callscribe.domain.times import from_rfc_2822
from callscribe.ports.messaging import RecordingsQueue
from callscribe.ports.telemetry import Telemetry
from callscribe.ports.telephony import RecordingStatusUpdate


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiveRecording:
    queue: RecordingsQueue
    telemetry: Telemetry

    def receive(self, form: Mapping[str, str], *, call_id: str | None, base_url: str) -> None:
        """Puts the callback on the queue; acknowledged means kept.

        Raises:
            InvalidInputError: a signed callback without usable SIDs.
        """
        notice = _read(form, call_id, base_url)
        if notice.status == "in-progress":
            return
        self.queue.put(notice)
        self.telemetry.info(
            "recording notice kept", recording_sid=notice.recording_sid, status=notice.status
        )


def _read(form: Mapping[str, str], call_id: str | None, base_url: str) -> RecordingStatusUpdate:
    recording_sid = form.get("RecordingSid", "")
    call_sid = form.get("CallSid") or None
    errors = []
    if not RECORDING_SID.fullmatch(recording_sid):
        errors.append(FieldError("RecordingSid", "must be RE and 32 hexadecimal digits"))
    if call_sid is not None and not CALL_SID.fullmatch(call_sid):
        errors.append(FieldError("CallSid", "must be CA and 32 hexadecimal digits"))
    if call_id is None and call_sid is None:
        errors.append(FieldError("CallSid", "is missing"))
    if call_id is not None and not CALL_ID.fullmatch(call_id):
        errors.append(FieldError("call_id", "must be 32 hexadecimal digits"))
    if errors:
        raise InvalidInputError(errors)
    return RecordingStatusUpdate(
        recording_sid=recording_sid,
        call_sid=call_sid,
        call_id=call_id,
        status=form.get("RecordingStatus", "completed"),
        channels=_number(form.get("RecordingChannels")),
        duration_seconds=_number(form.get("RecordingDuration")),
        started_at=from_rfc_2822(form.get("RecordingStartTime")),
        source=form.get("RecordingSource"),
        error_code=_number(form.get("ErrorCode")) or None,
        base_url=base_url,
    )


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdecimal() and len(text) < 10 else None
