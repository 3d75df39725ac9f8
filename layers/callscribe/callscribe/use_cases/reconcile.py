"""The second entrance: whatever waits too long is asked for at the vendor and moved on."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from callscribe.domain.calls import CALL_SID, CALL_TERMINAL, ERASED_STATUSES, Call
from callscribe.domain.deadlines import NOT_WAITING, Deadlines, deferred
from callscribe.domain.errors import (
    CallscribeError,
    RetryLaterError,
    VendorNotAskedError,
    VendorNotFoundError,
)
from callscribe.domain.failures import Failure
from callscribe.domain.recordings import RECORDING_TERMINAL, Recording, is_unfinished
from callscribe.domain.times import Clock, format_timestamp, parse_timestamp
from callscribe.ports.messaging import RecordingsQueue
from callscribe.ports.storage import CallStore, OverdueItem, SweepStore
from callscribe.ports.telemetry import Telemetry
from callscribe.ports.telephony import Telephony, VendorCall
from callscribe.ports.vendors import VendorShares
from callscribe.use_cases.erase_call import EraseCall
from callscribe.use_cases.finish_recording import FinishRecording, status_update_of
from callscribe.use_cases.place_call import PlaceCall, failed
from callscribe.use_cases.redrive import Redrive
from callscribe.use_cases.sweep_vendors import SweepVendors
from callscribe.use_cases.track_call import TrackCall, status_update_from_twilio

# longer than the function may run: a run that died gives the lease back by itself
_LEASE = timedelta(minutes=6)
# Twilio's clock and ours differ
_CLOCK_SLACK = timedelta(minutes=2)
MAX_REQUEUES = 12
# of what is left of the time: whichever vendor is slow, half is left to the rest
_SHARE_OF_A_VENDOR = 0.5

_NEVER_ARRIVED = Failure(
    "never_reached_twilio",
    "Twilio has no such call: the request never arrived there, and nobody was called",
    retryable=True,
)
_CALL_GONE = Failure("call_gone", "Twilio does not have this call any more", retryable=False)
_GAVE_UP = Failure(
    "audio_unavailable",
    "the audio could not be read from Twilio and handed over, however often it was tried",
    retryable=True,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconcile:
    store: CallStore
    sweeps: SweepStore
    telephony: Telephony
    queue: RecordingsQueue
    place: PlaceCall
    track: TrackCall
    finish: FinishRecording
    redrive: Redrive
    erase: EraseCall
    sweep: SweepVendors
    vendors: VendorShares
    telemetry: Telemetry
    clock: Clock
    deadlines: Deadlines

    def run(self, owner: str, seconds_left: Callable[[], float]) -> dict[str, Any]:
        """First what is overdue here, then what came back dead, then the vendors' own lists.

        One run at a time: ``owner`` takes a lease, or nothing is done.

        Returns:
            How many entries were overdue, taken up and put off; what the sweeps saw; or ``skipped``.
        """
        now = self.clock()
        until = format_timestamp(now + _LEASE)
        if not self.sweeps.take_lease(
            "reconcile", owner=owner, now=format_timestamp(now), until=until
        ):
            self.telemetry.count("ReconcileSkipped")
            return {"skipped": "another run is under way"}
        try:
            half = seconds_left() / 2
            self.vendors.begin(half * _SHARE_OF_A_VENDOR)
            result = self._work_off(lambda: seconds_left() > half)
            result["redriven"] = self.redrive.dead_letters()
            self.vendors.renew(seconds_left() * _SHARE_OF_A_VENDOR)
            result |= self.sweep.run(seconds_left)
        finally:
            self.sweeps.give_back_lease("reconcile", owner=owner)
        return result

    def _work_off(self, time_left: Callable[[], bool]) -> dict[str, Any]:
        result = {"overdue": 0, "taken_up": 0, "put_off": 0, "left": 0}
        now = self.clock()
        oldest = created = now
        seen: set[tuple[str, str | None]] = set()
        for waiting in self.store.overdue(format_timestamp(now)):
            key = (waiting.call_id, waiting.recording_sid)
            if key in seen:
                continue
            seen.add(key)
            result["overdue"] += 1
            if not time_left():
                result["left"] = 1
                break
            entry = self._take_up(waiting)
            result["taken_up" if entry else "put_off"] += 1
            if entry is None:
                oldest = min(oldest, self._defer(waiting))
            else:
                oldest = min(oldest, parse_timestamp(entry.overdue_since or waiting.due_at))
                created = min(created, parse_timestamp(entry.created_at))
        self.telemetry.count("Overdue", result["overdue"])
        self.telemetry.count("OldestOverdueSeconds", (now - oldest).total_seconds())
        self.telemetry.count("OldestPendingSeconds", (now - created).total_seconds())
        return result

    def _take_up(self, waiting: OverdueItem) -> Call | Recording | None:
        """The entry as it was found; None where it was put off.

        One entry's trouble, even a bug that only it meets, never stops the next one's turn.
        """
        try:
            if waiting.recording_sid is None:
                return self._call(waiting.call_id)
            return self._recording(waiting.call_id, waiting.recording_sid)
        except VendorNotAskedError:
            # said once, when the vendor was given up for this run
            return None
        except CallscribeError as error:
            reason = f"{type(error).__name__}: {error}"
        except Exception as error:  # noqa: BLE001 - see above; it is counted and its name logged
            self.telemetry.count("InvocationFailed")
            reason = f"bug: {type(error).__name__}: {error}"
        self.telemetry.count("ReconcileDeferred")
        self.telemetry.warn(
            "put off",
            call_id=waiting.call_id,
            recording_sid=waiting.recording_sid,
            reason=reason,
        )
        return None

    def _defer(self, waiting: OverdueItem) -> datetime:
        """Lets others go first in the next runs, unless the entry moved; since when it is overdue."""
        since = parse_timestamp(waiting.due_at)
        # an entry that cannot even be read or written stays first: its turn is over all the same
        with suppress(Exception):
            entry = self._read(waiting)
            if entry is not None and entry.due_at == waiting.due_at:
                since = parse_timestamp(entry.overdue_since or waiting.due_at)
                self._write_deferral(entry, deferred(since, self.clock()))
        return since

    def _read(self, waiting: OverdueItem) -> Call | Recording | None:
        if waiting.recording_sid is None:
            return self.store.get_call(waiting.call_id)
        return self.store.get_recording(waiting.call_id, waiting.recording_sid)

    def _write_deferral(self, entry: Call | Recording, changes: dict[str, Any]) -> None:
        """Whatever moved the entry has changed or removed ``due_at``, and stands."""
        same = {"due_at": entry.due_at}
        if isinstance(entry, Call):
            self.store.change_call(entry.call_id, changes, only_from=[entry.status], expected=same)
        else:
            self.store.change_recording(
                entry.call_id, entry.recording_sid, changes, only_from=[entry.status], expected=same
            )

    def _call(self, call_id: str) -> Call:
        call = self.store.get_call(call_id)
        if call is None:
            raise RetryLaterError("the index is ahead of the table", seconds=1)
        if call.status in ERASED_STATUSES:
            self._erase(call)
        elif call.status == "scheduled":
            # a call that is claimed and then not asked for would have failed
            self.vendors.check("Twilio")
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
            oldest = min(found, key=lambda other: other.created_at or "")
            if not self.track.apply(call.call_id, status_update_from_twilio(oldest)):
                self._look_later(call)
            self.telemetry.count("CallFound")
        elif self.clock() >= claimed_at + self.deadlines["call.never-arrived"]:
            changes = failed(_NEVER_ARRIVED, self.clock)
            self.store.change_call(
                call.call_id, changes, only_from=[call.status], expected={"call_sid": None}
            )
            self.telemetry.count("CallNeverArrived")
        else:
            self._look_later(call)

    def _candidates(self, call: Call) -> list[VendorCall]:
        """Calls at Twilio that may be this one: same numbers, not older, nobody else's."""
        since = format_timestamp(parse_timestamp(call.claimed_at or call.created_at) - _CLOCK_SLACK)
        found = self.telephony.find_calls(
            to_number=call.to_number or "", from_number=call.from_number or "", since=since
        )
        return [other for other in found if self.store.find_call_id(other.call_sid) is None]

    def _ask_status(self, call: Call) -> None:
        try:
            news = status_update_from_twilio(self.telephony.get_call(call.call_sid or ""))
        except VendorNotFoundError:
            self.telemetry.count("UnmappedItems")
            self._change(call, failed(_CALL_GONE, self.clock))
            return
        if self.track.apply(call.call_id, news):
            self.telemetry.count("CallRepaired")
        else:
            self._look_later(call)

    def _check_recordings(self, call: Call) -> None:
        """After the end of a call every recording that Twilio has of it must be known here."""
        if not CALL_SID.fullmatch(call.call_sid or ""):
            self._change(call, dict(NOT_WAITING))
            return
        notices = self.telephony.list_recordings(call.call_sid or "")
        finished = [notice for notice in notices if not is_unfinished(notice.status)]
        for notice in finished:
            recording = self.store.get_recording(call.call_id, notice.recording_sid)
            if recording is not None:
                self.finish.keep(recording, notice)
                continue
            self.telemetry.count("RecordingFound")
            self.queue.put(replace(notice, call_id=call.call_id, base_url=call.base_url))
        self._ask_what_is_missing(call)
        if len(finished) < len(notices):
            self._look_later(call)
            return
        self._change(call, {"recordings_at_twilio": len(notices), **NOT_WAITING})

    def _ask_what_is_missing(self, call: Call) -> None:
        """Where callbacks were lost: Twilio still knows when the call was answered, and how long."""
        known = (call.answered_at, call.ended_at, call.duration_seconds)
        if call.status != "completed" or None not in known:
            return
        try:
            found = self.telephony.get_call(call.call_sid or "")
        except VendorNotFoundError:
            return
        self.track.keep(call, status_update_from_twilio(found))

    def _recording(self, call_id: str, recording_sid: str) -> Call | Recording:
        call = self.store.get_call(call_id)
        recording = self.store.get_recording(call_id, recording_sid)
        if call is not None and call.status in ERASED_STATUSES:
            # the call's own deadline removes it: this entry need not come first in every run until then
            if recording is not None:
                self.store.change_recording(
                    call_id, recording_sid, NOT_WAITING, only_from=[recording.status]
                )
            return call
        if call is None or recording is None:
            raise RetryLaterError("the index is ahead of the table", seconds=1)
        if recording.status in RECORDING_TERMINAL and recording.announce:
            self.finish.publish_event(call, recording)
        elif recording.status in RECORDING_TERMINAL:
            # the entry may be older than what took its place: an event that was sent meanwhile
            if recording.waiting_for is not None:
                self.erase.copies(call, recording)
        elif recording.status == "submitted":
            self.finish.ask_again(call, recording)
        elif self._is_hopeless(recording):
            self.finish.end(call, recording, "error", _GAVE_UP)
        elif recording.status != "received" or self._is_still_there(call, recording):
            self._requeue(recording)
        return recording

    def _is_still_there(self, call: Call, recording: Recording) -> bool:
        """Asks Twilio for a recording whose audio is not copied yet; ends it where it is gone."""
        try:
            notice = self.telephony.get_recording(recording.recording_sid)
        except VendorNotFoundError:
            self.telemetry.count("UnmappedItems")
            notice = replace(status_update_of(recording), status="deleted")
        if notice.status == "completed" or is_unfinished(notice.status):
            self.finish.keep(recording, notice)
            return True
        self.finish.without_audio(call, recording, notice)
        return False

    def _is_hopeless(self, recording: Recording) -> bool:
        """Tried often, and for longer than a vendor's outage usually lasts."""
        waits_until = parse_timestamp(recording.created_at) + self.deadlines["recording.give-up"]
        return recording.reconcile_attempts >= MAX_REQUEUES and self.clock() > waits_until

    def _requeue(self, recording: Recording) -> None:
        attempts = recording.reconcile_attempts + 1
        changes = {
            "reconcile_attempts": attempts,
            **self.deadlines.of_recording(
                recording.call_id, recording.status, self.clock(), attempts
            ),
        }
        self.queue.put(status_update_of(recording))
        self.telemetry.count("RecordingRequeued")
        self.store.change_recording(
            recording.call_id, recording.recording_sid, changes, only_from=[recording.status]
        )

    def _look_later(self, call: Call) -> None:
        attempts = call.reconcile_attempts + 1
        waits = self.deadlines.of_call(call.call_id, call.status, self.clock(), attempts)
        if not self._change(call, {"reconcile_attempts": attempts, **waits}):
            raise RetryLaterError("the call moved meanwhile", seconds=1)

    def _change(self, call: Call, changes: dict[str, Any]) -> bool:
        return self.store.change_call(call.call_id, changes, only_from=[call.status])
