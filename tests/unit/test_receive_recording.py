"""A recording's callback: acknowledged means kept."""

from __future__ import annotations

import pytest

from callscribe.domain.errors import RetryLaterError
from callscribe.ports.telephony import RecordingStatusUpdate, VendorRecordingState
from callscribe.use_cases.receive_recording import ReceiveRecording
from tests.support.doubles import QuietTelemetry, Recorder
from tests.support.entries import CALL_ID, RECORDING_SID


def an_update(status: VendorRecordingState) -> RecordingStatusUpdate:
    return RecordingStatusUpdate(recording_sid=RECORDING_SID, call_id=CALL_ID, status=status)


@pytest.mark.parametrize("status", ["processing", "completed", "absent", "deleted"])
def test_callback_is_kept_as_it_came(status: str) -> None:
    queue, update = Recorder(), an_update(VendorRecordingState(status))
    ReceiveRecording(queue=queue, telemetry=QuietTelemetry()).receive(update)
    assert queue.given == [(update,)]


def test_callback_that_only_says_that_it_runs_is_of_no_use() -> None:
    queue = Recorder()
    running = an_update(VendorRecordingState.IN_PROGRESS)
    ReceiveRecording(queue=queue, telemetry=QuietTelemetry()).receive(running)
    assert queue.asked == []


def test_callback_that_cannot_be_kept_is_not_acknowledged() -> None:
    queue = Recorder()
    queue.answers["put"] = RetryLaterError("the queue is busy", seconds=5)
    with pytest.raises(RetryLaterError):
        ReceiveRecording(queue=queue, telemetry=QuietTelemetry()).receive(
            an_update(VendorRecordingState.COMPLETED)
        )
