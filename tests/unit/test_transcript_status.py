"""A call's transcript in one word: what asking for the transcript would be answered."""

from __future__ import annotations

from itertools import combinations_with_replacement
from typing import Any

import pytest

from callscribe.domain.calls import CALL_TERMINAL, STATUSES, CallState
from callscribe.domain.errors import NotReadyError
from callscribe.domain.recordings import STATUSES as RECORDING_STATUSES
from callscribe.domain.recordings import Recording, RecordingState
from callscribe.domain.transcript_status import TranscriptStatus, transcript_status
from callscribe.use_cases.read_calls import CallListQuery
from simulation.memory_store import MemoryCallStore
from tests.support.doubles import Recorder
from tests.support.entries import CALL_ID, a_call, a_recording
from tests.support.gateways import InMemoryGateways, application

COMPLETED = {"status": "completed", "transcript_key": "transcripts/x"}
SILENT = {"status": "silent", "transcript_key": "transcripts/x"}
KINDS: list[dict[str, Any]] = [
    *({"status": status} for status in RECORDING_STATUSES if status != RecordingState.COMPLETED),
    COMPLETED,
    SILENT,
]


def stored(recordings: list[dict[str, Any]], status: str = "completed", **more: Any) -> Any:
    """The use case that reads, over a call with these recordings."""
    store = MemoryCallStore()
    store.save(None, a_call(status, **more))
    for number, fields in enumerate(recordings):
        store.save(None, recording(number, **fields))
    gateways = InMemoryGateways(store=store, documents=Recorder(), read_transcript=lambda _: None)
    return application(gateways).read_calls


def recording(number: int, **fields: Any) -> Recording:
    return a_recording(recording_sid=f"RE{number:032}", **fields)


def answered(read: Any) -> set[TranscriptStatus]:
    """Which words go with what asking for the transcript is answered."""
    try:
        read.transcript(CALL_ID)
    except NotReadyError as error:
        final = {TranscriptStatus.NONE, TranscriptStatus.FAILED}
        return final if error.final else {TranscriptStatus.PENDING}
    return {TranscriptStatus.COMPLETED, TranscriptStatus.PARTIAL}


@pytest.mark.parametrize("number", [0, 1, 2, 3])
def test_status_is_what_the_transcript_would_be_answered(number: int) -> None:
    for recordings in combinations_with_replacement(KINDS, number):
        read = stored(list(recordings))
        call, _ = read.get(CALL_ID)
        [listed] = read.page(CallListQuery(day=call.created_at[:10], limit=1)).calls
        assert transcript_status(call) in answered(read), recordings
        assert transcript_status(listed) == transcript_status(call), recordings


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize("due_at", [None, "2026-11-21T09:00:00.000Z"])
def test_without_recordings_it_is_pending_until_none_can_come(
    status: CallState, due_at: str | None
) -> None:
    ended = status in CALL_TERMINAL and due_at is None
    is_erased = status in (CallState.ERASING, CallState.ERASED)
    expected = TranscriptStatus.NONE if ended or is_erased else TranscriptStatus.PENDING
    assert transcript_status(a_call(status, due_at=due_at)) == expected


@pytest.mark.parametrize(
    ("recordings", "expected"),
    [
        ([COMPLETED], "completed"),
        ([SILENT], "completed"),
        ([COMPLETED, {"status": "absent"}], "completed"),
        ([COMPLETED, {"status": "error"}], "partial"),
        ([COMPLETED, {"status": "submitted"}], "pending"),
        ([{"status": "error"}, {"status": "absent"}], "failed"),
        ([{"status": "silent"}], "none"),
        ([{"status": "absent"}], "none"),
    ],
)
def test_status_of_several_recordings(recordings: list[dict[str, Any]], expected: str) -> None:
    call, _ = stored(recordings).get(CALL_ID)
    assert transcript_status(call) == expected
