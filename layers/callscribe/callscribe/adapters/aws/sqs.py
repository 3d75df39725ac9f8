"""The recordings queue: the durable inbox of everything Twilio says about recordings."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from callscribe.adapters.aws.errors import translated
from callscribe.domain.failures import Failure
from callscribe.ports.messaging import DeadLetter, RecordingMessage
from callscribe.ports.telephony import RecordingStatusUpdate, VendorRecordingState

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

_FIELDS = frozenset(field.name for field in fields(RecordingStatusUpdate))


_translated = translated("SQS")
_GONE = (
    "InvalidParameterValue",
    "ReceiptHandleIsInvalid",
    "MessageNotInflight",
    "AWS.SimpleQueueService.MessageNotInflight",
)
# SQS's most
_MAX_DELAY_SECONDS = 900


class SQSRecordingsQueue:
    """Implements ``ports.RecordingsQueue``."""

    def __init__(self, client: SQSClient, queue_url: str) -> None:
        self._client = client
        self._url = queue_url

    @_translated
    def put(self, notice: RecordingStatusUpdate, *, delay_seconds: int = 0) -> None:
        self._client.send_message(
            QueueUrl=self._url,
            MessageBody=write_status_update(notice),
            DelaySeconds=min(delay_seconds, _MAX_DELAY_SECONDS),
        )

    @_translated
    def retry_in(self, receipt_handle: str, seconds: int) -> None:
        """Shows a message again after so long, instead of after the whole visibility timeout.

        One that another delivery has handled meanwhile is gone, and need not be shown.
        """
        try:
            self._client.change_message_visibility(
                QueueUrl=self._url, ReceiptHandle=receipt_handle, VisibilityTimeout=seconds
            )
        except ClientError as error:
            if error.response["Error"]["Code"] not in _GONE:
                raise


class SQSDeadLetters:
    """Implements ``ports.DeadLetters``."""

    def __init__(self, client: SQSClient, queue_url: str) -> None:
        self._client = client
        self._url = queue_url

    @_translated
    def put(self, body: str, *, reason: str, receives: int) -> None:
        """Keeps a message that the worker gave up on, with what went wrong beside it."""
        self._client.send_message(
            QueueUrl=self._url,
            MessageBody=body,
            MessageAttributes={
                "reason": {"DataType": "String", "StringValue": reason[:1000] or "unknown"},
                "receives": {"DataType": "Number", "StringValue": str(receives)},
            },
        )

    @_translated
    def take(self, limit: int) -> list[DeadLetter]:
        # how long it waits for one, the queue itself says (ReceiveMessageWaitTimeSeconds)
        answer = self._client.receive_message(
            QueueUrl=self._url, MaxNumberOfMessages=min(limit, 10)
        )
        return [
            DeadLetter(notice=_readable(message["Body"]), handle=message["ReceiptHandle"])
            for message in answer.get("Messages", [])
        ]

    @_translated
    def remove(self, letter: DeadLetter) -> None:
        self._client.delete_message(QueueUrl=self._url, ReceiptHandle=letter.handle)


def _readable(body: str) -> RecordingStatusUpdate | None:
    try:
        return read_status_update(body)
    except (ValueError, TypeError, AttributeError):
        return None


def read_messages(event: Mapping[str, Any]) -> list[RecordingMessage]:
    """What Lambda was given of the recordings queue."""
    return [_read_message(record) for record in event["Records"]]


def _read_message(record: Mapping[str, Any]) -> RecordingMessage:
    notice, unreadable = None, ""
    try:
        notice = read_status_update(record["body"])
    except (ValueError, TypeError, AttributeError) as error:
        unreadable = f"{type(error).__name__}: {error}"
    return RecordingMessage(
        message_id=record["messageId"],
        receipt_handle=record["receiptHandle"],
        body=record["body"],
        receives=int(record["attributes"]["ApproximateReceiveCount"]),
        notice=notice,
        unreadable=unreadable,
    )


def write_status_update(notice: RecordingStatusUpdate) -> str:
    """The body of a message: a JSON object of the fields that are not None."""
    return json.dumps({name: value for name, value in asdict(notice).items() if value is not None})


def read_status_update(body: str) -> RecordingStatusUpdate:
    """A message of our own queue.

    Raises:
        ValueError, TypeError, AttributeError: it is none.
    """
    values = {name: value for name, value in json.loads(body).items() if name in _FIELDS}
    if "status" in values:
        values["status"] = _read_state(values["status"])
    if "failure" in values:
        values["failure"] = Failure(**values["failure"])
    return RecordingStatusUpdate(**values)


def _read_state(word: object) -> VendorRecordingState:
    """A message of an earlier version may hold a word of Twilio's: what it means is asked anew."""
    known = {state.value: state for state in VendorRecordingState}
    return known.get(str(word), VendorRecordingState.PROCESSING)
