"""The operator's rules: which countries are called, how often, and when not."""

from __future__ import annotations

import re
from dataclasses import dataclass

import phonenumbers

from callscribe.domain.dialing.quiet_hours import QuietHours

_COUNTRY = re.compile(r"[A-Z]{2}")


@dataclass(frozen=True, slots=True, kw_only=True)
class DialingRules:
    """``countries`` are ISO codes; empty: only ``home``, the country of DefaultFromNumber. The number
    to call from, which any request may name, opens no country.

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
