"""The fraud guard: a stolen key, or a loop in somebody's program, must not cost a fortune."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, NoReturn

from callscribe.domain.calls import CALL_TERMINAL, ERASED_STATUSES, Call
from callscribe.domain.deadlines import shard_of
from callscribe.domain.dialing.phone_numbers import phone_number_error
from callscribe.domain.dialing.quiet_hours import QuietHours, is_quiet, quiet_until
from callscribe.domain.dialing.rules import DialingRules, check_destination
from callscribe.domain.errors import DialingRefusedError, FieldError, InvalidInputError
from callscribe.domain.failures import Failure
from callscribe.domain.request_fields import read_object
from callscribe.domain.times import Clock, format_timestamp, parse_timestamp
from callscribe.ports.storage import CallStore, DialingStore, InFlightCall
from callscribe.ports.telemetry import Telemetry

_COUNTERS_KEPT = timedelta(days=3)
# a call is claimed within seconds after it was let through, or never
_CLAIMED_WITHIN = timedelta(minutes=5)
_TRY_AGAIN_SECONDS = 60
# 64 of them are below 4 KB: a write costs what the whole item weighs
_ENTRIES_A_SHARD = 64
_LISTED = Failure("do_not_call", "this number is on the stack's do-not-call list", False)


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardDialing:
    store: DialingStore
    calls: CallStore
    rules: DialingRules
    telemetry: Telemetry
    clock: Clock

    def check(self, call: Call) -> None:
        """Everything that can be told without counting. Raises DialingRefusedError."""
        to_number = call.to_number or ""
        failure = check_destination(to_number, self.rules)
        if failure is None and self.store.is_do_not_call(to_number):
            failure = _LISTED
        if failure is None:
            switch = self.store.get_switch()
            if switch.get("stopped"):
                words = f"all dialing is stopped: {switch.get('reason')}"
                failure = Failure("dialing_stopped", words, retryable=True)
        if failure is not None:
            self._refuse(call, failure)
        if self.rules.quiet is not None:
            self._check_hour(call, self.rules.quiet)

    def count(self, call: Call) -> None:
        """Counts the call among those under way, and against the day's caps, each by one write.

        Raises DialingRefusedError where one is reached. What was counted before stays counted:
        a cap may be reached a little early, never late.
        """
        admitted = InFlightCall(call.call_id, format_timestamp(self.clock()))
        shard = self._admit(call, admitted)
        try:
            self.count_of_the_day(call)
        except DialingRefusedError:
            self.store.release_slots([admitted], shard=shard)
            raise

    def acquire_slot(self, call: Call) -> None:
        """Counts a scheduled call among those under way: its day counted when it was asked for.

        Raises DialingRefusedError.
        """
        self._admit(call, InFlightCall(call.call_id, format_timestamp(self.clock())))

    def count_of_the_day(self, call: Call) -> None:
        """Counts the call against the caps of the day (UTC) on which it is to be placed.

        Raises DialingRefusedError. One that is canceled or refused later stays counted.
        """
        now = self.clock()
        moment = max(now, parse_timestamp(call.place_at)) if call.place_at else now
        expires_at = int((moment + _COUNTERS_KEPT).timestamp())
        caps = (
            (f"to#{call.to_number}", self.rules.max_calls_per_destination, "calls to this number"),
            (f"by#{call.asked_by}", self.rules.max_calls_per_caller, "calls by this caller"),
            ("all", self.rules.max_calls_per_day, "calls"),
        )
        day = moment.date().isoformat()
        for name, limit, words in caps:
            if not self.store.count_up(name, day, limit=limit, expires_at=expires_at):
                message = (
                    f"{limit} {words} a day (UTC) are the cap of this stack, and it is reached"
                )
                today = day == now.date().isoformat()
                if not today:
                    message += f" for {day}"
                failure = Failure("cap_reached", message, retryable=True)
                seconds = _seconds_to_midnight(now) if today else None
                self._refuse(call, failure, retry_after=seconds)

    def _check_hour(self, call: Call, quiet: QuietHours) -> None:
        now = self.clock()
        at = max(now, parse_timestamp(call.place_at)) if call.place_at else now
        number = call.to_number or ""
        if not is_quiet(number, at, quiet):
            return
        until = quiet_until(number, at, quiet)
        when = f"after {format_timestamp(until)}" if until else "never: its zones lie too far apart"
        message = (
            f"quiet hours ({quiet.begins:%H:%M}-{quiet.ends:%H:%M}) where this number is; {when}"
        )
        seconds = int((until - now).total_seconds()) if until else None
        self._refuse(call, Failure("quiet_hours", message, retryable=True), retry_after=seconds)

    def _admit(self, call: Call, admitted: InFlightCall) -> int:
        """Sets of those under way, their size the condition of each write: they cannot be overrun.

        Nobody takes a call out when it ends, which could fail; whoever finds them full does.

        Returns:
            The shard that had room.
        """
        limit = self.rules.max_concurrent_calls
        shards = _shards(call.call_id, limit)
        for shard, room in shards:
            if self.store.acquire_slot(admitted, shard=shard, limit=room):
                return shard
        for shard, room in shards:
            inside = self.store.in_flight_calls(shard)
            ended = [other for other in inside if not self._is_under_way(other)]
            self.store.release_slots(ended, shard=shard)
            if ended and self.store.acquire_slot(admitted, shard=shard, limit=room):
                return shard
        message = f"{limit} calls at once are the cap of this stack, and it is reached"
        failure = Failure("too_many_calls", message, retryable=True)
        return self._refuse(call, failure, retry_after=_TRY_AGAIN_SECONDS)

    def _is_under_way(self, admitted: InFlightCall) -> bool:
        call = self.calls.get_call(admitted.call_id)
        if call is None:
            return parse_timestamp(admitted.at) > self.clock() - _CLAIMED_WITHIN
        return call.status not in CALL_TERMINAL | ERASED_STATUSES

    def state(self) -> dict[str, Any]:
        """Whether dialing is stopped, since when, by whom and why."""
        switch = self.store.get_switch()
        names = ("reason", "changed_at", "changed_by")
        return {"stopped": bool(switch.get("stopped")), **{n: switch.get(n) for n in names}}

    def switch(self, body: object, *, changed_by: str) -> dict[str, Any]:
        """Stops all dialing at once, or lets it go on. Raises InvalidInputError."""
        example = '{"stopped": true, "reason": "a leaked key"}'
        request, errors = read_object(body, ("stopped", "reason"), example=example)
        stopped, reason = request.get("stopped"), request.get("reason")
        if not isinstance(stopped, bool):
            errors.append(FieldError("stopped", "must be true or false"))
        if not isinstance(reason, str) or not 1 <= len(reason.strip()) <= 200:
            errors.append(FieldError("reason", "must say why, in 1 to 200 characters"))
        if errors:
            raise InvalidInputError(errors)
        self.store.set_switch(
            {
                "stopped": stopped,
                "reason": reason,
                "changed_at": format_timestamp(self.clock()),
                "changed_by": changed_by,
            }
        )
        self.telemetry.count("DialingSwitched")
        self.telemetry.warn("dialing switched", stopped=stopped, changed_by=changed_by)
        return self.state()

    def list_number(self, phone_number: str, *, listed: bool) -> dict[str, Any]:
        """Puts a number on the do-not-call list, or takes it off. Raises InvalidInputError."""
        if message := phone_number_error(phone_number, must_exist=False):
            words = f"{message} (its + is written %2B in a path)"
            raise InvalidInputError([FieldError("phone_number", words)])
        self.store.set_do_not_call(phone_number, listed=listed)
        self.telemetry.count("DoNotCallListChanged")
        return {"phone_number": phone_number, "listed": listed}

    def _refuse(self, call: Call, failure: Failure, retry_after: int | None = None) -> NoReturn:
        self.telemetry.count("DialingRefused")
        self.telemetry.warn("dialing refused", call_id=call.call_id, code=failure.code)
        raise DialingRefusedError(failure, retry_after=retry_after)


def _shards(call_id: str, limit: int) -> list[tuple[int, int]]:
    """Number and room of each shard, the call's own first; together they have room for ``limit``."""
    many = -(-limit // _ENTRIES_A_SHARD)
    own = shard_of(call_id, many)
    numbers = [(own + step) % many for step in range(many)]
    return [(n, limit * (n + 1) // many - limit * n // many) for n in numbers]


def _seconds_to_midnight(now: datetime) -> int:
    today = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return int((today + timedelta(days=1) - now).total_seconds()) + 1
