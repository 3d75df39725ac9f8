"""The queue's retry policy: twice as late each time, and in the end a letter that says why."""

from __future__ import annotations

import json
from typing import Any, cast

import pytest

from callscribe.adapters.aws.sqs import read_messages, write_status_update
from callscribe.domain.errors import RetryLaterError, VendorRefusedError
from callscribe.ports.telephony import RecordingStatusUpdate, VendorRecordingState
from callscribe.use_cases.handle_recording_messages import (
    MAX_RECEIVES,
    MAX_WAIT_SECONDS,
    HandleRecordingMessages,
)
from functions.transcribe.app import handler
from tests.support.doubles import QuietTelemetry

NOTICE = RecordingStatusUpdate(
    recording_sid="RE" + "1" * 32, status=VendorRecordingState.COMPLETED, call_id="0" * 32
)


class Telemetry(QuietTelemetry):
    def __init__(self) -> None:
        self.bugs: list[tuple[str, Exception]] = []

    def exception(self, message: str, error: Exception) -> None:
        self.bugs.append((message, error))


class Queue:
    """Takes what is to be delivered later; ``error`` is raised instead."""

    def __init__(self) -> None:
        self.later: dict[str, int] = {}
        self.error: RetryLaterError | None = None

    def retry_in(self, receipt_handle: str, seconds: int) -> None:
        if self.error is not None:
            raise self.error
        self.later[receipt_handle] = seconds


class Letters:
    def __init__(self) -> None:
        self.put_aside: list[tuple[str, str, int]] = []

    def put(self, body: str, *, reason: str, receives: int) -> None:
        self.put_aside.append((body, reason, receives))


class Worker:
    """The use case; ``errors`` are raised for each recording in turn."""

    def __init__(self, *errors: Exception | None) -> None:
        self.errors = list(errors)
        self.processed: list[RecordingStatusUpdate] = []
        self.queue, self.letters, self.telemetry = Queue(), Letters(), Telemetry()
        self.handle_recording_messages = HandleRecordingMessages(
            process=self._process,
            queue=self.queue,
            dead_letters=cast(Any, self.letters),
            telemetry=self.telemetry,
        )

    def _process(self, notice: RecordingStatusUpdate) -> None:
        self.processed.append(notice)
        error = self.errors.pop(0) if self.errors else None
        if error is not None:
            raise error

    def handle(self, *records: dict[str, Any]) -> list[str]:
        return self.handle_recording_messages.handle(read_messages({"Records": records}))


def record(number: int = 1, receives: int = 1, body: str | None = None) -> dict[str, Any]:
    return {
        "messageId": f"message-{number}",
        "receiptHandle": f"handle-{number}",
        "body": write_status_update(NOTICE) if body is None else body,
        "attributes": {"ApproximateReceiveCount": str(receives)},
    }


def test_what_is_processed_is_done() -> None:
    worker = Worker()
    assert worker.handle(record()) == []
    assert worker.processed == [NOTICE]
    assert (worker.queue.later, worker.letters.put_aside) == ({}, [])


def test_only_what_failed_comes_again() -> None:
    worker = Worker(None, RetryLaterError("busy", seconds=5), None)
    assert worker.handle(record(1), record(2), record(3)) == ["message-2"]
    assert worker.queue.later == {"handle-2": 5}


@pytest.mark.parametrize(("receives", "seconds"), [(1, 5), (2, 10), (5, 80), (7, 320)])
def test_each_retry_waits_twice_as_long(receives: int, seconds: int) -> None:
    worker = Worker(RetryLaterError("busy", seconds=5))
    assert worker.handle(record(receives=receives)) == ["message-1"]
    assert worker.queue.later == {"handle-1": seconds}


def test_no_retry_waits_longer_than_a_quarter_of_an_hour() -> None:
    worker = Worker(RetryLaterError("busy", seconds=600))
    worker.handle(record(receives=7))
    assert worker.queue.later == {"handle-1": MAX_WAIT_SECONDS}


@pytest.mark.parametrize("error", [VendorRefusedError("Twilio", "no"), KeyError("a bug")])
def test_what_says_no_time_waits_half_a_minute(error: Exception) -> None:
    worker = Worker(error)
    assert worker.handle(record()) == ["message-1"]
    assert worker.queue.later == {"handle-1": 30}
    logged = [("message failed", error)] if isinstance(error, KeyError) else []
    assert worker.telemetry.bugs == logged


def test_last_failure_goes_to_the_dead_letter_queue_with_its_reason() -> None:
    worker = Worker(VendorRefusedError("Twilio", "no"))
    assert worker.handle(record(receives=MAX_RECEIVES)) == []
    [(body, reason, receives)] = worker.letters.put_aside
    assert (body, receives) == (write_status_update(NOTICE), MAX_RECEIVES)
    assert reason == "VendorRefusedError: no"
    assert worker.queue.later == {}


@pytest.mark.parametrize("body", ["", "no JSON", "[]", "null", "{}", '{"status": "completed"}'])
def test_unreadable_message_goes_to_the_dead_letter_queue_at_once(body: str) -> None:
    worker = Worker()
    assert worker.handle(record(body=body)) == []
    [(kept, reason, receives)] = worker.letters.put_aside
    assert (kept, receives) == (body, 1)
    assert reason.startswith("unreadable: ")
    assert worker.processed == []


def test_message_whose_visibility_cannot_be_changed_comes_again_all_the_same() -> None:
    worker = Worker(RetryLaterError("busy", seconds=5))
    worker.queue.error = RetryLaterError("SQS is throttled", seconds=5)
    assert worker.handle(record()) == ["message-1"]


def test_handler_answers_as_sqs_asks_for_it() -> None:
    worker = Worker(RetryLaterError("busy", seconds=5))
    answer = handler.using(worker)({"Records": [record()]}, None)  # type: ignore[arg-type]
    assert json.loads(json.dumps(answer)) == {
        "batchItemFailures": [{"itemIdentifier": "message-1"}]
    }
