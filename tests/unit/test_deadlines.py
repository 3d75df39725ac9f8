"""How long each state waits, and how an operator changes it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from callscribe.domain.calls import CALL_TERMINAL, STATUSES
from callscribe.domain.deadlines import DEFAULTS, Deadlines, read_deadlines
from callscribe.domain.recordings import RECORDING_TERMINAL
from callscribe.domain.recordings import STATUSES as RECORDING_STATUSES

NOW = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
CALL_ID = "0" * 32


def test_every_state_that_waits_has_a_deadline_and_no_other() -> None:
    waits = {name for name in STATUSES if Deadlines().of_call(CALL_ID, name, NOW)["due_at"]}
    # after the end its recordings are looked for; what is left of an erased call waits for nobody
    assert waits == {*STATUSES} - (CALL_TERMINAL - {"completed"}) - {"erased"}
    waits = {n for n in RECORDING_STATUSES if Deadlines().of_recording(CALL_ID, n, NOW)["due_at"]}
    assert waits == {*RECORDING_STATUSES} - RECORDING_TERMINAL


def test_looks_grow_apart_but_not_without_end() -> None:
    due = [Deadlines().of_call(CALL_ID, "ringing", NOW, n)["due_at"] for n in (0, 1, 2, 3, 9)]
    minutes = [15, 30, 60, 120, 120]
    expected = [NOW + timedelta(minutes=n) for n in minutes]
    assert [datetime.fromisoformat(text) for text in due] == expected
    # a wait that is longer than the longest back-off stays what it is
    long = [Deadlines().of_call(CALL_ID, "in-progress", NOW, n)["due_at"] for n in (0, 5)]
    assert long[0] == long[1]


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
