"""What use cases are given in unit tests where the real thing would be in the way."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from callscribe.domain.calls import Call, CallState
from callscribe.domain.deadlines import Deadlines
from callscribe.domain.retention import Retention
from callscribe.domain.times import Clock
from callscribe.ports.storage import CallStore
from callscribe.ports.telephony import CallStatusUpdate
from callscribe.use_cases.ledger import Ledger
from callscribe.use_cases.track_call import TrackCall


class QuietTelemetry:
    """Takes everything and keeps nothing; a bug that a handler logs fails the test."""

    def count(self, metric: str, value: float = 1) -> None: ...
    def info(self, message: str, **fields: object) -> None: ...
    def warn(self, message: str, **fields: object) -> None: ...
    def begin(self, request_id: str | None) -> None: ...
    def flush(self) -> None: ...

    def exception(self, message: str, error: Exception) -> None:
        raise AssertionError(message) from error


class CountingTelemetry(QuietTelemetry):
    """Keeps the counts."""

    def __init__(self) -> None:
        self.counts: dict[str, float] = {}

    def count(self, metric: str, value: float = 1) -> None:
        self.counts[metric] = self.counts.get(metric, 0) + value


class Recorder:
    """Stands for a use case or a gateway: remembers what it was asked, and answers from ``answers``,
    raising what is an error."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.given: list[tuple[Any, ...]] = []
        self.answers: dict[str, Any] = {}

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def ask(*arguments: Any, **_: Any) -> Any:
            self.asked.append(name)
            self.given.append(arguments)
            answer = self.answers.get(name)
            if isinstance(answer, Exception):
                raise answer
            return answer

        return ask


def ledger_of(store: CallStore, clock: Clock) -> Ledger:
    return Ledger(store=store, deadlines=Deadlines(), clock=clock)


def track_call(store: CallStore, clock: Clock) -> TrackCall:
    return TrackCall(
        store=store,
        ledger=ledger_of(store, clock),
        telemetry=QuietTelemetry(),
        clock=clock,
        retention=Retention(365),
    )


def queued_at_twilio(call: Call, call_sid: str) -> CallStatusUpdate:
    """What Twilio answers when it takes a call."""
    return CallStatusUpdate(
        call_sid=call_sid,
        status=CallState.QUEUED,
        to_number=call.to_number,
        from_number=call.from_number,
        direction="outbound-api",
    )
