"""Erases a call everywhere, in the bucket, at both vendors, in the table; or copies alone.

Every step can be done again after a crash. A worker that began before the call was marked may still
bring something in, so a call counts as erased only once a later look finds nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from callscribe.domain.calls import CALL_SID, Call, CallState, erased
from callscribe.domain.deadlines import Deadlines, settled
from callscribe.domain.errors import CallscribeError, VendorNotFoundError
from callscribe.domain.recordings import Recording, RecordingState
from callscribe.domain.times import Clock, parse_timestamp
from callscribe.ports.storage import CallStore, ShareStore, StoredObjects
from callscribe.ports.telemetry import Telemetry
from callscribe.ports.telephony import Telephony
from callscribe.ports.transcription import Transcriber
from callscribe.use_cases.find_submissions import claimed_at, find_submissions
from callscribe.use_cases.ledger import Ledger


@dataclass(frozen=True, slots=True, kw_only=True)
class EraseCall:
    """Removes a call from the vendors, the bucket and the table; a tombstone stays."""

    store: CallStore
    shares: ShareStore
    ledger: Ledger
    telephony: Telephony
    transcriber: Transcriber
    objects: StoredObjects
    telemetry: Telemetry
    clock: Clock
    deadlines: Deadlines

    def erase_once(self, call: Call) -> None:
        """Removes what there is of a call in ``erasing``; says ``erased`` where nothing was left.

        Raises:
            VendorError, RetryLaterError: not everything could be removed now; look again.
        """
        found, trouble = 0, None
        # one vendor's outage does not keep the rest
        for step in (self._stored, self._at_telephony, self._shared, self._items):
            try:
                found += step(call)
            except CallscribeError as error:
                trouble = error
        if trouble is not None:
            raise trouble
        now = self.clock()
        begun = parse_timestamp((call.erasure or {}).get("asked_at") or call.updated_at)
        if found or now < begun + self.deadlines["call.erasing"]:
            self.ledger.save(call, self.deadlines.renewed(call, now))
        elif self.ledger.save(call, erased(call, now), only_from=[CallState.ERASING]):
            self.telemetry.count("CallErased")
            self.telemetry.info("call erased", call_id=call.call_id)

    def copies(self, call: Call, recording: Recording) -> None:
        """Deletes at the vendors what is stored here, but no recording that may be another
        application's. Raises VendorError."""
        if not call.imported:
            _gone(self.telephony.delete_recording, recording.recording_sid)
        self._transcripts(recording)
        self.telemetry.count("VendorCopiesDeleted")
        self.ledger.save(recording, settled(recording))

    def _transcripts(self, recording: Recording) -> None:
        for transcript_id in (recording.transcript_id, *recording.past_transcript_ids):
            if transcript_id is not None:
                _gone(self.transcriber.delete, transcript_id)

    def _stored(self, call: Call) -> int:
        return self.objects.erase(call.call_id)

    def _shared(self, call: Call) -> int:
        return self.shares.remove_shares(call.call_id)

    def _items(self, call: Call) -> int:
        """The recordings' items go last: they say which transcripts there are."""
        _, recordings = self.store.get_call_with_recordings(call.call_id) or (call, [])
        for recording in recordings:
            self._transcripts(recording)
            if self._is_submission_settled(recording):
                self.ledger.remove(recording)
        return len(recordings)

    def _is_submission_settled(self, recording: Recording) -> bool:
        """False where a submission may be under way whose answer was lost: its item stays for now.

        One that was cut off is looked up, as anywhere else, and what it left is deleted.
        """
        if recording.status != RecordingState.SUBMITTING:
            return True
        if self.clock() < claimed_at(recording) + self.deadlines["recording.look-up"]:
            return False
        for job in find_submissions(self.transcriber, recording):
            _gone(self.transcriber.delete, job.transcript_id)
        return True

    def _at_telephony(self, call: Call) -> int:
        call_sid = call.call_sid or ""
        if not CALL_SID.fullmatch(call_sid):
            return 0
        notices = self.telephony.list_recordings(call_sid)
        for notice in notices:
            _gone(self.telephony.delete_recording, notice.recording_sid)
        return len(notices) + _gone(self.telephony.delete_call, call_sid)


def _gone(delete: Callable[[str], None], name: str) -> bool:
    """Whether there was something to delete."""
    try:
        delete(name)
    except VendorNotFoundError:
        return False
    return True
