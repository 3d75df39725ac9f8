"""Works the recordings queue: audio from Twilio to the bucket, then to AssemblyAI."""

from __future__ import annotations

from typing import Any

from callscribe import wiring
from callscribe.adapters.sqs import read_notice
from callscribe.domain.problems import CallscribeError, RetryLaterError
from callscribe.handling import Context, observed
from callscribe.http import Event


@observed
def handler(event: Event, _: Context) -> dict[str, Any]:
    """Answers with the messages that failed; only those come again (ReportBatchItemFailures)."""
    failed = [message["messageId"] for message in event["Records"] if not _worked_off(message)]
    return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in failed]}


def _worked_off(message: dict[str, Any]) -> bool:
    telemetry = wiring.telemetry()
    try:
        wiring.process_recording().process(read_notice(message["body"]))
    except RetryLaterError as error:
        telemetry.count("RecordingDelayed")
        telemetry.note("recording delayed", reason=str(error), seconds=error.seconds)
        wiring.queue().retry_in(message["receiptHandle"], error.seconds)
        return False
    except CallscribeError as error:
        telemetry.count("RecordingDelayed")
        telemetry.warn("recording delayed", reason=f"{type(error).__name__}: {error}")
        return False
    except Exception as error:
        telemetry.count("InvocationFailed")
        telemetry.logger.exception("message failed", exc_info=error)
        return False
    return True
