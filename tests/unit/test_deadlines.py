"""How long each state waits, and how an operator changes it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from callscribe.domain.calls import Call, CallState
from callscribe.domain.deadlines import (
    CALL_DEADLINES,
    DEFAULTS,
    RECORDING_DEADLINES,
    Deadlines,
    read_deadlines,
)
from callscribe.domain.recordings import Recording, RecordingState
from callscribe.domain.times import format_timestamp

NOW = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)


def a_call(status: CallState = CallState.RINGING, **more: Any) -> Call:
    return Call(call_id="0" * 32, status=status, created_at="", updated_at="", **more)


def due(entry: Call | Recording) -> timedelta | None:
    return datetime.fromisoformat(entry.due_at) - NOW if entry.due_at else None


def test_every_state_has_a_deadline_or_is_said_to_have_none() -> None:
    assert set(CALL_DEADLINES) == set(CallState)
    assert set(RECORDING_DEADLINES) == set(RecordingState)
    assert {*CALL_DEADLINES.values(), *RECORDING_DEADLINES.values()} - {None} <= set(DEFAULTS)


@pytest.mark.parametrize("status", CallState)
def test_call_that_comes_to_a_state_waits_as_long_as_that_says(status: CallState) -> None:
    call = Deadlines().started(a_call(status, due_at="x", overdue_since="y"), NOW)
    name = CALL_DEADLINES[status]
    wait = timedelta(0) if status == CallState.ERASING else DEFAULTS.get(name or "")
    assert (due(call), call.overdue_since) == (wait, None)


@pytest.mark.parametrize("status", RecordingState)
def test_recording_that_comes_to_a_state_waits_as_long_as_that_says(status: RecordingState) -> None:
    made = Recording(call_id="", recording_sid="", status=status, created_at="", updated_at="")
    assert due(Deadlines().started(made, NOW)) == DEFAULTS[RECORDING_DEADLINES[status] or ""]


def test_scheduled_call_is_overdue_after_its_own_time() -> None:
    at = format_timestamp(NOW + timedelta(days=3))
    call = Deadlines().started(a_call(CallState.SCHEDULED, place_at=at), NOW)
    assert due(call) == timedelta(days=3) + DEFAULTS["call.scheduled"]


def test_looks_grow_apart_but_not_without_end() -> None:
    looked = [Deadlines().looked_at(a_call(reconcile_attempts=n), NOW) for n in (0, 1, 2, 8)]
    assert [due(call) for call in looked] == [timedelta(minutes=n) for n in (30, 60, 120, 120)]
    assert [call.reconcile_attempts for call in looked] == [1, 2, 3, 9]
    # a wait that is longer than the longest back-off stays what it is
    talking = a_call(CallState.IN_PROGRESS, reconcile_attempts=5)
    assert due(Deadlines().looked_at(talking, NOW)) == DEFAULTS["call.in-progress"]


def test_operator_changes_some_and_keeps_the_rest() -> None:
    deadlines = read_deadlines("call.in-progress=1455, recording.submitted=60")
    assert deadlines["call.in-progress"] == timedelta(hours=24, minutes=15)
    assert deadlines["recording.submitted"] == timedelta(hours=1)
    assert deadlines["call.queued"] == DEFAULTS["call.queued"]
    assert read_deadlines("") == Deadlines()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("call.sleeping=5", "call.sleeping"),
        ("call.queued", "whole minutes"),
        ("call.queued=soon", "whole minutes"),
        ("call.queued=1.5", "whole minutes"),
        ("call.queued=0", "1 to"),
        ("call.queued=99999999", "1 to"),
    ],
)
def test_mistake_is_named(text: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        read_deadlines(text)
