"""Which numbers may be called at all, and at which hours."""

from __future__ import annotations

from datetime import UTC, datetime, time
from typing import Any

import pytest

from callscribe.domain.dialing.destinations import check_destination
from callscribe.domain.dialing.quiet_hours import (
    QuietHours,
    is_quiet,
    quiet_until,
    read_quiet_hours,
)
from callscribe.domain.dialing.rules import DialingRules, read_countries

HOME = "+14155550100"


def rules(**more: Any) -> DialingRules:
    caps = {
        "max_calls_per_destination": 2,
        "max_calls_per_caller": 3,
        "max_calls_per_day": 4,
        "max_concurrent_calls": 9,
    }
    return DialingRules(**({"home": "US"} | caps | more))


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
        # behind a toll-free number no one is woken
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
