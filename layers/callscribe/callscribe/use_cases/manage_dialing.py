"""What an operator does about dialing: the kill switch and the do-not-call list."""

from __future__ import annotations

from dataclasses import dataclass

from callscribe.domain.dialing.kill_switch import KillSwitch, read_switch_request
from callscribe.domain.dialing.phone_numbers import phone_number_error
from callscribe.domain.errors import FieldError, InvalidInputError
from callscribe.domain.times import Clock, format_timestamp
from callscribe.ports.storage import DialingStore
from callscribe.ports.telemetry import Telemetry


@dataclass(frozen=True, slots=True)
class DoNotCallEntry:
    """Whether a number (its own E.164 form) is on the do-not-call list."""

    phone_number: str
    listed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ManageDialing:
    """Behind ``/dialing`` and ``/do-not-call``."""

    store: DialingStore
    telemetry: Telemetry
    clock: Clock

    def state(self) -> KillSwitch:
        """Whether dialing is stopped. Raises RetryLaterError."""
        return self.store.get_switch()

    def switch(self, body: object, *, changed_by: str) -> KillSwitch:
        """Stops all dialing at once, or allows it again: ``{"stopped": true, "reason": "…"}``.

        Raises:
            InvalidInputError: nothing was changed.
            RetryLaterError
        """
        stopped, reason = read_switch_request(body)
        now = format_timestamp(self.clock())
        switch = KillSwitch(stopped, reason, changed_at=now, changed_by=changed_by)
        self.store.set_switch(switch)
        self.telemetry.count("KillSwitchChanged")
        self.telemetry.warn("kill switch changed", stopped=stopped, changed_by=changed_by)
        return switch

    def list_number(self, phone_number: str, *, listed: bool) -> DoNotCallEntry:
        """Puts a number on the do-not-call list, or takes it off.

        Raises:
            InvalidInputError: it is not in its own E.164 form.
            RetryLaterError
        """
        if message := phone_number_error(phone_number, must_exist=False):
            hint = f"{message} (its + is written %2B in a path)"
            raise InvalidInputError([FieldError("phone_number", hint)])
        self.store.set_do_not_call(phone_number, listed=listed)
        self.telemetry.count("DoNotCallListChanged")
        return DoNotCallEntry(phone_number, listed)
