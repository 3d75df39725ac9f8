"""The transcription vendor's list of jobs: is each ours, and is it the one that is waited for?"""

from __future__ import annotations

from dataclasses import dataclass

from callscribe.domain.adoption import belongs_here
from callscribe.domain.callback_urls import CallbackUrls
from callscribe.domain.errors import VendorError, VendorNotAskedError, VendorNotFoundError
from callscribe.domain.recordings import RECORDING_TERMINAL, Recording, ids_of_audio
from callscribe.domain.sweeps import HandledEntry, Outcome, Sweep
from callscribe.domain.transcription_jobs import TranscriptionJob
from callscribe.ports.storage import CallStore
from callscribe.ports.telemetry import Telemetry
from callscribe.ports.transcription import Transcriber
from callscribe.ports.vendors import Page
from callscribe.use_cases.finish_recording import FinishRecording
from callscribe.use_cases.sweeps.scan import is_erased


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanTranscripts:
    """Implements ``Scan``."""

    store: CallStore
    transcriber: Transcriber
    finish: FinishRecording
    telemetry: Telemetry
    # whose transcripts are this stack's
    bucket_name: str
    # every URL at which this stack can be called back
    base_urls: tuple[str, ...]

    def page(self, sweep: Sweep) -> Page[TranscriptionJob]:
        """Jobs created since the window began, newest first."""
        return self.transcriber.page_since(sweep.since, sweep.cursor)

    def handle(self, entry: TranscriptionJob, _: Sweep, __: int) -> HandledEntry:
        """One job that the vendor cannot give or delete does not keep the others waiting."""
        try:
            outcome = self._outcome(entry)
        except VendorNotAskedError:
            raise
        except VendorError as error:
            self.telemetry.warn("transcript left for later", reason=str(error))
            outcome = Outcome.UNFINISHED
        return HandledEntry(outcome, entry.created_at)

    def delete(self, entry: TranscriptionJob) -> None:
        """The job is of a call that was erased."""
        self.transcriber.delete(entry.transcript_id)

    def _outcome(self, job: TranscriptionJob) -> Outcome:
        ids = ids_of_audio(job.audio_location)
        if ids is None or not belongs_here(job, self.bucket_name):
            return Outcome.SKIPPED
        recording = self.store.get_recording(*ids)
        if recording is None:
            is_leftover = is_erased(self.store, ids[0]) and self._names_us(job.transcript_id, *ids)
            return Outcome.UNWANTED if is_leftover else Outcome.SKIPPED
        if job.transcript_id in recording.past_transcript_ids:
            return Outcome.SKIPPED
        if not job.has_ended:
            return Outcome.UNFINISHED
        return self._of_recording(recording, job.transcript_id)

    def _of_recording(self, recording: Recording, transcript_id: str) -> Outcome:
        ids = (recording.call_id, recording.recording_sid)
        if recording.transcript_id not in (None, transcript_id):
            if not self._names_us(transcript_id, *ids):
                return Outcome.SKIPPED
            self._delete_duplicate(transcript_id, *ids)
            return Outcome.FOUND
        if recording.status in RECORDING_TERMINAL:
            return Outcome.KNOWN
        self.finish.from_webhook(*ids, transcript_id)
        self.telemetry.count("TranscriptFound")
        return Outcome.FOUND

    def _names_us(self, transcript_id: str, call_id: str, recording_sid: str) -> bool:
        """Asked before anything is deleted: whose bucket and whose webhook does it name?"""
        call = self.store.get_call(call_id)
        bases = {*self.base_urls, (call.base_url if call else None) or ""}
        webhooks = {CallbackUrls(b).transcript_complete(call_id, recording_sid) for b in bases}
        try:
            job = self.transcriber.get(transcript_id)
        except VendorNotFoundError:
            return False
        return belongs_here(job, self.bucket_name, webhooks)

    def _delete_duplicate(self, transcript_id: str, call_id: str, recording_sid: str) -> None:
        """Another one of this recording was adopted: what is never read is not left lying there."""
        try:
            self.transcriber.delete(transcript_id)
        except VendorNotFoundError:
            return
        self.telemetry.count("DuplicateTranscriptDeleted")
        self.telemetry.warn(
            "duplicate transcript deleted", call_id=call_id, recording_sid=recording_sid
        )
