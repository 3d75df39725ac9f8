"""A call that waits too long: Twilio is asked what became of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta

from callscribe.domain.calls import (
    CALL_SID,
    CALL_TERMINAL,
    ERASED_STATUSES,
    Call,
    CallState,
    failed,
)
from callscribe.domain.deadlines import Deadlines, settled
from callscribe.domain.errors import CallscribeError, RetryLaterError, VendorNotFoundError
from callscribe.domain.failures import Failure
from callscribe.domain.times import Clock, format_timestamp, parse_timestamp
from callscribe.ports.messaging import RecordingsQueue
from callscribe.ports.storage import CallStore
from callscribe.ports.telemetry import Telemetry
from callscribe.ports.telephony import CallStatusUpdate, RecordingStatusUpdate, Telephony
from callscribe.ports.vendors import VendorShares
from callscribe.use_cases.erase_call import EraseCall
from callscribe.use_cases.finish_recording import FinishRecording
from callscribe.use_cases.ledger import Ledger
from callscribe.use_cases.place_call import PlaceCall
from callscribe.use_cases.track_call import TrackCall

# Twilio's clock and ours differ
_CLOCK_SLACK = timedelta(minutes=2)

_NEVER_ARRIVED = Failure(
    "never_reached_twilio",
    "Twilio has no such call: the request never arrived there",
    retryable=True,
)
_CALL_GONE = Failure("call_gone", "Twilio does not have this call any more", retryable=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class AdvanceCall:
    """For a call that is past its deadline, or an erasure that goes on."""

    store: CallStore
    ledger: Ledger
    telephony: Telephony
    queue: RecordingsQueue
    place: PlaceCall
    track: TrackCall
    finish: FinishRecording
    erase: EraseCall
    vendors: VendorShares
    telemetry: Telemetry
    clock: Clock
    deadlines: Deadlines

    def advance(self, call_id: str) -> Call:
        """Erases, places, searches or asks, as the call's status wants it.

        Returns:
            The call as it was found.

        Raises:
            CallscribeError: it could not be advanced now.
        """
        call = self.store.get_call(call_id)
        if call is None:
            raise RetryLaterError("the index is ahead of the table", seconds=1)
        if call.status in ERASED_STATUSES:
            self._erase(call)
        elif call.status == CallState.SCHEDULED:
            # a call that is claimed and then not asked for would have failed
            self.vendors.check(self.telephony)
            self.place.from_schedule(call_id)
        elif call.status in CALL_TERMINAL:
            self._check_recordings(call)
        elif call.call_sid is None:
            self._search(call)
        else:
            self._ask_status(call)
        return call

    def _erase(self, call: Call) -> None:
        try:
            self.erase.erase_once(call)
        except CallscribeError:
            self.telemetry.count("ErasureDeferred")
            raise

    def _search(self, call: Call) -> None:
        """No answer came when it was placed: is it at Twilio? It is never dialed again."""
        found = self._candidates(call)
        claimed_at = parse_timestamp(call.claimed_at or call.created_at)
        if found:
            self._found(call, min(found, key=lambda other: other.created_at or ""))
        elif self.clock() >= claimed_at + self.deadlines["call.never-arrived"]:
            self._never_arrived(call)
        else:
            self._look_later(call)

    def _candidates(self, call: Call) -> list[CallStatusUpdate]:
        """Calls at Twilio that may be this one: same numbers, not older, and of no other call here."""
        since = format_timestamp(parse_timestamp(call.claimed_at or call.created_at) - _CLOCK_SLACK)
        found = self.telephony.find_calls(
            to_number=call.to_number or "", from_number=call.from_number or "", since=since
        )
        return [other for other in found if self.store.find_call_id(other.call_sid) is None]

    def _found(self, call: Call, update: CallStatusUpdate) -> None:
        if not self.track.apply(call.call_id, update):
            self._look_later(call)
        self.telemetry.count("CallFound")

    def _never_arrived(self, call: Call) -> None:
        ended = failed(call, _NEVER_ARRIVED, self.clock())
        self.ledger.save(call, ended, unchanged=["call_sid"])
        self.telemetry.count("CallNeverArrived")

    def _ask_status(self, call: Call) -> None:
        try:
            news = self.telephony.get_call(call.call_sid or "")
        except VendorNotFoundError:
            self.telemetry.count("UnmappedItems")
            self.ledger.save(call, failed(call, _CALL_GONE, self.clock()))
            return
        if self.track.apply(call.call_id, news):
            self.telemetry.count("CallRepaired")
        else:
            self._look_later(call)

    def _check_recordings(self, call: Call) -> None:
        """After the end of a call every recording that Twilio has of it must be known here."""
        if not CALL_SID.fullmatch(call.call_sid or ""):
            self.ledger.save(call, settled(call))
            return
        updates = self.telephony.list_recordings(call.call_sid or "")
        finished = [update for update in updates if not update.status.is_unfinished]
        for update in finished:
            self._check_recording(call, update)
        self._ask_what_is_missing(call)
        if len(finished) < len(updates):
            self._look_later(call)
        else:
            self.ledger.save(call, settled(call))

    def _check_recording(self, call: Call, update: RecordingStatusUpdate) -> None:
        recording = self.store.get_recording(call.call_id, update.recording_sid)
        if recording is not None:
            self.finish.keep(recording, update)
            return
        self.telemetry.count("RecordingFound")
        self.queue.put(replace(update, call_id=call.call_id, base_url=call.base_url))

    def _ask_what_is_missing(self, call: Call) -> None:
        """Where callbacks were lost: Twilio still knows when the call was answered, and how long."""
        known = (call.answered_at, call.ended_at, call.duration_seconds)
        if call.status != CallState.COMPLETED or None not in known:
            return
        try:
            found = self.telephony.get_call(call.call_sid or "")
        except VendorNotFoundError:
            return
        self.track.keep(call, found)

    def _look_later(self, call: Call) -> None:
        if self.ledger.save(call, self.deadlines.looked_at(call, self.clock())) is None:
            raise RetryLaterError("the call moved meanwhile", seconds=1)
