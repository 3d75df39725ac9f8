"""Who may be called at all, decided before any money is spent."""

from __future__ import annotations

import re
from dataclasses import dataclass

import phonenumbers
from phonenumbers import PhoneNumberType

from callscribe.domain.dialing.quiet_hours import QuietHours
from callscribe.domain.failures import Failure

_COUNTRY = re.compile(r"[A-Z]{2}")
# calls to these cost many times a call to the same country's ordinary numbers, and somebody earns
# from each: what toll fraud is made of. `001` is no country: satellites and international networks
_REFUSED_TYPES = {
    PhoneNumberType.PREMIUM_RATE: "a premium-rate number",
    PhoneNumberType.SHARED_COST: "a shared-cost number",
    PhoneNumberType.PERSONAL_NUMBER: "a personal number, which may be charged like a premium one",
    # they ring nobody, or everybody: a beep, a machine, a company's line from anywhere at its own price
    PhoneNumberType.PAGER: "a pager's",
    PhoneNumberType.VOICEMAIL: "a voicemail's",
    PhoneNumberType.UAN: "a universal access number, which may be charged like a shared-cost one",
    PhoneNumberType.UNKNOWN: "of a kind that its country's plan does not tell",
}
_NO_COUNTRY = "001"
_NORTH_AMERICA = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class DialingRules:
    """``countries`` are ISO codes; empty: only ``home``, the country of DefaultFromNumber. The number
    that a request wants to call from is its caller's to write, and opens no country.

    The caps count calls of one day (UTC): to one number, by one caller, and in all;
    ``max_concurrent_calls`` those that have not ended. ``quiet`` None: at any hour.
    """

    countries: frozenset[str] = frozenset()
    home: str | None = None
    max_calls_per_destination: int
    max_calls_per_caller: int
    max_calls_per_day: int
    max_concurrent_calls: int
    quiet: QuietHours | None = None


def read_countries(text: str) -> frozenset[str]:
    """``US,CA`` as a set.

    Raises:
        ValueError: one of them is no ISO code of a country.
    """
    countries = frozenset(part.strip() for part in text.split(",") if part.strip())
    for country in countries:
        if not _COUNTRY.fullmatch(country) or country not in phonenumbers.SUPPORTED_REGIONS:
            raise ValueError(f"{country!r} is no country: two capital letters, such as US")
    return countries


def check_destination(to_number: str, rules: DialingRules) -> Failure | None:
    """Why a number may not be called; None where it may. It is valid E.164."""
    destination = phonenumbers.parse(to_number)
    country = phonenumbers.region_code_for_number(destination)
    kind = phonenumbers.number_type(destination)
    if country in (None, _NO_COUNTRY):
        return Failure(
            "number_type_not_allowed", "the number to call is a satellite's or no country's", False
        )
    # North America's personal numbers (500) cost no more than others
    harmless = (
        kind == PhoneNumberType.PERSONAL_NUMBER and destination.country_code == _NORTH_AMERICA
    )
    if kind in _REFUSED_TYPES and not harmless:
        words = f"the number to call is {_REFUSED_TYPES[kind]}"
        return Failure("number_type_not_allowed", words, False)
    allowed = rules.countries or ({rules.home} if rules.home else frozenset())
    if not allowed:
        words = (
            "this stack does not know what countries it may call: give it the parameter "
            "AllowedCountries, or a DefaultFromNumber, whose country it is then"
        )
        return Failure("destination_not_allowed", words, False)
    if country not in allowed:
        words = (
            f"this stack calls {', '.join(sorted(allowed))} only, and the number is in {country}: "
            "add it to the parameter AllowedCountries"
        )
        return Failure("destination_not_allowed", words, False)
    return None
