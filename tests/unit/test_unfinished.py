"""What is not finished, or not answered, is neither absent nor waited for without end."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest

from callscribe.domain.calls import Call
from callscribe.domain.deadlines import Deadlines
from callscribe.domain.errors import RetryLaterError, VendorOutcomeUnknownError
from callscribe.domain.failures import Failure
from callscribe.domain.recordings import Recording
from callscribe.domain.times import format_timestamp
from callscribe.ports.telephony import RecordingStatusUpdate, VendorRecordingState
from callscribe.use_cases.finish_recording import FinishRecording
from callscribe.use_cases.process_recording import ProcessRecording
from simulation.memory_store import MemoryCallStore
from tests.support.doubles import QuietTelemetry, ledger_of
from tests.support.entries import CALL_ID, RECORDING_SID, a_call, a_recording

NOW = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
TOO_SHORT = Failure("recording_too_short", "too short", retryable=False)


class Silence:
    """A vendor that never answers, and an event_publisher that takes everything."""

    def get(self, _: str) -> Any:
        raise VendorOutcomeUnknownError("AssemblyAI", "AssemblyAI answered 500", status=500)

    def publish(self, *_: object) -> None: ...


def finishing(store: MemoryCallStore) -> FinishRecording:
    silence = cast(Any, Silence())
    return FinishRecording(
        store=store,
        ledger=ledger_of(store, lambda: NOW),
        transcriber=silence,
        documents=silence,
        queue=silence,
        event_publisher=silence,
        telemetry=QuietTelemetry(),
        clock=lambda: NOW,
        deadlines=Deadlines(),
    )


def entries(store: MemoryCallStore, *, submitted_hours_ago: float) -> tuple[Call, Recording]:
    at = format_timestamp(NOW - timedelta(hours=submitted_hours_ago))
    call, recording = a_call(), a_recording("submitted", transcript_id="one", submitted_at=at)
    store.save(None, call)
    store.save(None, recording)
    return call, recording


def test_recording_of_which_assemblyai_only_answers_errors_ends_by_name() -> None:
    store = MemoryCallStore()
    finishing(store).ask_again(*entries(store, submitted_hours_ago=49))
    stands = store.recordings[CALL_ID, RECORDING_SID]
    assert (stands.status, stands.error_code) == ("error", "transcript_unavailable")
    assert stands.error_retryable


def test_recording_of_which_assemblyai_answers_an_error_waits_for_now() -> None:
    store = MemoryCallStore()
    with pytest.raises(VendorOutcomeUnknownError):
        finishing(store).ask_again(*entries(store, submitted_hours_ago=47))
    assert store.recordings[CALL_ID, RECORDING_SID].status == "submitted"


def process(status: VendorRecordingState, failure: Failure | None = None) -> MemoryCallStore:
    store = MemoryCallStore()
    store.save(None, a_call())
    nothing = cast(Any, None)
    work = ProcessRecording(
        store=store,
        ledger=ledger_of(store, lambda: NOW),
        telephony=nothing,
        audio=nothing,
        transcriber=nothing,
        track=nothing,
        finish=finishing(store),
        telemetry=QuietTelemetry(),
        clock=lambda: NOW,
        deadlines=Deadlines(),
        webhook_secret=str,
    )
    work.process(
        RecordingStatusUpdate(
            recording_sid=RECORDING_SID, status=status, call_id=CALL_ID, failure=failure
        )
    )
    return store


@pytest.mark.parametrize(
    "status", [VendorRecordingState.IN_PROGRESS, VendorRecordingState.PROCESSING]
)
def test_recording_that_is_not_finished_is_not_absent(status: VendorRecordingState) -> None:
    with pytest.raises(RetryLaterError):
        process(status)


@pytest.mark.parametrize(
    ("told", "failure", "status", "code"),
    [
        (VendorRecordingState.ABSENT, None, "absent", "recording_absent"),
        (VendorRecordingState.ABSENT, TOO_SHORT, "absent", "recording_too_short"),
        (VendorRecordingState.DELETED, None, "error", "recording_deleted"),
    ],
)
def test_unavailable_recording_ends_by_name(
    told: VendorRecordingState, failure: Failure | None, status: str, code: str
) -> None:
    stands = process(told, failure).recordings[CALL_ID, RECORDING_SID]
    assert (stands.status, stands.error_code) == (status, code)
