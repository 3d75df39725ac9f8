"""Works on the recordings queue: what fails is tried again later, and in the end kept with its reason."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from callscribe.domain.errors import CallscribeError, RetryLaterError
from callscribe.ports.messaging import DeadLetters, ReceivedMessages, RecordingMessage
from callscribe.ports.telemetry import Telemetry
from callscribe.ports.telephony import RecordingStatusUpdate

# SQS itself gives up at ten, and says no reason (template.yaml: maxReceiveCount)
MAX_RECEIVES = 8
FIRST_WAIT_SECONDS = 30
MAX_WAIT_SECONDS = 900


@dataclass(frozen=True, slots=True, kw_only=True)
class HandleRecordingMessages:
    """The use case behind the queue's function. ``process`` works on one recording and raises
    CallscribeError where it could not."""

    process: Callable[[RecordingStatusUpdate], None]
    queue: ReceivedMessages
    dead_letters: DeadLetters
    telemetry: Telemetry

    def handle(self, messages: Sequence[RecordingMessage]) -> list[str]:
        """The ids of the messages that failed: only those are delivered again.

        Raises RetryLaterError: a message could not be sent to the dead-letter queue.
        """
        return [message.message_id for message in messages if not self.handle_record(message)]

    def handle_record(self, message: RecordingMessage) -> bool:
        """True where the message need not be delivered again."""
        if message.notice is None:
            self.telemetry.warn("unreadable message", reason=message.unreadable)
            return self.send_to_dead_letter_queue(message, f"unreadable: {message.unreadable}")
        try:
            self.process(message.notice)
        except RetryLaterError as error:
            return self.schedule_retry(message, str(error), error.seconds)
        except CallscribeError as error:
            return self.schedule_retry(message, _named(error), FIRST_WAIT_SECONDS)
        except Exception as error:  # noqa: BLE001 - a bug: logged, and the other messages go on
            self.telemetry.count("InvocationFailed")
            self.telemetry.exception("message failed", error)
            return self.schedule_retry(message, _named(error), FIRST_WAIT_SECONDS)
        return True

    def schedule_retry(self, message: RecordingMessage, reason: str, seconds: int) -> bool:
        """Twice as late each time; after the last try the message goes to the dead-letter queue."""
        wait = min(seconds * 2 ** (message.receives - 1), MAX_WAIT_SECONDS)
        self.telemetry.count("RecordingDelayed")
        self.telemetry.info(
            "recording delayed",
            recording_sid=message.notice and message.notice.recording_sid,
            reason=reason,
            receives=message.receives,
            seconds=wait,
        )
        if message.receives >= MAX_RECEIVES:
            return self.send_to_dead_letter_queue(message, reason)
        try:
            self.queue.retry_in(message.receipt_handle, wait)
        except RetryLaterError as error:
            # it comes again all the same, only later: after the queue's visibility timeout
            self.telemetry.warn("visibility unchanged", reason=str(error))
        return False

    def send_to_dead_letter_queue(self, message: RecordingMessage, reason: str) -> bool:
        """Keeps the message as it came, with what went wrong. Raises RetryLaterError."""
        self.dead_letters.put(message.body, reason=reason, receives=message.receives)
        self.telemetry.count("DeadLetter")
        return True


def _named(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"
