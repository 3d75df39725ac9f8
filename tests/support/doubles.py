"""What use cases are given in unit tests where the real thing would be in the way."""

from __future__ import annotations

from callscribe.domain.calls import Call, CallState
from callscribe.domain.deadlines import Deadlines
from callscribe.domain.times import Clock
from callscribe.ports.storage import CallStore
from callscribe.ports.telephony import CallStatusUpdate
from callscribe.use_cases.ledger import Ledger


class QuietTelemetry:
    """Takes everything and keeps nothing; a bug that a handler logs fails the test."""

    def count(self, metric: str, value: float = 1) -> None: ...
    def info(self, message: str, **fields: object) -> None: ...
    def warn(self, message: str, **fields: object) -> None: ...
    def begin(self, request_id: str | None) -> None: ...
    def flush(self) -> None: ...

    def exception(self, message: str, error: Exception) -> None:
        raise AssertionError(message) from error


def ledger_of(store: CallStore, clock: Clock) -> Ledger:
    return Ledger(store=store, deadlines=Deadlines(), clock=clock)


def queued_at_twilio(call: Call, call_sid: str) -> CallStatusUpdate:
    """What Twilio answers when it takes a call."""
    return CallStatusUpdate(
        call_sid=call_sid,
        status=CallState.QUEUED,
        to_number=call.to_number,
        from_number=call.from_number,
        direction="outbound-api",
    )
