"""Twilio's list of ended calls: does ours say that they ended?"""

from __future__ import annotations

from dataclasses import dataclass

from callscribe.domain.calls import CALL_TERMINAL, ERASED_STATUSES
from callscribe.domain.sweeps import HandledEntry, Outcome, Sweep
from callscribe.ports.storage import CallStore
from callscribe.ports.telemetry import Telemetry
from callscribe.ports.telephony import CallStatusUpdate, Telephony
from callscribe.ports.vendors import Page
from callscribe.use_cases.track_call import TrackCall


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanCalls:
    """Implements ``Scan``."""

    store: CallStore
    telephony: Telephony
    track: TrackCall
    telemetry: Telemetry

    def page(self, sweep: Sweep) -> Page[CallStatusUpdate]:
        """Calls that ended in the sweep's window."""
        return self.telephony.page_ended_calls(sweep.since, sweep.until, sweep.cursor)

    def handle(self, entry: CallStatusUpdate, _: Sweep, __: int) -> HandledEntry:
        """Ends a call of ours whose last callback was lost; fills in what another lacks."""
        return HandledEntry(self._outcome(entry))

    def delete(self, entry: CallStatusUpdate) -> None:
        """No call is unwanted: the one that is erased knows its SID, and is deleted with it."""

    def _outcome(self, update: CallStatusUpdate) -> Outcome:
        call_id = self.store.find_call_id(update.call_sid)
        call = self.store.get_call(call_id) if call_id else None
        if call is None:
            return Outcome.SKIPPED
        if call.status in CALL_TERMINAL | ERASED_STATUSES or update.status not in CALL_TERMINAL:
            self.track.keep(call, update)
            return Outcome.KNOWN
        if self.track.apply(call.call_id, update):
            self.telemetry.count("CallRepaired")
        return Outcome.FOUND
