"""Works the recordings queue: audio from Twilio to the bucket, then to AssemblyAI."""

from __future__ import annotations

from typing import Any

from callscribe.adapters.aws.sqs import read_messages
from callscribe.api.entrypoints import Context, LambdaHandler
from callscribe.api.http import Event
from callscribe.bootstrap.application import Application, process_application


def handle_messages(app: Application, event: Event, _: Context) -> dict[str, Any]:
    """Answers with the messages that failed; only those come again (ReportBatchItemFailures)."""
    failed = app.handle_recording_messages.handle(read_messages(event))
    return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in failed]}


handler = LambdaHandler(handle_messages, process_application)
