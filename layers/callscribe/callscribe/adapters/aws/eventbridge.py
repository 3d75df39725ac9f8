"""Events for subscribers that wait for the end of a recording; docs/events.md has their schema."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from callscribe.adapters.aws.errors import translated
from callscribe.domain.calls import Call
from callscribe.domain.errors import RetryLaterError
from callscribe.domain.recordings import DONE, Recording

if TYPE_CHECKING:
    from mypy_boto3_events import EventBridgeClient

SOURCE = "callscribe"


class EventBridgePublisher:
    """Implements ``ports.EventPublisher``."""

    def __init__(self, client: EventBridgeClient, event_bus_name: str) -> None:
        self._client = client
        self._bus = event_bus_name

    @translated("EventBridge")
    def publish(self, call: Call, recording: Recording) -> None:
        """Raises RetryLaterError where EventBridge did not take it."""
        answer = self._client.put_events(
            Entries=[
                {
                    "EventBusName": self._bus,
                    "Source": SOURCE,
                    "DetailType": detail_type(recording),
                    "Detail": json.dumps(detail(call, recording)),
                }
            ]
        )
        if answer["FailedEntryCount"]:
            raise RetryLaterError("EventBridge did not take the event", seconds=30)


def detail_type(recording: Recording) -> str:
    """Silence is an end too, and a good one: only absent and error are failures."""
    ended_well = recording.status in DONE
    return "Transcript Completed" if ended_well else "Transcript Failed"


def detail(call: Call, recording: Recording) -> dict[str, object]:
    """No text and no phone numbers: a subscriber that needs them reads the call."""
    failure = recording.failure
    return {
        "version": 1,
        "call_id": recording.call_id,
        "call_sid": call.call_sid,
        "recording_sid": recording.recording_sid,
        "status": recording.status,
        "transcript_id": recording.transcript_id,
        "duration_seconds": recording.duration_seconds,
        "language_code": recording.language_code,
        "confidence": recording.confidence,
        "metadata": call.metadata,
        "error": failure
        and {"code": failure.code, "message": failure.message, "retryable": failure.retryable},
    }
