"""Which numbers may be called at all, and how often."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, cast

import pytest

from callscribe.domain.calls import Call
from callscribe.domain.dialling_rules import DiallingRules, check_destination, read_countries
from callscribe.domain.problems import DiallingRefusedError
from callscribe.use_cases.guard_dialling import CODES, GuardDialling
from simulation.memory_store import MemoryCallStore

HOME = "+14155550100"
NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


class Telemetry:
    def count(self, metric: str, value: float = 1) -> None: ...
    def note(self, message: str, **fields: object) -> None: ...
    def warn(self, message: str, **fields: object) -> None: ...


def rules(**more: Any) -> DiallingRules:
    caps = {"most_to_one_number": 2, "most_by_one_caller": 3, "most_in_all": 4}
    return DiallingRules(**(caps | more))


def guard(**more: Any) -> GuardDialling:
    return GuardDialling(
        store=MemoryCallStore(), rules=rules(**more), telemetry=Telemetry(), clock=lambda: NOON
    )


def call(to_number: str = HOME, asked_by: str = "somebody") -> Call:
    at = "2026-11-21T12:00:00.000Z"
    return Call(
        call_id="0" * 32,
        status="placing",
        created_at=at,
        updated_at=at,
        to_number=to_number,
        from_number=HOME,
        asked_by=asked_by,
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
        # Iridium, Inmarsat, international networks
        ("+88216123456", "number_type_not_allowed"),
        ("+870773123456", "number_type_not_allowed"),
        ("+883510001234", "number_type_not_allowed"),
    ],
)
def test_home_country_and_ordinary_numbers_only(to_number: str, code: str | None) -> None:
    failure = check_destination(to_number, HOME, rules())
    assert (failure and failure.code) == code
    assert failure is None or failure.code in CODES


def test_other_countries_are_a_parameter() -> None:
    allowed = rules(countries=read_countries("GB, JM"))
    assert check_destination("+442079460000", HOME, allowed) is None
    assert check_destination("+18765550100", HOME, allowed) is None
    refused = check_destination("+12125550123", HOME, allowed)
    assert refused is not None
    assert "GB, JM" in refused.message
    assert "AllowedCountries" in refused.message


@pytest.mark.parametrize("text", ["XX", "us", "USA", "US;CA", "001"])
def test_country_that_is_none_is_named(text: str) -> None:
    with pytest.raises(ValueError, match="is no country"):
        read_countries(text)


def refusal(asked: GuardDialling, wanted: Call) -> DiallingRefusedError:
    with pytest.raises(DiallingRefusedError) as caught:
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
    asked = GuardDialling(
        store=MemoryCallStore(),
        rules=rules(most_in_all=1),
        telemetry=Telemetry(),
        clock=lambda: moment[0],
    )
    asked.count(call())
    refusal(asked, call())
    moment[0] = datetime(2026, 11, 22, 0, 0, 1, tzinfo=UTC)
    asked.count(call())


def test_list_and_switch_stop_a_call_before_anything_is_counted() -> None:
    asked = guard()
    asked.check(call())
    asked.list_number(HOME, listed=True)
    with pytest.raises(DiallingRefusedError, match="do-not-call"):
        asked.check(call())
    asked.list_number(HOME, listed=False)
    asked.switch({"stopped": True, "reason": "a key was leaked"}, principal="me")
    with pytest.raises(DiallingRefusedError, match="a key was leaked"):
        asked.check(call())
    assert asked.state() == {
        "stopped": True,
        "reason": "a key was leaked",
        "changed_at": "2026-11-21T12:00:00.000Z",
        "changed_by": "me",
    }
    asked.switch({"stopped": False, "reason": "it was revoked"}, principal="me")
    asked.check(call())
    assert cast(MemoryCallStore, asked.store).count_up("all", "2026-11-21", most=1, expires_at=0)
