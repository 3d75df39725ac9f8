"""The ledger: what it adds to a change, when it writes it, and what it refuses to write."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any, cast, get_args

import pytest

from callscribe.domain.calls import CALL_TRANSITIONS, Call, CallState
from callscribe.domain.deadlines import DEFAULTS, Deadlines, settled
from callscribe.domain.failures import Failure
from callscribe.domain.recordings import (
    RECORDING_TRANSITIONS,
    Recording,
    RecordingState,
    ended,
    reopened,
)
from callscribe.domain.times import format_timestamp
from callscribe.use_cases.ledger import Guard, Ledger, TransitionError
from simulation.memory_store import MemoryCallStore
from tests.support.doubles import ledger_of

NOW = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
AT = format_timestamp(NOW)
BEFORE = format_timestamp(NOW - timedelta(hours=1))
FAILURE = Failure("download_error", "it could not be read", retryable=True)


def a_call(status: CallState = CallState.PLACING, **more: Any) -> Call:
    values = {"created_at": BEFORE, "updated_at": BEFORE} | more
    return Call(call_id="0" * 32, status=status, **values)


def a_recording(status: RecordingState = RecordingState.SUBMITTED, **more: Any) -> Recording:
    values = {"created_at": BEFORE, "updated_at": BEFORE} | more
    return Recording(call_id="0" * 32, recording_sid="RE" + "1" * 32, status=status, **values)


@pytest.fixture
def store() -> MemoryCallStore:
    return MemoryCallStore()


@pytest.fixture
def ledger(store: MemoryCallStore) -> Ledger:
    return ledger_of(store, lambda: NOW)


def standing(store: MemoryCallStore, entry: Call | Recording) -> Any:
    if isinstance(entry, Recording):
        store.save(None, a_call(CallState.COMPLETED))
    store.save(None, cast(Any, entry))
    return entry


def test_what_is_added_waits_from_its_creation_on(ledger: Ledger) -> None:
    call = ledger.add(a_call())
    assert call is not None
    expected = NOW - timedelta(hours=1) + DEFAULTS["call.placing"]
    assert (call.updated_at, call.due_at) == (BEFORE, format_timestamp(expected))
    assert ledger.add(a_call()) is None


def test_change_of_status_is_stamped_and_has_the_deadline_of_it(
    store: MemoryCallStore, ledger: Ledger
) -> None:
    call = standing(store, a_call(due_at=BEFORE, overdue_since=BEFORE))
    saved = ledger.save(call, replace(call, status=CallState.RINGING, call_sid="CA1"))
    assert saved is not None
    assert (saved.updated_at, saved.overdue_since) == (AT, None)
    assert saved.due_at == format_timestamp(NOW + DEFAULTS["call.ringing"])
    assert store.get_call(call.call_id) == saved


def test_look_that_found_no_news_is_no_change_of_the_call(
    store: MemoryCallStore, ledger: Ledger
) -> None:
    call = standing(store, a_call())
    saved = ledger.save(call, Deadlines().looked_at(call, NOW))
    assert saved is not None
    assert (saved.reconcile_attempts, saved.updated_at) == (1, BEFORE)


def pairs(states: type[CallState] | type[RecordingState], table: Any) -> list[tuple[Any, Any]]:
    return [(one, other) for one, other in permutations(states, 2) if other not in table[one]]


@pytest.mark.parametrize(("one", "other"), pairs(CallState, CALL_TRANSITIONS))
def test_call_makes_no_move_that_the_table_does_not_have(
    store: MemoryCallStore, ledger: Ledger, one: CallState, other: CallState
) -> None:
    call = standing(store, a_call(one))
    with pytest.raises(TransitionError):
        ledger.save(call, replace(call, status=other))
    assert store.get_call(call.call_id) == call


@pytest.mark.parametrize(("one", "other"), pairs(RecordingState, RECORDING_TRANSITIONS))
def test_recording_makes_no_move_that_the_table_does_not_have(
    store: MemoryCallStore, ledger: Ledger, one: RecordingState, other: RecordingState
) -> None:
    recording = standing(store, a_recording(one))
    with pytest.raises(TransitionError):
        ledger.save(recording, replace(recording, status=other))


def test_statuses_that_a_write_may_come_from_must_allow_it(ledger: Ledger) -> None:
    call = a_call()
    ringing = replace(call, status=CallState.RINGING)
    with pytest.raises(TransitionError):
        ledger.save(call, ringing, only_from=[CallState.PLACING, CallState.COMPLETED])


def test_failure_that_twilio_told_of_is_final(store: MemoryCallStore, ledger: Ledger) -> None:
    ours = standing(store, a_call(CallState.FAILED))
    assert ledger.save(ours, replace(ours, status=CallState.RINGING, call_sid="CA1"))
    theirs = a_call(CallState.FAILED, call_sid="CA1")
    with pytest.raises(TransitionError):
        ledger.save(theirs, replace(theirs, status=CallState.RINGING))


def test_end_is_kept_although_reconciliation_looked_meanwhile(
    store: MemoryCallStore, ledger: Ledger
) -> None:
    """A webhook concludes what it has read; only the bookkeeping moved, and it is not undone."""
    recording = standing(store, a_recording(due_at=BEFORE))
    ledger.save(recording, Deadlines().looked_at(recording, NOW))
    after = ended(replace(recording, text="Hello"), RecordingState.COMPLETED, None)
    saved = ledger.save(recording, after)
    stands = store.get_recording(recording.call_id, recording.recording_sid)
    assert saved is not None
    assert stands is not None
    assert stands == replace(saved, reconcile_attempts=1)
    assert stands.due_at == format_timestamp(NOW + DEFAULTS["recording.announce"])


def test_later_claim_that_looks_the_same_is_told_apart(
    store: MemoryCallStore, ledger: Ledger
) -> None:
    read = standing(store, a_recording(RecordingState.SUBMITTING, claims=1))
    store.save(read, replace(read, claims=2))
    assert ledger.save(read, replace(read, status=RecordingState.SUBMITTED)) is None
    assert ledger.save(read, settled(replace(read, due_at=AT, source="x"))) is None
    assert ledger.remove(read) is False
    assert ledger.remove(replace(read, claims=2)) is True


def test_failure_is_in_its_index_exactly_while_it_is_one(
    store: MemoryCallStore, ledger: Ledger
) -> None:
    recording = standing(store, a_recording(audio_key="audio"))
    failed = ledger.save(recording, ended(recording, RecordingState.ERROR, FAILURE))
    assert failed is not None
    assert failed.failed_at == AT
    again = ledger.save(failed, reopened(failed), unchanged=["retries"])
    assert again is not None
    assert (again.status, again.failed_at, again.failure) == (RecordingState.STORED, None, None)
    # two operators, one retry
    assert ledger.save(failed, reopened(failed), unchanged=["retries"]) is None


def test_what_another_filled_in_first_stays(store: MemoryCallStore, ledger: Ledger) -> None:
    call = standing(store, a_call(CallState.COMPLETED))
    assert ledger.fill_in(call, replace(call, ended_at="1"))
    assert ledger.fill_in(call, replace(call, ended_at="2")) is None
    assert ledger.fill_in(call, replace(call, duration_seconds=7))
    stands = store.get_call(call.call_id)
    assert stands == replace(call, ended_at="1", duration_seconds=7, updated_at=AT)


def test_every_guard_is_a_field() -> None:
    names = {field.name for kind in (Call, Recording) for field in fields(kind)}
    assert set(get_args(Guard)) <= names
