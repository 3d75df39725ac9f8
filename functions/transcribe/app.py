"""Works the recordings queue: audio from Twilio to the bucket, then to AssemblyAI."""

from __future__ import annotations

from typing import Any

from callscribe.adapters.aws.sqs import read_status_update
from callscribe.api.entrypoints import Context, LambdaHandler
from callscribe.api.http import Event
from callscribe.bootstrap.application import Application, process_application
from callscribe.domain.errors import CallscribeError, RetryLaterError
from callscribe.ports.telephony import RecordingStatusUpdate

# SQS itself gives up at ten, without a word of why (template.yaml: maxReceiveCount)
_TRIES = 8
_FIRST_WAIT_SECONDS = 30
_MAX_WAIT_SECONDS = 900


def work_off(app: Application, event: Event, _: Context) -> dict[str, Any]:
    """Answers with the messages that failed; only those come again (ReportBatchItemFailures)."""
    failed = [message["messageId"] for message in event["Records"] if not _worked_off(app, message)]
    return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in failed]}


def _worked_off(app: Application, message: dict[str, Any]) -> bool:
    try:
        notice = read_status_update(message["body"])
    except (ValueError, TypeError, AttributeError) as error:
        app.telemetry.warn("unreadable message", reason=type(error).__name__)
        return _give_up(app, message, f"unreadable: {error}")
    try:
        app.process_recording.process(notice)
    except RetryLaterError as error:
        return _later(app, message, notice, str(error), error.seconds)
    except CallscribeError as error:
        return _later(app, message, notice, f"{type(error).__name__}: {error}", _FIRST_WAIT_SECONDS)
    except Exception as error:  # noqa: BLE001 - a bug in one message: the others go on
        app.telemetry.count("InvocationFailed")
        app.telemetry.exception("message failed", error)
        return _later(app, message, notice, f"{type(error).__name__}: {error}", _FIRST_WAIT_SECONDS)
    return True


def _later(
    app: Application,
    message: dict[str, Any],
    notice: RecordingStatusUpdate,
    reason: str,
    seconds: int,
) -> bool:
    """Twice as late each time; after the last try the message is laid aside with its reason."""
    receives = int(message["attributes"]["ApproximateReceiveCount"])
    wait = min(seconds * 2 ** (receives - 1), _MAX_WAIT_SECONDS)
    telemetry = app.telemetry
    telemetry.count("RecordingDelayed")
    telemetry.info(
        "recording delayed",
        recording_sid=notice.recording_sid,
        reason=reason,
        receives=receives,
        seconds=wait,
    )
    if receives >= _TRIES:
        return _give_up(app, message, reason)
    try:
        app.gateways.queue.retry_in(message["receiptHandle"], wait)
    except RetryLaterError as error:
        # it comes again all the same, only later: after the queue's visibility timeout
        telemetry.warn("visibility unchanged", reason=str(error))
    return False


def _give_up(app: Application, message: dict[str, Any], reason: str) -> bool:
    receives = int(message["attributes"]["ApproximateReceiveCount"])
    app.gateways.dead_letters.put(message["body"], reason=reason, receives=receives)
    app.telemetry.count("DeadLetter")
    return True


handler = LambdaHandler(work_off, process_application)
