"""Phone numbers: one phone, one text, which is its E.164 form.

`+4402071838750` rings the phone of `+442071838750`, but is another text: it would walk past the
do-not-call list, the cap of its number, and an erasure.
"""

from __future__ import annotations

import re

import phonenumbers

_E164 = re.compile(r"\+[1-9][0-9]{6,14}")


def phone_number_error(value: object, *, must_exist: bool = True) -> str | None:
    """What is wrong with a number that a client sent; None for one in its own E.164 form.

    With ``must_exist`` it must also exist in its country's plan. Without, it may be anything in that
    form that Twilio once told us, such as the stand-ins for callers who withhold their number
    (`+266696687`): an operator may want exactly those erased, or never called.
    """
    if not isinstance(value, str):
        return "must be a string such as +14155550100"
    if message := _form_error(value):
        return message
    try:
        parsed = phonenumbers.parse(value)
    except phonenumbers.NumberParseException:
        return "has a country code that does not exist" if must_exist else None
    own = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
    if own != value:
        return f"must be in its own E.164 form, which is {own}"
    if must_exist and not phonenumbers.is_valid_number(parsed):
        return "does not exist in the numbering plan of its country: check the digits"
    return None


def _form_error(text: str) -> str | None:
    if not (text.startswith("+") and text[1:].isascii() and text[1:].isdigit()):
        return "must be in E.164: a plus sign, the country code and the number, digits only"
    # E.164 allows 15 digits at most
    if not _E164.fullmatch(text):
        return "must have 7 to 15 digits after the plus sign, of which the first is not 0"
    return None


def country_of(phone_number: str) -> str | None:
    """The ISO code of a number's country; None where it tells none. ``001`` is no country."""
    try:
        parsed = phonenumbers.parse(phone_number)
    except phonenumbers.NumberParseException:
        return None
    country = phonenumbers.region_code_for_number(parsed)
    return country or phonenumbers.region_code_for_country_code(parsed.country_code or 0)
