"""What a look-up tells is kept, and takes nothing away."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from itertools import cycle, islice
from typing import Any

import pytest

from callscribe.domain.calls import Call, CallState
from callscribe.domain.errors import RetryLaterError
from callscribe.ports.telephony import CallStatusUpdate
from simulation.memory_store import MemoryCallStore
from tests.support.doubles import track_call
from tests.support.entries import CALL_ID, CALL_SID, a_call

NOW = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
BEGUN, ENDED = "2026-11-21T07:00:00.000Z", "2026-11-21T07:00:20.000Z"


def told(**more: Any) -> CallStatusUpdate:
    values: dict[str, Any] = {
        "call_sid": CALL_SID,
        "status": CallState.COMPLETED,
        "to_number": "+14155550100",
        "from_number": "+15005550006",
        "direction": "inbound",
        "at": ENDED,
        "answered_at": BEGUN,
        "ended_at": ENDED,
        "duration_seconds": 20,
    }
    return CallStatusUpdate(**(values | more))


def applied(call: Call, *news: CallStatusUpdate, store: MemoryCallStore | None = None) -> Call:
    store = store or MemoryCallStore()
    store.save(None, call)
    track = track_call(store, lambda: NOW)
    for one in news:
        track.apply(CALL_ID, one)
    return store.calls[CALL_ID]


def test_look_up_fills_in_what_an_ended_call_lacks() -> None:
    call = applied(a_call(call_sid=CALL_SID, due_at=ENDED), told())
    assert (call.duration_seconds, call.answered_at, call.ended_at) == (20, BEGUN, ENDED)
    assert (call.to_number, call.from_number) == ("+14155550100", "+15005550006")
    assert call.direction == "inbound"
    # it waits for what it waited for
    assert call.due_at == ENDED


def test_what_is_known_already_stays() -> None:
    known: dict[str, Any] = {
        "duration_seconds": 7,
        "answered_at": "a",
        "ended_at": "b",
        "to_number": "c",
    }
    call = applied(a_call(call_sid=CALL_SID, **known, direction="outbound-api"), told())
    assert {name: getattr(call, name) for name in known} == known
    assert (call.from_number, call.direction) == (None, "outbound-api")


def test_look_up_that_moves_a_call_says_when_it_was_answered() -> None:
    call = applied(a_call(call_sid=CALL_SID, status="ringing"), told())
    assert (call.status, call.answered_at, call.duration_seconds) == ("completed", BEGUN, 20)
    call = applied(a_call(call_sid=CALL_SID, status="in-progress", answered_at="first"), told())
    assert (call.status, call.answered_at) == ("completed", "first")


class Contended(MemoryCallStore):
    """Another writer's write comes just before each of ours: ``statuses``, one after the other."""

    def __init__(self, statuses: Iterable[CallState]) -> None:
        super().__init__()
        self.statuses = iter(statuses)

    def save(self, before: Any, after: Any, **conditions: Any) -> bool:
        for status in islice(self.statuses, 1 if before else 0):
            stands = self.calls[before.call_id]
            super().save(stands, replace(stands, status=status))
        return super().save(before, after, **conditions)


def test_last_of_many_callbacks_at_the_same_moment_is_kept() -> None:
    store = Contended(
        (CallState.QUEUED, CallState.INITIATED, CallState.RINGING, CallState.IN_PROGRESS)
    )
    placing = a_call(status=CallState.PLACING)
    assert applied(placing, told(), store=store).status == "completed"


def test_news_that_cannot_be_kept_is_asked_for_again() -> None:
    store = Contended(cycle((CallState.INITIATED, CallState.RINGING)))
    with pytest.raises(RetryLaterError):
        applied(a_call(status=CallState.PLACING), told(), store=store)


@pytest.mark.parametrize("status", ["erasing", "erased"])
def test_nothing_comes_back_to_a_call_that_was_erased(status: str) -> None:
    call = a_call(call_sid=CALL_SID, status=status)
    assert applied(call, told()) == call


def test_call_that_nobody_answered_has_no_such_time() -> None:
    news = told(status=CallState.NO_ANSWER, duration_seconds=None, answered_at=None)
    assert applied(a_call(call_sid=CALL_SID, status="ringing"), news).answered_at is None


@pytest.mark.parametrize(
    "call",
    [
        a_call(call_sid=CALL_SID, status="ringing"),
        a_call(status="failed"),
    ],
)
def test_status_that_is_not_known_here_moves_nothing(call: Call) -> None:
    assert applied(call, told(status=None)).status == call.status
