"""From Twilio's word of a recording to a transcription job, one conditional step at a time.

Runs for every message of the recordings queue, any number of times, after a crash at any step.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from callscribe.domain.callback_urls import CallbackUrls
from callscribe.domain.calls import ERASED_STATUSES, Call
from callscribe.domain.deadlines import Deadlines
from callscribe.domain.errors import (
    RetryLaterError,
    VendorError,
    VendorOutcomeUnknownError,
    VendorRateLimitedError,
    VendorRefusedError,
)
from callscribe.domain.failures import Failure
from callscribe.domain.peaks import Peaks
from callscribe.domain.recordings import (
    Recording,
    RecordingState,
    audio_key,
    claimed,
    ended,
    peaks_key,
    submitted,
    unclaimed,
)
from callscribe.domain.times import Clock, format_timestamp
from callscribe.domain.transcription_jobs import (
    AudioReference,
    TranscriptionJob,
    TranscriptionRequest,
)
from callscribe.ports.storage import CallStore, Documents
from callscribe.ports.telemetry import Telemetry
from callscribe.ports.telephony import (
    AudioSource,
    RecordingStatusUpdate,
    Telephony,
    VendorRecordingState,
)
from callscribe.ports.transcription import Transcriber
from callscribe.use_cases.find_submissions import claimed_at, find_submissions
from callscribe.use_cases.finish_recording import FinishRecording
from callscribe.use_cases.ledger import Ledger
from callscribe.use_cases.track_call import TrackCall, adopt_by_sid


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessRecording:
    """What the worker does for each message of the recordings queue."""

    store: CallStore
    ledger: Ledger
    telephony: Telephony
    audio: AudioSource
    documents: Documents
    transcriber: Transcriber
    track: TrackCall
    finish: FinishRecording
    telemetry: Telemetry
    clock: Clock
    deadlines: Deadlines
    webhook_secret: Callable[[], str]

    def process(self, notice: RecordingStatusUpdate) -> None:
        """Moves the recording as far as it can go now.

        Raises:
            RetryLaterError: not now; nothing is lost.
        """
        if notice.status.is_unfinished:
            raise RetryLaterError("the recording is not finished", seconds=60)
        call = self._call(notice)
        if call is None or call.status in ERASED_STATUSES:
            return
        recording = self._recording(call, notice)
        if (
            notice.status != VendorRecordingState.COMPLETED
            and recording.status == RecordingState.RECEIVED
        ):
            self.finish.without_audio(call, recording, notice)
            return
        if recording.status == RecordingState.RECEIVED:
            recording = self._stored(call, recording)
        if recording.status == RecordingState.SUBMITTING:
            recording = self._look_up(recording)
        if recording.status == RecordingState.STORED:
            self._submit(call, recording)

    def _call(self, notice: RecordingStatusUpdate) -> Call | None:
        """The recording's call; None for one that was erased."""
        if notice.call_id is None and notice.call_sid is not None:
            try:
                return adopt_by_sid(
                    self.track,
                    self.telephony,
                    notice.call_sid,
                    base_url=notice.base_url,
                    imported=notice.imported,
                )
            except VendorError as error:
                raise RetryLaterError("Twilio does not tell of the call", seconds=60) from error
        call = self.store.get_call(notice.call_id or "")
        if call is None:
            self.telemetry.count("CallbackForUnknownCall")
            self.telemetry.warn("recording of an unknown call", recording_sid=notice.recording_sid)
        return call

    def _recording(self, call: Call, notice: RecordingStatusUpdate) -> Recording:
        now = self.clock()
        recording = Recording(
            call_id=call.call_id,
            recording_sid=notice.recording_sid,
            status=RecordingState.RECEIVED,
            created_at=format_timestamp(now),
            updated_at=format_timestamp(now),
            started_at=notice.started_at,
            duration_seconds=notice.duration_seconds,
            channels=notice.channels,
            source=notice.source,
            expires_at=call.expires_at,
        )
        added = self.ledger.add(recording)
        if added is not None:
            self.telemetry.count("RecordingReceived")
            return added
        return self.store.get_recording(call.call_id, notice.recording_sid) or recording

    def _stored(self, call: Call, recording: Recording) -> Recording:
        key = audio_key(call.call_id, recording.recording_sid)
        try:
            audio = self.audio.copy(recording.recording_sid, channels=recording.channels, key=key)
        except VendorRefusedError as error:
            failure = Failure("audio_refused", f"{error}: check the stack's Twilio API key", True)
            self.finish.end(call, recording, ended(recording, RecordingState.ERROR, failure))
            return self._again(recording)
        stored = replace(
            recording,
            status=RecordingState.STORED,
            audio_key=key,
            peaks_key=self._store_peaks(recording, audio.peaks),
            channels=audio.channels,
        )
        saved = self.ledger.save(recording, stored)
        if saved is None:
            return self._again(recording)
        self.telemetry.count("RecordingStored")
        return saved

    def _store_peaks(self, recording: Recording, peaks: Peaks | None) -> str | None:
        if peaks is None:
            return None
        key = peaks_key(recording.call_id, recording.recording_sid)
        self.documents.put(key, peaks.to_document())
        return key

    def _submit(self, call: Call, recording: Recording) -> None:
        audio = self._prepare_audio(recording)
        # of two workers only one asks
        claim = self.ledger.save(recording, claimed(recording, audio, self.clock()))
        if claim is None:
            return
        callbacks = CallbackUrls(call.base_url or "")
        request = TranscriptionRequest(
            audio=audio,
            channels=recording.channels or 1,
            callback_url=callbacks.transcript_complete(call.call_id, recording.recording_sid),
            callback_secret=self.webhook_secret(),
            options=call.transcription,
        )
        try:
            job = self.transcriber.submit(request)
        except VendorRateLimitedError as error:
            self.ledger.save(claim, unclaimed(claim))
            raise RetryLaterError(
                f"{error.vendor} is busy", seconds=error.retry_after_seconds
            ) from error
        except VendorRefusedError as error:
            self.finish.end(call, claim, ended(claim, RecordingState.ERROR, _refusal(error)))
            return
        except VendorOutcomeUnknownError as error:
            seconds = int(self.deadlines["recording.look-up"].total_seconds()) + 10
            raise RetryLaterError(f"{error.vendor} may have it or not", seconds=seconds) from error
        self._submitted(claim, job)

    def _prepare_audio(self, recording: Recording) -> AudioReference:
        try:
            return self.transcriber.prepare_audio(recording.audio_key or "")
        except VendorError as error:
            raise RetryLaterError("the audio cannot be handed over now", seconds=30) from error

    def _submitted(self, recording: Recording, job: TranscriptionJob) -> None:
        if self.ledger.save(recording, submitted(recording, job)):
            self.telemetry.count("TranscriptSubmitted")

    def _look_up(self, recording: Recording) -> Recording:
        """A claim without an answer: the vendor is asked what became of it, not told again."""
        if self.clock() < claimed_at(recording) + self.deadlines["recording.look-up"]:
            raise RetryLaterError("another worker may be submitting", seconds=60)
        try:
            matching = find_submissions(self.transcriber, recording)
        except VendorError as error:
            raise RetryLaterError(f"{error.vendor} does not list", seconds=60) from error
        if matching:
            self._submitted(recording, matching[-1])
            self.telemetry.count("SubmissionFound")
        else:
            self.ledger.save(recording, unclaimed(recording))
        return self._again(recording)

    def _again(self, recording: Recording) -> Recording:
        found = self.store.get_recording(recording.call_id, recording.recording_sid)
        return found or recording


def _refusal(error: VendorRefusedError) -> Failure:
    return error.failure or Failure("vendor_error", f"{error.vendor}: {error}", retryable=False)
