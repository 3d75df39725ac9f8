"""The ends of a recording: its transcript, its silence, or the reason why there is none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from callscribe.domain.calls import ERASED_STATUSES, Call
from callscribe.domain.deadlines import Deadlines
from callscribe.domain.errors import VendorError, VendorNotAskedError, VendorNotFoundError
from callscribe.domain.failures import Failure
from callscribe.domain.recordings import (
    DONE,
    RECORDING_TERMINAL,
    Recording,
    changed,
    is_answered_by,
    transcript_key,
)
from callscribe.domain.times import Clock, format_timestamp, parse_timestamp
from callscribe.domain.transcription_jobs import JobStatus, TranscriptionJob
from callscribe.domain.transcripts import Transcript
from callscribe.ports.messaging import EventPublisher, RecordingsQueue
from callscribe.ports.storage import CallStore, Documents
from callscribe.ports.telemetry import Telemetry
from callscribe.ports.telephony import RecordingStatusUpdate, VendorRecordingState
from callscribe.ports.transcription import Transcriber

# an item holds 400 KB; the whole text is in the bucket all the same
MAX_TEXT_BYTES = 250_000

_TOLD_BY_VENDOR = ("duration_seconds", "started_at", "channels", "source")
_ABSENT = Failure("recording_absent", "Twilio has no recording", retryable=False)
_SILENT = Failure("no_speech", "nobody spoke in this recording", retryable=False)
_AUDIO_DELETED = Failure(
    "recording_deleted", "the recording was deleted at Twilio before it was copied", retryable=False
)


@dataclass(frozen=True, slots=True, kw_only=True)
class FinishRecording:
    """Shared by the worker, the webhook and reconciliation."""

    store: CallStore
    transcriber: Transcriber
    documents: Documents
    queue: RecordingsQueue
    event_publisher: EventPublisher
    telemetry: Telemetry
    clock: Clock
    deadlines: Deadlines
    # whether the vendors' copies go once ours are stored
    delete_vendor_copies: bool = False

    def from_webhook(self, call_id: str, recording_sid: str, transcript_id: str) -> None:
        """The vendor says that ``transcript_id`` ended: a hint, checked by asking for it.

        Raises RetryLaterError and VendorError: the webhook is answered 5xx and comes again.
        """
        found = self._find(call_id, recording_sid)
        if found is None:
            self.telemetry.count("WebhookForUnknownRecording")
            return
        call, recording = found
        if recording.status in RECORDING_TERMINAL:
            self.publish_event(call, recording)
            return
        if recording.transcript_id not in (None, transcript_id):
            self.telemetry.count("WebhookMismatch")
            return
        try:
            job = self.transcriber.get(transcript_id)
        except VendorNotFoundError:
            # said with the right secret, but not by the vendor
            self.telemetry.count("WebhookMismatch")
            return
        if recording.transcript_id is None and not is_answered_by(recording, job):
            self.telemetry.count("WebhookMismatch")
            return
        self.conclude(call, recording, job)

    def ask_again(self, call: Call, recording: Recording) -> None:
        """For a submitted recording without news. Raises VendorError, until its time is up."""
        transcript_id = recording.transcript_id or ""
        try:
            job = self.transcriber.get(transcript_id)
        except VendorNotFoundError as error:
            self.telemetry.count("UnmappedItems")
            if recording.attempts < recording.attempts_allowed:
                self._try_again(call, recording, transcript_id)
            else:
                self.end(call, recording, "error", _lost(error.vendor))
            return
        except VendorNotAskedError:
            # nothing was asked, so nothing follows from it
            raise
        except VendorError as error:
            if not self._is_overdue(recording):
                raise
            self.end(call, recording, "error", _unavailable(error.vendor))
            return
        self.conclude(call, recording, job)

    def conclude(self, call: Call, recording: Recording, job: TranscriptionJob) -> None:
        """Stores what the job says, whatever it says."""
        if job.transcript is not None:
            self._completed(call, recording, job, job.transcript)
        elif job.failure is None:
            self._still_waiting(call, recording, job)
        elif job.status == JobStatus.COMPLETED:
            # it was paid for: whether it is worth another one is for a person to say
            self.end(call, recording, "error", job.failure)
        else:
            self._failed(call, recording, job.transcript_id, job.failure)

    def end(
        self,
        call: Call,
        recording: Recording,
        status: str,
        failure: Failure | None,
        facts: Mapping[str, Any] | None = None,
    ) -> None:
        """One conditional write to a final status, then its event; a race's loser does nothing."""
        now = self.clock()
        changes = {
            **(facts or {}),
            "status": status,
            "updated_at": format_timestamp(now),
            "error_code": failure.code if failure else None,
            "error_message": failure.message if failure else None,
            "error_retryable": failure.retryable if failure else None,
            "failed_at": format_timestamp(now) if status == "error" else None,
            "announce": True,
            **self.deadlines.of_recording(call.call_id, "announce", now),
        }
        ended = self.store.change_recording(
            call.call_id,
            recording.recording_sid,
            changes,
            only_from=[recording.status],
            expected={"claims": recording.claims},
        )
        if ended:
            self.telemetry.count(_METRICS[status])
            self.telemetry.info(
                "recording ended",
                call_id=call.call_id,
                recording_sid=recording.recording_sid,
                status=status,
                error_code=failure.code if failure else None,
            )
            self.publish_event(call, changed(recording, changes))

    def keep(self, recording: Recording, notice: RecordingStatusUpdate) -> None:
        """Fills in what the recording lacks and Twilio knows; what it has stays."""
        told = {name: getattr(notice, name) for name in _TOLD_BY_VENDOR}
        missing = {n: v for n, v in told.items() if v is not None and getattr(recording, n) is None}
        if missing:
            self.store.change_recording(
                recording.call_id,
                recording.recording_sid,
                missing,
                only_from=[recording.status],
                expected=dict.fromkeys(missing),
            )

    def without_audio(
        self, call: Call, recording: Recording, notice: RecordingStatusUpdate
    ) -> None:
        """Ends a recording of which Twilio says that there will be no audio."""
        if notice.status == VendorRecordingState.DELETED:
            self.end(call, recording, "error", _AUDIO_DELETED)
        else:
            self.end(call, recording, "absent", notice.failure or _ABSENT)

    def publish_event(self, call: Call, recording: Recording) -> None:
        """Sends the event that is still owed; a crash in between sends it twice, never none."""
        if not recording.announce:
            return
        self.event_publisher.publish(call, recording)
        still_to_do = (
            "copies" if self.delete_vendor_copies and recording.status in DONE else "nothing"
        )
        self.store.change_recording(
            call.call_id,
            recording.recording_sid,
            {
                "announce": None,
                **self.deadlines.of_recording(call.call_id, still_to_do, self.clock()),
            },
            only_from=[recording.status],
        )

    def _completed(
        self, call: Call, recording: Recording, job: TranscriptionJob, transcript: Transcript
    ) -> None:
        key = transcript_key(call.call_id, recording.recording_sid, job.transcript_id)
        self.documents.put(key, job.document)
        facts = {"transcript_id": job.transcript_id, "transcript_key": key, **_facts(transcript)}
        if transcript.text.strip():
            self.end(call, recording, "completed", None, facts)
        else:
            self.end(call, recording, "silent", _SILENT, facts)

    def _failed(
        self, call: Call, recording: Recording, transcript_id: str, failure: Failure
    ) -> None:
        facts = {"transcript_id": transcript_id, "transcript_status": "error"}
        if failure.retryable and recording.attempts < recording.attempts_allowed:
            self._try_again(call, recording, transcript_id)
        elif failure.code == "no_speech":
            self.end(call, recording, "silent", failure, facts)
        else:
            self.end(call, recording, "error", failure, facts)

    def _try_again(self, call: Call, recording: Recording, transcript_id: str) -> None:
        now = self.clock()
        changes = {
            "status": "stored",
            "transcript_id": None,
            "transcript_status": None,
            "past_transcript_ids": [*recording.past_transcript_ids, transcript_id],
            "updated_at": format_timestamp(now),
            **self.deadlines.of_recording(call.call_id, "stored", now),
        }
        again = self.store.change_recording(
            call.call_id,
            recording.recording_sid,
            changes,
            only_from=[recording.status],
            expected={"claims": recording.claims},
        )
        if again:
            self.telemetry.count("TranscriptRetried")
            self.queue.put(status_update_of(recording), delay_seconds=5)

    def _still_waiting(self, call: Call, recording: Recording, job: TranscriptionJob) -> None:
        now = self.clock()
        if self._is_overdue(recording):
            self.end(call, recording, "error", _overdue(job.vendor))
            return
        attempts = recording.reconcile_attempts + 1
        self.store.change_recording(
            call.call_id,
            recording.recording_sid,
            {
                "transcript_status": job.status,
                "reconcile_attempts": attempts,
                **self.deadlines.of_recording(call.call_id, "submitted", now, attempts),
            },
            only_from=["submitted"],
        )

    def _is_overdue(self, recording: Recording) -> bool:
        submitted_at = parse_timestamp(recording.submitted_at or recording.updated_at)
        return self.clock() > submitted_at + self.deadlines["recording.give-up"]

    def _find(self, call_id: str, recording_sid: str) -> tuple[Call, Recording] | None:
        """Both by one request: they lie in one partition."""
        call, recordings = self.store.get_call_with_recordings(call_id) or (None, [])
        if call is None or call.status in ERASED_STATUSES:
            return None
        found = [r for r in recordings if r.recording_sid == recording_sid]
        return (call, found[0]) if found else None


_METRICS = {
    "completed": "TranscriptCompleted",
    "silent": "RecordingSilent",
    "absent": "RecordingAbsent",
    "error": "TranscriptFailed",
}


def status_update_of(recording: Recording) -> RecordingStatusUpdate:
    """A message that makes the worker take a known recording up again."""
    return RecordingStatusUpdate(
        recording_sid=recording.recording_sid,
        call_id=recording.call_id,
        status=VendorRecordingState.COMPLETED,
        channels=recording.channels,
    )


def _facts(transcript: Transcript) -> dict[str, Any]:
    encoded = transcript.text.encode()
    return {
        "transcript_status": "completed",
        "text": encoded[:MAX_TEXT_BYTES].decode(errors="ignore"),
        "text_truncated": True if len(encoded) > MAX_TEXT_BYTES else None,
        "confidence": transcript.confidence,
        "audio_duration_seconds": transcript.audio_duration_seconds,
        "language_code": transcript.language_code,
        "speech_model_used": transcript.speech_model_used,
        "warnings": list(transcript.warnings),
    }


def _lost(vendor: str) -> Failure:
    return Failure("transcript_lost", f"{vendor} has no such transcript any more", retryable=True)


def _overdue(vendor: str) -> Failure:
    return Failure("transcript_overdue", f"{vendor} did not finish in time", retryable=True)


def _unavailable(vendor: str) -> Failure:
    message = f"{vendor} only answered errors, however long it was asked"
    return Failure("transcript_unavailable", message, retryable=True)
