"""Calls that are to be placed later: counted when asked for, listed, canceled, never too late."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from callscribe.domain.calls import Call, CallState
from callscribe.domain.consent import ConsentRules
from callscribe.domain.errors import (
    DialingRefusedError,
    NotScheduledError,
    RetryLaterError,
)
from callscribe.use_cases.place_call import Caller, PlaceCall
from callscribe.use_cases.scheduled_calls import MOST_AT_ONCE, ScheduledListQuery, ScheduledPage
from simulation.memory_store import MemoryCallStore
from tests.support.gateways import InMemoryGateways, application
from tests.support.stores import BusyStore, ContendedStore
from tests.unit.test_place_call import NOW, Schedules, Telephony, ask

TOMORROW = "2026-11-22T18:00:00.000Z"
IN_TIME = datetime.fromisoformat(TOMORROW)


class World:
    """A stack with a clock that is set by hand."""

    def __init__(self, store: MemoryCallStore | None = None, **settings: str) -> None:
        self.now = NOW
        self.store = store or MemoryCallStore()
        self.telephony, self.schedules = Telephony(), Schedules()
        gateways = InMemoryGateways(
            store=self.store,
            telephony=self.telephony,
            schedules=self.schedules,
            clock=lambda: self.now,
        )
        app = application(gateways, **settings)
        self.place, self.scheduled = app.place_call, app.scheduled_calls

    def listed(self, *, limit: int = 50, **more: Any) -> ScheduledPage:
        return self.scheduled.page(ScheduledListQuery(limit=limit, **more))

    def ask(self, place_at: str = TOMORROW, **more: Any) -> Call:
        return ask(self.place, place_at=place_at, **more)


def test_caps_hold_what_is_scheduled_on_the_day_for_which_it_is() -> None:
    """2,000 used to be accepted with caps of 5, 2 and 1: nothing was counted before the time."""
    world = World(MAX_CALLS_PER_DAY="2")
    made = [world.ask(), world.ask()]
    with pytest.raises(DialingRefusedError, match="2026-11-22") as caught:
        world.ask()
    assert caught.value.failure.code == "cap_reached"
    world.ask("2026-11-23T00:00:00Z")
    # today is another day
    assert ask(world.place).status == "queued"
    # and they are not counted a second time when they are placed
    world.now = IN_TIME
    assert [world.place.from_schedule(call.call_id).status for call in made] == ["queued"] * 2
    # what is canceled does not give its count back
    with pytest.raises(DialingRefusedError):
        ask(world.place)


def test_those_under_way_are_counted_when_they_are_placed() -> None:
    world = World(MAX_CALLS_AT_ONCE="1")
    first, second = world.ask(), world.ask()
    world.now = IN_TIME
    world.place.from_schedule(first.call_id)
    with pytest.raises(DialingRefusedError, match="at once"):
        world.place.from_schedule(second.call_id)
    assert world.store.calls[second.call_id].error_code == "too_many_calls"


@pytest.mark.parametrize(
    ("own", "then", "now", "announcement", "key_press"),
    [
        ({}, {}, {"announcement": "New."}, "New.", False),
        ({}, {"announcement": "Old."}, {"announcement": "New."}, "New.", False),
        ({}, {"announcement": "Old."}, {}, "Old.", False),
        (
            {"announcement": "Own."},
            {"announcement": "Old."},
            {"announcement": "New."},
            "Own.",
            False,
        ),
        ({"announcement": "Own."}, {}, {"key_press": True}, "Own.", True),
        ({"key_press": True}, {"announcement": "Old."}, {"announcement": "New."}, "New.", True),
        ({}, {"announcement": "Old.", "key_press": True}, {"announcement": "New."}, "New.", True),
    ],
)
def test_consent_is_by_the_rules_of_the_moment_and_never_less_than_promised(
    own: dict[str, Any],
    then: dict[str, Any],
    now: dict[str, Any],
    announcement: str,
    key_press: bool,
) -> None:
    world = World()

    def rules(**values: Any) -> PlaceCall:
        defaults = replace(world.place.defaults, consent=ConsentRules(**values))
        return replace(world.place, defaults=defaults)

    call = ask(rules(**then), place_at=TOMORROW, consent=own)
    world.now = IN_TIME
    rules(**now).from_schedule(call.call_id)
    (placed,) = world.telephony.placed
    assert placed.consent == world.store.calls[call.call_id].consent
    assert placed.consent is not None
    assert (placed.consent["announcement"], placed.consent["key_press"]) == (
        announcement,
        key_press,
    )
    assert placed.consent["status"] == "pending"


def test_scheduler_that_is_busy_is_no_reason_to_ask_again() -> None:
    world = World()
    world.schedules._fails = 1
    call = world.ask(key="k")
    assert call.status == "scheduled"
    # `reconcile` finds it overdue after its time
    (waiting,) = world.store.overdue("2026-11-22T18:05:00.000Z")
    assert waiting.call_id == call.call_id
    assert world.ask(key="k").call_id == call.call_id
    assert world.schedules.made == [call.call_id]


def test_canceled_call_is_not_dialed_when_its_schedule_fires() -> None:
    world = World()
    call = world.ask(key="k")
    canceled = world.scheduled.cancel(call.call_id, principal="operator")
    assert (canceled.status, canceled.error_code) == ("canceled", "canceled_by_request")
    assert canceled.cancellation == {
        "canceled_at": "2026-11-21T08:00:00.000Z",
        "canceled_by": "operator",
    }
    assert world.scheduled.cancel(call.call_id, principal="another") == canceled
    world.now = IN_TIME
    assert world.place.from_schedule(call.call_id).status == "canceled"
    assert world.telephony.placed == []
    assert not list(world.store.overdue("9999"))
    assert world.ask(key="k").status == "canceled"


def test_call_that_is_placed_cannot_be_canceled() -> None:
    world = World()
    call = world.ask()
    world.now = IN_TIME
    world.place.from_schedule(call.call_id)
    with pytest.raises(NotScheduledError, match="queued"):
        world.scheduled.cancel(call.call_id, principal="me")
    assert world.store.calls[call.call_id].status == "queued"


def test_call_that_is_placed_or_erased_is_not_dialed_when_its_schedule_fires() -> None:
    world = World()
    placed, erased = world.ask(), world.ask()
    world.now = IN_TIME
    world.store.save(erased, replace(erased, status=CallState.ERASING))
    statuses = [world.place.from_schedule(c.call_id).status for c in (placed, erased, placed)]
    assert statuses == ["queued", "erasing", "queued"]
    assert len(world.telephony.placed) == 1


@pytest.mark.parametrize("first", ["cancellation", "placing"])
def test_cancellation_and_placing_at_one_moment_are_one_or_the_other(first: str) -> None:
    then: list[Callable[[], object]] = []

    def meanwhile(*_: object) -> None:
        if then:
            then.pop()()

    world = World(ContendedStore(meanwhile))
    call = world.ask()
    world.now = IN_TIME
    if first == "cancellation":
        then.append(lambda: world.scheduled.cancel(call.call_id, principal="me"))
        assert world.place.from_schedule(call.call_id).status == "canceled"
    else:
        then.append(lambda: world.place.from_schedule(call.call_id))
        with pytest.raises(NotScheduledError):
            world.scheduled.cancel(call.call_id, principal="me")
    assert len(world.telephony.placed) == (first == "placing")


def test_all_of_one_caller_are_listed_and_canceled() -> None:
    world = World()
    for number in range(3):
        world.ask(f"2026-11-2{4 - number}T08:00:00Z", by="thief")
    other = world.ask(by="honest")
    first = world.listed(caller="thief", limit=2)
    last = world.listed(caller="thief", limit=2, after=first.next)
    times = [(call.place_at or "")[:10] for call in first.calls + last.calls]
    assert times == ["2026-11-22", "2026-11-23", "2026-11-24"]
    assert last.next is None
    assert len(world.listed().calls) == 4
    [mine] = world.listed(caller="honest").calls
    assert (mine.call_id, mine.asked_by) == (other.call_id, "honest")
    done = world.scheduled.cancel_all({"caller": "thief"}, principal="operator")
    assert (len(done.canceled), done.more) == (3, False)
    assert [call.call_id for call in world.listed().calls] == [other.call_id]


def test_more_than_one_request_cancels_is_said() -> None:
    world = World()
    for _ in range(MOST_AT_ONCE + 1):
        world.ask()
    first = world.scheduled.cancel_all({"caller": "me"}, principal="me")
    assert (len(first.canceled), first.more) == (MOST_AT_ONCE, True)
    second = world.scheduled.cancel_all({"caller": "me"}, principal="me")
    assert (len(second.canceled), second.more) == (1, False)


@pytest.mark.parametrize(("minutes", "placed"), [(0, True), (59, True), (61, False)])
def test_call_is_not_placed_long_after_its_time(minutes: int, placed: bool) -> None:
    """By its schedule, however late that fires, and by `reconcile`."""
    world = World()
    call = world.ask()
    world.now = IN_TIME + timedelta(minutes=minutes)
    stands = world.place.from_schedule(call.call_id)
    assert stands == world.store.calls[call.call_id]
    assert len(world.telephony.placed) == placed
    if not placed:
        failure = (stands.status, stands.error_code, stands.error_retryable)
        assert failure == ("failed", "missed_its_time", True)
        assert stands.due_at is None


@pytest.mark.parametrize(("minutes", "status"), [(1, "queued"), (61, "failed")])
def test_recurring_call_is_not_placed_long_after_its_time(minutes: int, status: str) -> None:
    world = World()
    at = "2026-11-21T08:00:00Z"
    world.now = NOW + timedelta(minutes=minutes)
    caller = Caller(
        principal="schedule",
        signed_by="schedule",
        base_url="https://api.example",
        function_arn="arn",
        idempotency_key=at,
        scheduled_time=at,
    )
    call = world.place.from_request({"to": "+14155550100"}, caller)
    assert call.status == status
    assert world.store.calls[call.call_id].status == status
    # fired again, it is the same one
    assert world.place.from_request({"to": "+14155550100"}, caller).call_id == call.call_id
    assert len(world.telephony.placed) == (status == "queued")


def test_table_that_is_busy_is_no_cancellation() -> None:
    world = World(BusyStore())
    call = world.ask()
    with pytest.raises(RetryLaterError):
        world.scheduled.cancel(call.call_id, principal="me")
    assert world.store.calls[call.call_id] == call
