"""Works the recordings queue: audio from Twilio to the bucket, then to AssemblyAI."""

from __future__ import annotations

from typing import Any

from callscribe.adapters.aws.sqs import read_status_update
from callscribe.api.entrypoints import Context, observed
from callscribe.api.http import Event
from callscribe.bootstrap import wiring
from callscribe.domain.errors import CallscribeError, RetryLaterError
from callscribe.ports.telephony import RecordingStatusUpdate

# SQS itself gives up at ten, without a word of why (template.yaml: maxReceiveCount)
_TRIES = 8
_FIRST_WAIT_SECONDS = 30
_MAX_WAIT_SECONDS = 900


@observed
def handler(event: Event, _: Context) -> dict[str, Any]:
    """Answers with the messages that failed; only those come again (ReportBatchItemFailures)."""
    failed = [message["messageId"] for message in event["Records"] if not _worked_off(message)]
    return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in failed]}


def _worked_off(message: dict[str, Any]) -> bool:
    try:
        notice = read_status_update(message["body"])
    except (ValueError, TypeError, AttributeError) as error:
        wiring.telemetry().warn("unreadable message", reason=type(error).__name__)
        return _give_up(message, f"unreadable: {error}")
    try:
        wiring.process_recording().process(notice)
    except RetryLaterError as error:
        return _later(message, notice, str(error), error.seconds)
    except CallscribeError as error:
        return _later(message, notice, f"{type(error).__name__}: {error}", _FIRST_WAIT_SECONDS)
    except Exception as error:
        telemetry = wiring.telemetry()
        telemetry.count("InvocationFailed")
        telemetry.logger.exception("message failed", exc_info=error)
        return _later(message, notice, f"{type(error).__name__}: {error}", _FIRST_WAIT_SECONDS)
    return True


def _later(
    message: dict[str, Any], notice: RecordingStatusUpdate, reason: str, seconds: int
) -> bool:
    """Twice as late each time; after the last try the message is laid aside with its reason."""
    receives = int(message["attributes"]["ApproximateReceiveCount"])
    wait = min(seconds * 2 ** (receives - 1), _MAX_WAIT_SECONDS)
    telemetry = wiring.telemetry()
    telemetry.count("RecordingDelayed")
    telemetry.info(
        "recording delayed",
        recording_sid=notice.recording_sid,
        reason=reason,
        receives=receives,
        seconds=wait,
    )
    if receives >= _TRIES:
        return _give_up(message, reason)
    try:
        wiring.queue().retry_in(message["receiptHandle"], wait)
    except RetryLaterError as error:
        # it comes again all the same, only later: after the queue's visibility timeout
        telemetry.warn("visibility unchanged", reason=str(error))
    return False


def _give_up(message: dict[str, Any], reason: str) -> bool:
    receives = int(message["attributes"]["ApproximateReceiveCount"])
    wiring.dead_letters().put(message["body"], reason=reason, receives=receives)
    wiring.telemetry().count("DeadLetter")
    return True
