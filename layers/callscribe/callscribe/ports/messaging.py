"""What the use cases ask of queues, the event bus and schedules."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from callscribe.domain.calls import Call
from callscribe.domain.recordings import Recording
from callscribe.ports.telephony import RecordingStatusUpdate


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetter:
    """A message that failed too often. ``notice`` None where it cannot be read."""

    notice: RecordingStatusUpdate | None
    handle: str


class RecordingsQueue(Protocol):
    def put(self, notice: RecordingStatusUpdate, *, delay_seconds: int = 0) -> None:
        """``delay_seconds`` 900 at most.

        Raises RetryLaterError.
        """
        ...


class DeadLetters(Protocol):
    """What the worker could not do. Raises RetryLaterError (all methods)."""

    def take(self, limit: int) -> list[DeadLetter]: ...
    def remove(self, letter: DeadLetter) -> None: ...


class EventPublisher(Protocol):
    def publish(self, call: Call, recording: Recording) -> None:
        """Sends the event of a recording that ended. At least once."""
        ...


class Schedules(Protocol):
    def place_call_at(self, call_id: str, place_at: str, *, target_arn: str) -> None: ...
