"""The recordings queue: the durable inbox of everything Twilio says about recordings."""

from __future__ import annotations

import json
from dataclasses import asdict, fields
from typing import TYPE_CHECKING

from callscribe.ports import RecordingNotice

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

_FIELDS = frozenset(field.name for field in fields(RecordingNotice))


class SQSRecordingsQueue:
    """Implements ``ports.RecordingsQueue``."""

    def __init__(self, client: SQSClient, queue_url: str) -> None:
        self._client = client
        self._url = queue_url

    def put(self, notice: RecordingNotice, *, delay_seconds: int = 0) -> None:
        self._client.send_message(
            QueueUrl=self._url, MessageBody=write_notice(notice), DelaySeconds=delay_seconds
        )

    def retry_in(self, receipt_handle: str, seconds: int) -> None:
        """Shows a message again after so long, instead of after the whole visibility timeout."""
        self._client.change_message_visibility(
            QueueUrl=self._url, ReceiptHandle=receipt_handle, VisibilityTimeout=seconds
        )


def write_notice(notice: RecordingNotice) -> str:
    return json.dumps({name: value for name, value in asdict(notice).items() if value is not None})


def read_notice(body: str) -> RecordingNotice:
    """A message of our own queue.

    Raises:
        ValueError, TypeError: it is none; after its tries it reaches the dead-letter queue.
    """
    values = json.loads(body)
    return RecordingNotice(**{name: value for name, value in values.items() if name in _FIELDS})
