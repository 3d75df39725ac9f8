"""Which numbers may be called at all, decided before any money is spent."""

from __future__ import annotations

import phonenumbers
from phonenumbers import PhoneNumber, PhoneNumberType

from callscribe.domain.dialing.rules import DialingRules
from callscribe.domain.failures import Failure

# calls to these cost many times a call to the same country's ordinary numbers, and a fraudster who rents
# the number earns from each: what toll fraud is made of
_REFUSED_TYPES = {
    PhoneNumberType.PREMIUM_RATE: "a premium-rate number",
    PhoneNumberType.SHARED_COST: "a shared-cost number",
    PhoneNumberType.PERSONAL_NUMBER: "a personal number, which may be charged like a premium one",
    # a beep, a machine, a company's line from anywhere at its own price: no one person's phone
    PhoneNumberType.PAGER: "a pager's",
    PhoneNumberType.VOICEMAIL: "a voicemail's",
    PhoneNumberType.UAN: "a universal access number, which may be charged like a shared-cost one",
    PhoneNumberType.UNKNOWN: "of a kind that its country's plan does not tell",
}
# `001` is no country: satellites and international networks
_NO_COUNTRY = "001"
_NORTH_AMERICA = 1


def check_destination(to_number: str, rules: DialingRules) -> Failure | None:
    """Why a number may not be called; None where it may. It is valid E.164."""
    number = phonenumbers.parse(to_number)
    country = phonenumbers.region_code_for_number(number)
    if country in (None, _NO_COUNTRY):
        return _type_refused("a satellite's or no country's")
    kind = _refused_type(number)
    return _type_refused(kind) if kind else _check_country(country, rules)


def _refused_type(number: PhoneNumber) -> str | None:
    kind = phonenumbers.number_type(number)
    # North America's personal numbers (500) cost no more than others
    if kind == PhoneNumberType.PERSONAL_NUMBER and number.country_code == _NORTH_AMERICA:
        return None
    return _REFUSED_TYPES.get(kind)


def _check_country(country: str, rules: DialingRules) -> Failure | None:
    allowed = rules.countries or ({rules.home} if rules.home else frozenset())
    if not allowed:
        return _country_refused(
            "this stack does not know what countries it may call: give it the parameter "
            "AllowedCountries, or a DefaultFromNumber, whose country it is then"
        )
    if country not in allowed:
        return _country_refused(
            f"this stack calls {', '.join(sorted(allowed))} only, and the number is in {country}: "
            "add it to the parameter AllowedCountries"
        )
    return None


def _type_refused(kind: str) -> Failure:
    message = f"the number to call is {kind}"
    return Failure("number_type_not_allowed", message, retryable=False)


def _country_refused(message: str) -> Failure:
    return Failure("destination_not_allowed", message, retryable=False)
