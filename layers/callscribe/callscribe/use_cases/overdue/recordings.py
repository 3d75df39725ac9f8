"""A recording that waits too long: its vendor is asked, its event sent, or its message queued again."""

from __future__ import annotations

from dataclasses import dataclass, replace

from callscribe.domain.calls import ERASED_STATUSES, Call
from callscribe.domain.deadlines import Deadlines, settled
from callscribe.domain.errors import RetryLaterError, VendorNotFoundError
from callscribe.domain.failures import Failure
from callscribe.domain.recordings import RECORDING_TERMINAL, Recording, RecordingState, ended
from callscribe.domain.times import Clock, parse_timestamp
from callscribe.ports.messaging import RecordingsQueue
from callscribe.ports.storage import CallStore
from callscribe.ports.telemetry import Telemetry
from callscribe.ports.telephony import Telephony, VendorRecordingState
from callscribe.use_cases.erase_call import EraseCall
from callscribe.use_cases.finish_recording import FinishRecording, status_update_of
from callscribe.use_cases.ledger import Ledger

_MAX_REQUEUES = 12
_GAVE_UP = Failure(
    "audio_unavailable",
    "the audio could not be read from Twilio and handed over, however often it was tried",
    retryable=True,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class AdvanceRecording:
    """For a recording that is past its deadline, or that still owes an event or a deletion."""

    store: CallStore
    ledger: Ledger
    telephony: Telephony
    queue: RecordingsQueue
    finish: FinishRecording
    erase: EraseCall
    telemetry: Telemetry
    clock: Clock
    deadlines: Deadlines

    def advance(self, call_id: str, recording_sid: str) -> Call | Recording:
        """Publishes, deletes copies, asks or queues again, as the recording's status wants it.

        Returns:
            The recording as it was found; its call where that was erased.

        Raises:
            CallscribeError: it could not be advanced now.
        """
        call = self.store.get_call(call_id)
        recording = self.store.get_recording(call_id, recording_sid)
        if call is not None and call.status in ERASED_STATUSES:
            self._leave_to_erasure(recording)
            return call
        if call is None or recording is None:
            raise RetryLaterError("the index is ahead of the table", seconds=1)
        if recording.status in RECORDING_TERMINAL:
            self._after_the_end(call, recording)
        elif recording.status == RecordingState.SUBMITTED:
            self.finish.ask_again(call, recording)
        elif self._is_hopeless(recording):
            self.finish.end(call, recording, ended(recording, RecordingState.ERROR, _GAVE_UP))
        elif recording.status != RecordingState.RECEIVED or self._is_still_there(call, recording):
            self._requeue(recording)
        return recording

    def _leave_to_erasure(self, recording: Recording | None) -> None:
        """The call's own deadline removes it: until then it need not come first in every run."""
        if recording is not None:
            self.ledger.save(recording, settled(recording))

    def _after_the_end(self, call: Call, recording: Recording) -> None:
        if recording.event_pending:
            self.finish.publish_event(call, recording)
        # the entry may be older than what took its place: an event that was sent meanwhile
        elif recording.due_at is not None:
            self.erase.copies(call, recording)

    def _is_still_there(self, call: Call, recording: Recording) -> bool:
        """Asks Twilio for a recording whose audio is not copied yet; ends it where it is gone."""
        try:
            update = self.telephony.get_recording(recording.recording_sid)
        except VendorNotFoundError:
            self.telemetry.count("UnmappedItems")
            update = replace(status_update_of(recording), status=VendorRecordingState.DELETED)
        if update.status == VendorRecordingState.COMPLETED or update.status.is_unfinished:
            self.finish.keep(recording, update)
            return True
        self.finish.without_audio(call, recording, update)
        return False

    def _is_hopeless(self, recording: Recording) -> bool:
        """Tried often, and for longer than a vendor's outage usually lasts."""
        waits_until = parse_timestamp(recording.created_at) + self.deadlines["recording.give-up"]
        return recording.reconcile_attempts >= _MAX_REQUEUES and self.clock() > waits_until

    def _requeue(self, recording: Recording) -> None:
        self.queue.put(status_update_of(recording))
        self.telemetry.count("RecordingRequeued")
        self.ledger.save(recording, self.deadlines.looked_at(recording, self.clock()))
