"""What callbacks and look-ups tell is kept, and takes nothing away; unknown calls are adopted once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import cycle, permutations
from typing import Any

import pytest

from callscribe.domain.calls import Call, CallState, call_id_for_sid
from callscribe.domain.errors import RetryLaterError, VendorNotFoundError
from callscribe.ports.telephony import CallStatusUpdate
from callscribe.use_cases.track_call import adopt_by_sid
from simulation.memory_store import MemoryCallStore
from tests.support.doubles import Recorder, track_call
from tests.support.entries import CALL_ID, CALL_SID, a_call
from tests.support.stores import ContendedStore

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


@pytest.mark.parametrize(
    "order",
    list(permutations((CallState.RINGING, CallState.IN_PROGRESS, CallState.COMPLETED))),
)
def test_callbacks_in_any_order_and_again_only_move_forward(order: Iterable[CallState]) -> None:
    news = [told(status=status, duration_seconds=7) for status in order]
    call = applied(a_call(status="queued"), *news, *news)
    assert (call.status, call.duration_seconds) == ("completed", 7)


def contended(statuses: Iterable[CallState]) -> ContendedStore:
    """The call comes to one of these after the other, each just before a write of ours."""
    coming = iter(statuses)

    def move(call: Call, _: Call) -> Call | None:
        status = next(coming, None)
        return replace(call, status=status) if status else None

    return ContendedStore(move)


def test_last_of_many_callbacks_at_the_same_moment_is_kept() -> None:
    store = contended(
        (CallState.QUEUED, CallState.INITIATED, CallState.RINGING, CallState.IN_PROGRESS)
    )
    placing = a_call(status=CallState.PLACING)
    assert applied(placing, told(), store=store).status == "completed"


def test_news_that_cannot_be_kept_is_asked_for_again() -> None:
    store = contended(cycle((CallState.INITIATED, CallState.RINGING)))
    with pytest.raises(RetryLaterError):
        applied(a_call(status=CallState.PLACING), told(), store=store)


@pytest.mark.parametrize("status", ["erasing", "erased"])
def test_nothing_comes_back_to_a_call_that_was_erased(status: str) -> None:
    call = a_call(call_sid=CALL_SID, status=status)
    assert applied(call, told()) == call


def test_call_that_was_not_answered_has_no_such_time() -> None:
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


URL = "https://api.example"


def received(store: MemoryCallStore, news: CallStatusUpdate, call_id: str | None = None) -> None:
    track_call(store, lambda: NOW).receive(news, call_id=call_id, base_url=URL)


def test_callback_of_a_call_that_we_never_placed_adopts_it_once() -> None:
    store = MemoryCallStore()
    received(store, told(status=CallState.RINGING))
    received(store, told())
    # late: forward only
    received(store, told(status=CallState.RINGING))
    [call] = store.calls.values()
    assert (call.call_id, call.call_sid) == (call_id_for_sid(CALL_SID), CALL_SID)
    assert (call.status, call.direction, call.base_url) == ("completed", "inbound", URL)
    assert call.expires_at == int((NOW + timedelta(days=365)).timestamp())


def test_callback_of_a_call_of_ours_without_its_id_adopts_no_other() -> None:
    store = MemoryCallStore()
    store.save(None, a_call("ringing", call_sid=CALL_SID))
    received(store, told())
    assert {name: call.status for name, call in store.calls.items()} == {CALL_ID: "completed"}


@pytest.mark.parametrize("call_id", [None, CALL_ID])
def test_callback_of_a_status_that_is_not_known_here_writes_nothing(call_id: str | None) -> None:
    store = MemoryCallStore()
    received(store, told(status=None), call_id)
    assert store.calls == {}


def test_callback_of_a_call_that_expired_brings_nothing_back() -> None:
    store = MemoryCallStore()
    received(store, told(), CALL_ID)
    assert store.calls == {}


def test_callback_that_names_another_call_changes_nothing() -> None:
    ringing = a_call("ringing", call_sid="CA" + "9" * 32)
    assert applied(ringing, told()) == ringing


def test_call_of_an_unknown_outcome_learns_its_sid_from_a_callback() -> None:
    call = applied(a_call("unknown", reconcile_attempts=3), told(status=CallState.RINGING))
    assert (call.status, call.call_sid, call.reconcile_attempts) == ("ringing", CALL_SID, 0)


@pytest.mark.parametrize("news", [told(), told(status=CallState.FAILED)])
def test_twilio_knows_better_than_our_conclusion_that_it_never_got_the_call(
    news: CallStatusUpdate,
) -> None:
    ours = a_call("failed", error_code="never_reached_twilio", error_retryable=True)
    call = applied(ours, news)
    assert (call.status, call.call_sid, call.error_code) == (news.status, CALL_SID, None)


@pytest.mark.parametrize("status", [CallState.COMPLETED, None])
def test_call_is_adopted_once_whatever_is_told_first(status: CallState | None) -> None:
    store = MemoryCallStore()
    track = track_call(store, lambda: NOW)
    first = track.adopt(told(status=status), base_url=URL, mode="message", imported=True)
    assert track.adopt(told(), base_url="https://other.example") == first
    assert (first.status, first.mode, first.imported) == (status or "queued", "message", True)
    assert list(store.calls.values()) == [first]


NUMBERS = {"to_number": "+14155550100", "from_number": "+15005550006"}
OUTBOUND = told(direction="outbound-api")


@pytest.mark.parametrize(
    ("call", "news", "is_ours"),
    [
        # its SID was found a moment ago
        (a_call("ringing", call_sid=CALL_SID, **NUMBERS), OUTBOUND, True),
        # Twilio's answer was lost
        (a_call("placing", **NUMBERS), OUTBOUND, True),
        (a_call("unknown", **NUMBERS), OUTBOUND, True),
        (a_call("unknown", **NUMBERS | {"from_number": "+15005550009"}), OUTBOUND, False),
        (a_call("unknown", **NUMBERS | {"to_number": "+14155550199"}), OUTBOUND, False),
        (a_call("failed", **NUMBERS), OUTBOUND, False),
        (a_call("ringing", call_sid="CA" + "9" * 32, **NUMBERS), OUTBOUND, False),
        (a_call("unknown", **NUMBERS), told(), False),
        (a_call("unknown", **NUMBERS), replace(OUTBOUND, to_number=None), False),
    ],
)
def test_unknown_call_at_twilio_may_be_one_of_ours(
    call: Call, news: CallStatusUpdate, is_ours: bool
) -> None:
    store = MemoryCallStore()
    store.save(None, call)
    assert track_call(store, lambda: NOW).own_call(news) == (call if is_ours else None)


class HiddenSid(MemoryCallStore):
    """An index that does not show a call's SID yet."""

    def find_call_id(self, call_sid: str) -> str | None: ...


def adopted_by_sid(store: MemoryCallStore, twilio: Recorder) -> Call:
    return adopt_by_sid(track_call(store, lambda: NOW), twilio, CALL_SID, base_url=URL)


@pytest.mark.parametrize(
    ("known", "store"),
    [
        (a_call(call_sid=CALL_SID), MemoryCallStore()),
        (a_call(call_sid=CALL_SID, call_id=call_id_for_sid(CALL_SID)), HiddenSid()),
    ],
)
def test_call_that_is_known_by_its_sid_is_not_asked_for(
    known: Call, store: MemoryCallStore
) -> None:
    store.save(None, known)
    twilio = Recorder()
    assert adopted_by_sid(store, twilio) == known
    assert twilio.asked == []


@pytest.mark.parametrize(
    ("answer", "direction"),
    [(told(), "inbound"), (VendorNotFoundError("Twilio", "gone", status=404), "outbound-api")],
)
def test_call_that_is_only_known_by_its_sid_is_asked_for_and_kept_even_if_forgotten(
    answer: CallStatusUpdate | VendorNotFoundError, direction: str
) -> None:
    store, twilio = MemoryCallStore(), Recorder()
    twilio.answers["get_call"] = answer
    call = adopted_by_sid(store, twilio)
    assert (call.status, call.call_sid, call.direction) == ("completed", CALL_SID, direction)
    assert list(store.calls.values()) == [call]


def test_call_that_may_be_ours_is_not_adopted_before_it_was_looked_for() -> None:
    store, twilio = HiddenSid(), Recorder()
    twilio.answers["get_call"] = OUTBOUND
    store.save(None, a_call("unknown", **NUMBERS))
    with pytest.raises(RetryLaterError):
        adopted_by_sid(store, twilio)
    # it was: the index does not show it yet
    received(store, OUTBOUND, CALL_ID)
    assert adopted_by_sid(store, twilio) == store.calls[CALL_ID]
    assert list(store.calls) == [CALL_ID]
