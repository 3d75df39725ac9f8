"""Twilio's list of recordings, for the standing sweep and for imports: is there an item of each?"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta

from callscribe.domain.adoption import AdoptionRules
from callscribe.domain.errors import VendorNotFoundError
from callscribe.domain.sweeps import HandledEntry, Outcome, Sweep, SweepKind
from callscribe.domain.times import Clock, parse_timestamp
from callscribe.ports.messaging import RecordingsQueue
from callscribe.ports.storage import CallStore
from callscribe.ports.telemetry import Telemetry
from callscribe.ports.telephony import RecordingStatusUpdate, Telephony, VendorRecordingState
from callscribe.ports.vendors import Page
from callscribe.use_cases.finish_recording import FinishRecording
from callscribe.use_cases.sweeps.scan import is_erased

# a callback may take its time, and a call of ours whose answer was lost is found by then
_UNMAPPED_AFTER = timedelta(minutes=15)
# an import's pace: one every half second is 7,200 an hour, far below AssemblyAI's 20,000 requests in
# five minutes, and gentle on Twilio's unpublished limit of concurrent requests
_SECONDS_BETWEEN = 0.5
_MAX_REMEMBERED = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanRecordings:
    """Implements ``Scan``."""

    store: CallStore
    telephony: Telephony
    queue: RecordingsQueue
    finish: FinishRecording
    telemetry: Telemetry
    clock: Clock
    adoption: AdoptionRules
    # where the vendors are to call back for a recording that no callback told of
    base_url: str
    # numbers of unknown calls at Twilio, by SID: a window meets each several times
    _numbers: dict[str, tuple[str | None, ...]] = field(default_factory=dict)

    def page(self, sweep: Sweep) -> Page[RecordingStatusUpdate]:
        """Recordings made in the sweep's window; or the one call's, or the one, that an import wants."""
        if sweep.wanted_recording_sid is not None:
            return Page([self.telephony.get_recording(sweep.wanted_recording_sid)], None)
        if sweep.wanted_call_sid is not None:
            return Page(self.telephony.list_recordings(sweep.wanted_call_sid), None)
        return self.telephony.page_recordings(sweep.since, sweep.until, sweep.cursor)

    def handle(self, entry: RecordingStatusUpdate, sweep: Sweep, found: int) -> HandledEntry:
        """Queues a recording that has no item; an import's ones half a second apart."""
        is_import = sweep.kind is SweepKind.IMPORT
        call_id = self.store.find_call_id(entry.call_sid or "")
        outcome = self._judge(entry, call_id, is_import=is_import)
        if outcome is Outcome.FOUND:
            imported = is_import and call_id is None
            delay = int(found * _SECONDS_BETWEEN) if is_import else 0
            self._queue(replace(entry, call_id=call_id, imported=imported or None), delay)
        is_unmapped = outcome is Outcome.FOUND and self._is_old(entry)
        return HandledEntry(outcome, entry.created_at, is_unmapped)

    def delete(self, entry: RecordingStatusUpdate) -> None:
        """The recording is of a call that was erased."""
        self.telephony.delete_recording(entry.recording_sid)

    def _judge(
        self, entry: RecordingStatusUpdate, call_id: str | None, *, is_import: bool
    ) -> Outcome:
        recording = self.store.get_recording(call_id, entry.recording_sid) if call_id else None
        if recording is not None:
            self.finish.keep(recording, entry)
            return Outcome.KNOWN
        if entry.status is VendorRecordingState.DELETED:
            return Outcome.SKIPPED
        if call_id is None and not is_import:
            return self._judge_unknown(entry)
        if call_id is not None and is_erased(self.store, call_id):
            return Outcome.UNWANTED
        return Outcome.UNFINISHED if entry.status.is_unfinished else Outcome.FOUND

    def _judge_unknown(self, entry: RecordingStatusUpdate) -> Outcome:
        """Of a call that is not known here: whether it is this stack's is the operator's choice."""
        if self.adoption.which == "own":
            return Outcome.SKIPPED
        if entry.status.is_unfinished or not self._is_old(entry):
            return Outcome.UNFINISHED
        is_ours = self.adoption.adopts(self._numbers_of(entry.call_sid or ""))
        return Outcome.FOUND if is_ours else Outcome.SKIPPED

    def _queue(self, update: RecordingStatusUpdate, delay_seconds: int) -> None:
        self.queue.put(replace(update, base_url=self.base_url), delay_seconds=delay_seconds)
        self.telemetry.count("RecordingFound")

    def _numbers_of(self, call_sid: str) -> tuple[str | None, ...]:
        """To and from, where they matter: a recording at Twilio does not say them."""
        if self.adoption.which != "numbers":
            return ()
        if call_sid not in self._numbers:
            if len(self._numbers) >= _MAX_REMEMBERED:
                self._numbers.clear()
            self._numbers[call_sid] = self._ask_numbers(call_sid)
        return self._numbers[call_sid]

    def _ask_numbers(self, call_sid: str) -> tuple[str | None, ...]:
        try:
            call = self.telephony.get_call(call_sid)
        except VendorNotFoundError:
            return ()
        return (call.to_number, call.from_number)

    def _is_old(self, entry: RecordingStatusUpdate) -> bool:
        made = entry.created_at or entry.started_at
        return made is None or parse_timestamp(made) < self.clock() - _UNMAPPED_AFTER
