"""The fraud guard: a stolen key, or a loop in a client's program, must not cost a fortune."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NoReturn

from callscribe.domain.calls import CALL_TERMINAL, ERASED_STATUSES, Call
from callscribe.domain.dialing.caps import (
    daily_caps,
    seconds_to_midnight,
    slot_shards,
    slots_taken,
)
from callscribe.domain.dialing.destinations import check_destination
from callscribe.domain.dialing.quiet_hours import (
    QuietHours,
    in_quiet_hours,
    is_quiet,
    quiet_until,
)
from callscribe.domain.dialing.rules import DialingRules
from callscribe.domain.errors import DialingRefusedError
from callscribe.domain.failures import Failure
from callscribe.domain.times import Clock, format_timestamp, parse_timestamp
from callscribe.ports.storage import CallStore, DialingStore, InFlightCall
from callscribe.ports.telemetry import Telemetry

_COUNTERS_KEPT = timedelta(days=3)
# a call is claimed within seconds after it was let through, or never
_CLAIMED_WITHIN = timedelta(minutes=5)
_TRY_AGAIN_SECONDS = 60
_LISTED = Failure("do_not_call", "this number is on the stack's do-not-call list", retryable=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardDialing:
    """What is asked before a call is placed."""

    store: DialingStore
    calls: CallStore
    rules: DialingRules
    telemetry: Telemetry
    clock: Clock

    def check(self, call: Call) -> None:
        """Everything that can be told without counting.

        Raises:
            DialingRefusedError: with ``retry_after`` in seconds where the quiet hours end.
        """
        to_number = call.to_number or ""
        failure = (
            check_destination(to_number, self.rules) or self._listed(to_number) or self._stopped()
        )
        if failure is not None:
            self._refuse(call, failure)
        if self.rules.quiet is not None:
            self._check_hour(call, self.rules.quiet)

    def count(self, call: Call) -> None:
        """Counts the call among those in progress, and against the day's caps, each by one write.

        Raises:
            DialingRefusedError: one is reached. What was counted before stays counted: a cap may be
                reached a little early, never late.
        """
        in_flight = InFlightCall(call.call_id, format_timestamp(self.clock()))
        shard = self._acquire_slot(call, in_flight)
        try:
            self.count_of_the_day(call)
        except DialingRefusedError:
            self.store.release_slots([in_flight], shard=shard)
            raise

    def acquire_slot(self, call: Call) -> None:
        """Counts a scheduled call among those in progress: its day counted when it was asked for.

        Raises:
            DialingRefusedError: no slot is free.
        """
        self._acquire_slot(call, InFlightCall(call.call_id, format_timestamp(self.clock())))

    def count_of_the_day(self, call: Call) -> None:
        """Counts the call against the caps of the day (UTC) on which it is to be placed.

        One that is canceled or refused later stays counted.

        Raises:
            DialingRefusedError: a cap is reached.
        """
        now, moment = self.clock(), self._time_of(call)
        day = moment.date().isoformat()
        is_today = day == now.date().isoformat()
        expires_at = int((moment + _COUNTERS_KEPT).timestamp())
        for cap in daily_caps(call, self.rules):
            if not self.store.count_up(cap.counter, day, limit=cap.limit, expires_at=expires_at):
                seconds = seconds_to_midnight(now) if is_today else None
                self._refuse(call, cap.reached(None if is_today else day), retry_after=seconds)

    def _listed(self, to_number: str) -> Failure | None:
        return _LISTED if self.store.is_do_not_call(to_number) else None

    def _stopped(self) -> Failure | None:
        switch = self.store.get_switch()
        if not switch.stopped:
            return None
        message = f"all dialing is stopped: {switch.reason}"
        return Failure("dialing_stopped", message, retryable=True)

    def _check_hour(self, call: Call, quiet: QuietHours) -> None:
        number, at = call.to_number or "", self._time_of(call)
        if not is_quiet(number, at, quiet):
            return
        until = quiet_until(number, at, quiet)
        seconds = int((until - self.clock()).total_seconds()) if until else None
        self._refuse(call, in_quiet_hours(quiet, until), retry_after=seconds)

    def _time_of(self, call: Call) -> datetime:
        """When it is to be placed: now, unless it is scheduled for later."""
        now = self.clock()
        return max(now, parse_timestamp(call.place_at)) if call.place_at else now

    def _acquire_slot(self, call: Call, in_flight: InFlightCall) -> int:
        """Sets of calls in progress, their size the condition of each write: they cannot be overrun.

        The end of a call releases nothing, since that could fail; the call that finds them full does.

        Returns:
            The shard that had room.
        """
        limit = self.rules.max_concurrent_calls
        shards = slot_shards(call.call_id, limit)
        for shard in shards:
            if self.store.acquire_slot(in_flight, shard=shard.number, limit=shard.room):
                return shard.number
        for shard in shards:
            released = self._release_ended(shard.number)
            if released and self.store.acquire_slot(
                in_flight, shard=shard.number, limit=shard.room
            ):
                return shard.number
        return self._refuse(call, slots_taken(limit), retry_after=_TRY_AGAIN_SECONDS)

    def _release_ended(self, shard: int) -> bool:
        """Whether there were any."""
        in_flight = self.store.in_flight_calls(shard)
        ended = [other for other in in_flight if not self._is_in_progress(other)]
        self.store.release_slots(ended, shard=shard)
        return bool(ended)

    def _is_in_progress(self, in_flight: InFlightCall) -> bool:
        call = self.calls.get_call(in_flight.call_id)
        if call is None:
            return parse_timestamp(in_flight.at) > self.clock() - _CLAIMED_WITHIN
        return call.status not in CALL_TERMINAL | ERASED_STATUSES

    def _refuse(self, call: Call, failure: Failure, retry_after: int | None = None) -> NoReturn:
        self.telemetry.count("DialingRefused")
        self.telemetry.warn("dialing refused", call_id=call.call_id, code=failure.code)
        raise DialingRefusedError(failure, retry_after=retry_after)
