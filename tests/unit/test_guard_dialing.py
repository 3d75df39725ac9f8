"""What the fraud guard asks before a call is placed, and what it counts."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import Any, cast

import pytest

from callscribe.domain.calls import Call, CallState, new_call_id
from callscribe.domain.dialing.kill_switch import KillSwitch
from callscribe.domain.dialing.quiet_hours import QuietHours
from callscribe.domain.errors import DialingRefusedError
from callscribe.use_cases.guard_dialing import GuardDialing
from simulation.memory_store import MemoryCallStore
from tests.support.doubles import QuietTelemetry
from tests.unit.test_dialing_rules import rules

HOME = "+14155550100"
NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
NIGHT = QuietHours(time(21), time(8))


def guard(moment: datetime = NOON, **more: Any) -> GuardDialing:
    store = MemoryCallStore()
    return GuardDialing(
        store=store,
        calls=store,
        rules=rules(**more),
        telemetry=QuietTelemetry(),
        clock=lambda: moment,
    )


def call(to_number: str = HOME, asked_by: str = "a-user", **more: Any) -> Call:
    at = "2026-11-21T12:00:00.000Z"
    return Call(
        call_id=new_call_id(),
        status=CallState.PLACING,
        created_at=at,
        updated_at=at,
        to_number=to_number,
        from_number=HOME,
        asked_by=asked_by,
        **more,
    )


def test_number_to_call_from_opens_no_country() -> None:
    """Whoever may dial writes `from`: the stack's own parameters say where it calls."""
    for stack in (rules(), rules(countries=frozenset({"US"}))):
        asked = replace(guard(), rules=stack)
        with pytest.raises(DialingRefusedError, match="US only"):
            asked.check(replace(call("+442079460000"), from_number="+442079460001"))


def refusal(asked: GuardDialing, wanted: Call) -> DialingRefusedError:
    with pytest.raises(DialingRefusedError) as caught:
        asked.count(wanted)
    return caught.value


def test_caps_count_each_number_each_caller_and_all() -> None:
    asked = guard()
    asked.count(call())
    asked.count(call())
    error = refusal(asked, call())
    assert error.failure.code == "cap_reached"
    assert "2 calls to this number" in str(error)
    assert error.retry_after == 12 * 3600 + 1
    asked.count(call("+12125550123"))
    assert "3 calls by this caller" in str(refusal(asked, call("+12125550124")))
    asked.count(call("+12125550125", "another"))
    assert "4 calls a day" in str(refusal(asked, call("+12125550126", "another")))


def test_next_day_counts_anew() -> None:
    moment = [NOON]
    asked = replace(guard(max_calls_per_day=1), clock=lambda: moment[0])
    asked.count(call())
    refusal(asked, call())
    moment[0] = datetime(2026, 11, 22, 0, 0, 1, tzinfo=UTC)
    asked.count(call())


def test_list_and_switch_stop_a_call_before_anything_is_counted() -> None:
    asked = guard()
    asked.check(call())
    asked.store.set_do_not_call(HOME, listed=True)
    with pytest.raises(DialingRefusedError, match="do-not-call"):
        asked.check(call())
    asked.store.set_do_not_call(HOME, listed=False)
    asked.store.set_switch(KillSwitch(stopped=True, reason="a key was leaked"))
    with pytest.raises(DialingRefusedError, match="a key was leaked"):
        asked.check(call())
    asked.store.set_switch(KillSwitch(stopped=False, reason="it was revoked"))
    asked.check(call())
    assert asked.store.count_up("all", "2026-11-21", limit=1, expires_at=0)


def test_calls_at_once_are_capped_until_one_ends() -> None:
    asked = guard(
        max_concurrent_calls=2,
        max_calls_per_destination=9,
        max_calls_per_caller=9,
        max_calls_per_day=9,
    )
    store = cast(MemoryCallStore, asked.store)
    first, second, third = call(), call(), call()
    for placed in (first, second):
        asked.count(placed)
        store.save(None, placed)
    error = refusal(asked, third)
    assert (error.failure.code, error.retry_after) == ("too_many_calls", 60)
    store.save(first, replace(first, status=CallState.COMPLETED))
    asked.count(third)
    assert refusal(asked, call()).failure.code == "too_many_calls"


def test_place_of_a_call_that_was_never_claimed_is_free_again() -> None:
    moment = [NOON]
    asked = replace(guard(max_concurrent_calls=1), clock=lambda: moment[0])
    asked.count(call())
    # the claim may be on its way to the table
    assert refusal(asked, call()).failure.code == "too_many_calls"
    moment[0] += timedelta(minutes=6)
    asked.count(call())


def test_call_that_a_cap_of_the_day_refuses_takes_no_place() -> None:
    asked = guard(max_concurrent_calls=1, max_calls_per_day=1)
    asked.store.count_up("all", "2026-11-21", limit=1, expires_at=0)
    assert refusal(asked, call()).failure.code == "cap_reached"
    assert asked.store.in_flight_calls(0) == []


@pytest.mark.parametrize("most", [1, 64, 65, 130, 1000])
def test_shards_together_have_room_for_the_cap_and_no_more(most: int) -> None:
    asked = guard(
        max_concurrent_calls=most,
        max_calls_per_destination=5000,
        max_calls_per_caller=5000,
        max_calls_per_day=5000,
    )
    store = cast(MemoryCallStore, asked.store)
    for _ in range(most):
        placed = call()
        asked.count(placed)
        store.save(None, placed)
    assert refusal(asked, call()).failure.code == "too_many_calls"
    ended = next(iter(store.calls.values()))
    store.save(ended, replace(ended, status=CallState.COMPLETED))
    asked.count(call())


def test_call_in_quiet_hours_is_refused_and_told_when() -> None:
    night = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)  # seven in the morning in New York
    asked = guard(night, quiet=NIGHT)
    with pytest.raises(DialingRefusedError) as caught:
        asked.check(call("+12125550123"))
    assert caught.value.failure.code == "quiet_hours"
    assert caught.value.retry_after == 3600
    assert "after 2026-11-21T13:00:00.000Z" in str(caught.value)
    # what is to be placed later is checked at its own time
    asked.check(call("+12125550123", place_at="2026-11-21T14:00:00.000Z"))
    with pytest.raises(DialingRefusedError):
        asked.check(call("+12125550123", place_at="2026-11-22T03:00:00.000Z"))
    guard(night).check(call("+12125550123"))
