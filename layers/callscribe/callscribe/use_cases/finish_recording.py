"""The ends of a recording: its transcript, its silence, or the reason why there is none."""

from __future__ import annotations

from dataclasses import dataclass, replace

from callscribe.domain.calls import ERASED_STATUSES, Call
from callscribe.domain.deadlines import Deadlines, settled
from callscribe.domain.differences import known
from callscribe.domain.errors import (
    RetryLaterError,
    VendorError,
    VendorNotAskedError,
    VendorNotFoundError,
)
from callscribe.domain.failures import Failure
from callscribe.domain.recordings import (
    DONE,
    RECORDING_TERMINAL,
    Recording,
    RecordingState,
    ended,
    given_up,
    is_answered_by,
    transcript_key,
)
from callscribe.domain.times import Clock, parse_timestamp
from callscribe.domain.transcription_jobs import JobStatus, TranscriptionJob
from callscribe.domain.transcripts import Transcript
from callscribe.ports.messaging import EventPublisher, RecordingsQueue
from callscribe.ports.storage import CallStore, Documents
from callscribe.ports.telemetry import Telemetry
from callscribe.ports.telephony import RecordingStatusUpdate, VendorRecordingState
from callscribe.ports.transcription import Transcriber
from callscribe.use_cases.ledger import Ledger

# an item holds 400 KB; the whole text is in the bucket all the same
MAX_TEXT_BYTES = 250_000

_ABSENT = Failure("recording_absent", "Twilio has no recording", retryable=False)
_SILENT = Failure("no_speech", "no speech in this recording", retryable=False)
_AUDIO_DELETED = Failure(
    "recording_deleted", "the recording was deleted at Twilio before it was copied", retryable=False
)


@dataclass(frozen=True, slots=True, kw_only=True)
class FinishRecording:
    """Shared by the worker, the webhook and reconciliation."""

    store: CallStore
    ledger: Ledger
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
                self._try_again(recording, transcript_id)
            else:
                self._fail(call, recording, _lost(error.vendor))
            return
        except VendorNotAskedError:
            # nothing was asked, so nothing follows from it
            raise
        except VendorError as error:
            if not self._is_overdue(recording):
                raise
            self._fail(call, recording, _unavailable(error.vendor))
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
            self._fail(call, recording, job.failure)
        else:
            self._failed(call, recording, job.transcript_id, job.failure)

    def end(self, call: Call, recording: Recording, after: Recording) -> None:
        """One conditional write to a final status, then its event. Raises RetryLaterError."""
        saved = self._write(recording, after)
        self.telemetry.count(_METRICS[saved.status])
        self.telemetry.info(
            "recording ended",
            call_id=call.call_id,
            recording_sid=saved.recording_sid,
            status=saved.status,
            error_code=saved.error_code,
        )
        self.publish_event(call, saved)

    def _fail(self, call: Call, recording: Recording, failure: Failure) -> None:
        self.end(call, recording, ended(recording, RecordingState.ERROR, failure))

    def keep(self, recording: Recording, update: RecordingStatusUpdate) -> None:
        """Fills in what the recording lacks and Twilio knows; what it has stays."""
        told = replace(
            recording,
            duration_seconds=known(recording.duration_seconds, update.duration_seconds),
            started_at=known(recording.started_at, update.started_at),
            channels=known(recording.channels, update.channels),
            source=known(recording.source, update.source),
        )
        if told != recording:
            self.ledger.fill_in(recording, told)

    def without_audio(
        self, call: Call, recording: Recording, notice: RecordingStatusUpdate
    ) -> None:
        """Ends a recording of which Twilio says that there will be no audio."""
        if notice.status == VendorRecordingState.DELETED:
            self._fail(call, recording, _AUDIO_DELETED)
        else:
            absent = ended(recording, RecordingState.ABSENT, notice.failure or _ABSENT)
            self.end(call, recording, absent)

    def publish_event(self, call: Call, recording: Recording) -> None:
        """Sends the event that is still owed; a crash in between sends it twice, never none."""
        if not recording.event_pending:
            return
        self.event_publisher.publish(call, recording)
        sent = replace(recording, event_pending=None)
        if self.delete_vendor_copies and recording.status in DONE:
            self.ledger.save(recording, self.deadlines.copies_due(sent, self.clock()))
        else:
            self.ledger.save(recording, settled(sent))

    def _completed(
        self, call: Call, recording: Recording, job: TranscriptionJob, transcript: Transcript
    ) -> None:
        key = transcript_key(call.call_id, recording.recording_sid, job.transcript_id)
        self.documents.put(key, job.document)
        heard = replace(
            _with_transcript(recording, transcript),
            transcript_id=job.transcript_id,
            transcript_key=key,
        )
        if transcript.text.strip():
            self.end(call, recording, ended(heard, RecordingState.COMPLETED, None))
        else:
            self.end(call, recording, ended(heard, RecordingState.SILENT, _SILENT))

    def _failed(
        self, call: Call, recording: Recording, transcript_id: str, failure: Failure
    ) -> None:
        if failure.retryable and recording.attempts < recording.attempts_allowed:
            self._try_again(recording, transcript_id)
            return
        is_silent = failure.code == _SILENT.code
        status = RecordingState.SILENT if is_silent else RecordingState.ERROR
        told = replace(recording, transcript_id=transcript_id, transcript_status=JobStatus.ERROR)
        self.end(call, recording, ended(told, status, failure))

    def _try_again(self, recording: Recording, transcript_id: str) -> None:
        again = self.deadlines.renewed(given_up(recording, transcript_id), self.clock())
        self._write(recording, again)
        self.telemetry.count("TranscriptRetried")
        self.queue.put(status_update_of(recording), delay_seconds=5)

    def _write(self, recording: Recording, after: Recording) -> Recording:
        """Raises RetryLaterError where another write was faster: it need not have been an end, and a
        webhook that is acknowledged does not come again."""
        saved = self.ledger.save(recording, after)
        if saved is None:
            raise RetryLaterError("the recording changed at the same moment", seconds=1)
        return saved

    def _still_waiting(self, call: Call, recording: Recording, job: TranscriptionJob) -> None:
        if self._is_overdue(recording):
            self._fail(call, recording, _overdue(job.vendor))
        elif recording.status == RecordingState.SUBMITTED:
            told = replace(recording, transcript_status=job.status)
            self.ledger.save(recording, self.deadlines.looked_at(told, self.clock()))

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
    RecordingState.COMPLETED: "TranscriptCompleted",
    RecordingState.SILENT: "RecordingSilent",
    RecordingState.ABSENT: "RecordingAbsent",
    RecordingState.ERROR: "TranscriptFailed",
}


def status_update_of(recording: Recording) -> RecordingStatusUpdate:
    """A message that makes the worker take a known recording up again."""
    return RecordingStatusUpdate(
        recording_sid=recording.recording_sid,
        call_id=recording.call_id,
        status=VendorRecordingState.COMPLETED,
        channels=recording.channels,
    )


def _with_transcript(recording: Recording, transcript: Transcript) -> Recording:
    encoded = transcript.text.encode()
    return replace(
        recording,
        transcript_status=JobStatus.COMPLETED,
        text=encoded[:MAX_TEXT_BYTES].decode(errors="ignore"),
        text_truncated=True if len(encoded) > MAX_TEXT_BYTES else None,
        confidence=transcript.confidence,
        audio_duration_seconds=transcript.audio_duration_seconds,
        language_code=transcript.language_code,
        speech_model_used=transcript.speech_model_used,
        warnings=list(transcript.warnings),
    )


def _lost(vendor: str) -> Failure:
    return Failure("transcript_lost", f"{vendor} has no such transcript any more", retryable=True)


def _overdue(vendor: str) -> Failure:
    return Failure("transcript_overdue", f"{vendor} did not finish in time", retryable=True)


def _unavailable(vendor: str) -> Failure:
    message = f"{vendor} only answered errors, however long it was asked"
    return Failure("transcript_unavailable", message, retryable=True)
