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


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingMessage:
    """A delivery of the recordings queue. ``receives`` counts them, this one included; ``notice`` is
    None where ``body`` cannot be read, and ``unreadable`` says why."""

    message_id: str
    receipt_handle: str
    body: str
    receives: int
    notice: RecordingStatusUpdate | None
    unreadable: str = ""


class RecordingsQueue(Protocol):
    """The durable inbox of what is to be transcribed. Raises RetryLaterError."""

    def put(self, notice: RecordingStatusUpdate, *, delay_seconds: int = 0) -> None:
        """``delay_seconds`` 900 at most."""
        ...


class ReceivedMessages(Protocol):
    """The same queue for the worker that handles its messages. Raises RetryLaterError."""

    def retry_in(self, receipt_handle: str, seconds: int) -> None:
        """Delivers a message again after so long, instead of after the visibility timeout."""
        ...


class DeadLetters(Protocol):
    """What the worker could not do. Raises RetryLaterError (all methods)."""

    def put(self, body: str, *, reason: str, receives: int) -> None:
        """Keeps a message as it came, with what went wrong and how often it was delivered."""
        ...

    def take(self, limit: int) -> list[DeadLetter]:
        """At most ``limit`` messages, 10 at most; hidden from others for the visibility timeout."""
        ...

    def remove(self, letter: DeadLetter) -> None:
        """Deletes a message that was taken."""
        ...


class EventPublisher(Protocol):
    """The stack's event bus. Raises RetryLaterError."""

    def publish(self, call: Call, recording: Recording) -> None:
        """Sends the event of a recording that ended. At least once."""
        ...


class Schedules(Protocol):
    """One-time schedules. Raises RetryLaterError."""

    def place_call_at(self, call_id: str, place_at: str, *, target_arn: str) -> None:
        """Invokes the function ``target_arn`` with the call_id at ``place_at`` (ISO 8601, UTC).

        A schedule that exists for this call stays as it is.
        """
        ...
