"""Which numbers may be called at all, and how often."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import Any, cast

import pytest

from callscribe.domain.calls import Call, new_call_id
from callscribe.domain.dialing.quiet_hours import (
    QuietHours,
    is_quiet,
    quiet_until,
    read_quiet_hours,
)
from callscribe.domain.dialing.rules import DialingRules, check_destination, read_countries
from callscribe.domain.errors import DialingRefusedError
from callscribe.use_cases.guard_dialing import GuardDialing
from simulation.memory_store import MemoryCallStore
from tests.support.doubles import QuietTelemetry

HOME = "+14155550100"
NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


def rules(**more: Any) -> DialingRules:
    caps = {
        "max_calls_per_destination": 2,
        "max_calls_per_caller": 3,
        "max_calls_per_day": 4,
        "max_concurrent_calls": 9,
    }
    return DialingRules(**({"home": "US"} | caps | more))


def guard(moment: datetime = NOON, **more: Any) -> GuardDialing:
    store = MemoryCallStore()
    return GuardDialing(
        store=store,
        calls=store,
        rules=rules(**more),
        telemetry=QuietTelemetry(),
        clock=lambda: moment,
    )


def call(to_number: str = HOME, asked_by: str = "somebody", **more: Any) -> Call:
    at = "2026-11-21T12:00:00.000Z"
    return Call(
        call_id=new_call_id(),
        status="placing",
        created_at=at,
        updated_at=at,
        to_number=to_number,
        from_number=HOME,
        asked_by=asked_by,
        **more,
    )


@pytest.mark.parametrize(
    ("to_number", "code"),
    [
        ("+12125550123", None),
        # North America's personal numbers cost no more than others
        ("+15005550006", None),
        ("+442079460000", "destination_not_allowed"),
        # the same country code as home, another country and another price
        ("+18765550100", "destination_not_allowed"),
        ("+19005550100", "number_type_not_allowed"),
        ("+33899000000", "number_type_not_allowed"),
        ("+447012345678", "number_type_not_allowed"),
        # a pager, a voicemail, a universal access number
        ("+41740123456", "number_type_not_allowed"),
        ("+41860123456789", "number_type_not_allowed"),
        ("+49180123456", "number_type_not_allowed"),
        ("+445512345678", "number_type_not_allowed"),
        # Iridium, Inmarsat, international networks
        ("+88216123456", "number_type_not_allowed"),
        ("+870773123456", "number_type_not_allowed"),
        ("+883510001234", "number_type_not_allowed"),
    ],
)
def test_home_country_and_ordinary_numbers_only(to_number: str, code: str | None) -> None:
    failure = check_destination(to_number, rules())
    assert (failure and failure.code) == code


def test_other_countries_are_a_parameter() -> None:
    allowed = rules(countries=read_countries("GB, JM"))
    assert check_destination("+442079460000", allowed) is None
    assert check_destination("+18765550100", allowed) is None
    refused = check_destination("+12125550123", allowed)
    assert refused is not None
    assert "GB, JM" in refused.message
    assert "AllowedCountries" in refused.message


def test_number_to_call_from_opens_no_country() -> None:
    """Whoever may dial writes `from`: the stack's own parameters say where it calls."""
    for stack in (rules(), rules(countries=frozenset({"US"}))):
        asked = replace(guard(), rules=stack)
        with pytest.raises(DialingRefusedError, match="US only"):
            asked.check(replace(call("+442079460000"), from_number="+442079460001"))


def test_stack_that_knows_no_country_says_which_parameter_is_missing() -> None:
    failure = check_destination(HOME, rules(home=None))
    assert failure is not None
    assert failure.code == "destination_not_allowed"
    assert "AllowedCountries" in failure.message
    assert "DefaultFromNumber" in failure.message


@pytest.mark.parametrize("text", ["XX", "us", "USA", "US;CA", "001"])
def test_country_that_is_none_is_named(text: str) -> None:
    with pytest.raises(ValueError, match="is no country"):
        read_countries(text)


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
    asked.list_number(HOME, listed=True)
    with pytest.raises(DialingRefusedError, match="do-not-call"):
        asked.check(call())
    asked.list_number(HOME, listed=False)
    asked.switch({"stopped": True, "reason": "a key was leaked"}, changed_by="me")
    with pytest.raises(DialingRefusedError, match="a key was leaked"):
        asked.check(call())
    assert asked.state() == {
        "stopped": True,
        "reason": "a key was leaked",
        "changed_at": "2026-11-21T12:00:00.000Z",
        "changed_by": "me",
    }
    asked.switch({"stopped": False, "reason": "it was revoked"}, changed_by="me")
    asked.check(call())
    assert cast(MemoryCallStore, asked.store).count_up("all", "2026-11-21", limit=1, expires_at=0)


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
        store.add_call(placed)
    error = refusal(asked, third)
    assert (error.failure.code, error.retry_after) == ("too_many_calls", 60)
    store.change_call(first.call_id, {"status": "completed"}, only_from=["placing"])
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
        store.add_call(placed)
    assert refusal(asked, call()).failure.code == "too_many_calls"
    ended = next(iter(store.calls.values()))
    store.change_call(ended.call_id, {"status": "completed"}, only_from=["placing"])
    asked.count(call())


NIGHT = QuietHours(*(time(hour) for hour in (21, 8)))


@pytest.mark.parametrize(
    ("to_number", "utc", "quiet"),
    [
        # New York is five hours behind in winter
        ("+12125550123", "2026-01-10T01:59", False),
        ("+12125550123", "2026-01-10T02:00", True),
        ("+12125550123", "2026-01-10T12:59", True),
        ("+12125550123", "2026-01-10T13:00", False),
        # and four in summer
        ("+12125550123", "2026-07-10T12:00", False),
        # a half-hour zone
        ("+912212345678", "2026-01-10T02:29", True),
        ("+912212345678", "2026-01-10T02:30", False),
        # a mobile number may be anywhere in Russia, eleven hours wide
        ("+79123456789", "2026-01-10T03:00", True),
        ("+79123456789", "2026-01-10T06:00", False),
        # behind a toll-free number nobody is woken
        ("+18002345678", "2026-01-10T06:00", False),
    ],
)
def test_quiet_hours_are_those_of_the_person(to_number: str, utc: str, quiet: bool) -> None:
    at = datetime.fromisoformat(utc).replace(tzinfo=UTC)
    assert is_quiet(to_number, at, NIGHT) is quiet
    until = quiet_until(to_number, at, NIGHT)
    assert until is not None
    assert (until > at) is quiet
    assert not is_quiet(to_number, until, NIGHT)


def test_hours_by_day_and_over_midnight() -> None:
    noon = read_quiet_hours("12:00-13:30")
    night = read_quiet_hours("21:00-08:00")
    assert noon is not None
    assert night is not None
    held = {
        hours.begins.hour: [hours.hold(time(h)) for h in (0, 8, 12, 21)] for hours in (noon, night)
    }
    assert held == {12: [False, False, True, False], 21: [True, False, False, True]}
    assert read_quiet_hours("") is None


@pytest.mark.parametrize("text", ["21-8", "24:00-08:00", "21:00", "21:00-21:00", "9:00-10:00", " "])
def test_hours_that_are_none_are_named(text: str) -> None:
    with pytest.raises(ValueError, match=repr(text)):
        read_quiet_hours(text)


def test_call_in_quiet_hours_is_refused_and_told_when() -> None:
    night = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)  # seven in the morning in New York
    asked = guard(night, quiet=NIGHT)
    with pytest.raises(DialingRefusedError) as caught:
        asked.check(call("+12125550123"))
    assert caught.value.failure.code == "quiet_hours"
    assert caught.value.retry_after == 3600
    assert "after 2026-11-21T13:00:00.000Z" in str(caught.value)
    # what is to be placed later is held to its own time
    asked.check(call("+12125550123", place_at="2026-11-21T14:00:00.000Z"))
    with pytest.raises(DialingRefusedError):
        asked.check(call("+12125550123", place_at="2026-11-22T03:00:00.000Z"))
    guard(night).check(call("+12125550123"))
