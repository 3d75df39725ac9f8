"""One phone, one text: whatever is not its own E.164 form is refused, with the form that is right."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from callscribe.domain.call_requests import CallDefaults, check_call_request
from callscribe.domain.calls import CallState
from callscribe.domain.dialing.phone_numbers import country_of, phone_number_error
from callscribe.domain.errors import FieldError, InvalidInputError
from callscribe.domain.retention import Retention
from callscribe.ports.telephony import CallStatusUpdate
from callscribe.use_cases.manage_dialing import ManageDialing
from callscribe.use_cases.request_erasure import RequestErasure
from simulation.memory_store import MemoryCallStore
from tests.support.doubles import QuietTelemetry, ledger_of, track_call

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
# each with the text that its phone has
OTHER_FORMS = {
    "+114155550100": "+14155550100",
    "+4402071838750": "+442071838750",
    "+49030123456": "+4930123456",
    "+610412345678": "+61412345678",
    "+5501155256325": "+551155256325",
}
OWN_FORMS = (
    *OTHER_FORMS.values(),
    # Italy's leading zero belongs to the number; its mobile numbers have none
    "+390236618300",
    "+393123456789",
    # Argentina's mobile numbers have a 9 of their own
    "+5491123456789",
    "+541123456789",
    # Mexico dropped the 1 of its mobile numbers
    "+525512345678",
    "+2250123456789",
    "+37866661212",
    "+3612345678",
)


def request(**body: Any) -> list[FieldError]:
    defaults = CallDefaults(from_number=body.pop("default", "+15005550006"))
    try:
        check_call_request(
            {"to": "+14155550100", **body}, defaults=defaults, check_options=lambda _: ()
        )
    except InvalidInputError as error:
        return list(error.errors)
    return []


def erasure(number: str) -> list[FieldError]:
    store = MemoryCallStore()
    ask = RequestErasure(
        store=store,
        ledger=ledger_of(store, lambda: NOW),
        telemetry=QuietTelemetry(),
        clock=lambda: NOW,
        retention=Retention(365),
    )
    try:
        ask.request_for_number({"phone_number": number}, asked_by="me")
    except InvalidInputError as error:
        return list(error.errors)
    return []


def do_not_call(number: str) -> list[FieldError]:
    manage = ManageDialing(store=MemoryCallStore(), telemetry=QuietTelemetry(), clock=lambda: NOW)
    try:
        for listed in (True, False):
            manage.list_number(number, listed=listed)
    except InvalidInputError as error:
        return list(error.errors)
    return []


ENTRANCES: dict[str, Callable[[str], list[FieldError]]] = {
    "to": lambda number: request(to=number),
    "from": lambda number: request(**{"from": number}),
    "DefaultFromNumber": lambda number: request(default=number),
    "erasure": erasure,
    "do-not-call": do_not_call,
}


@pytest.mark.parametrize("entrance", ENTRANCES)
@pytest.mark.parametrize("number", OTHER_FORMS)
def test_other_form_is_refused_with_the_right_one(entrance: str, number: str) -> None:
    [error] = ENTRANCES[entrance](number)
    assert OTHER_FORMS[number] in error.message
    assert entrance != "DefaultFromNumber" or "DefaultFromNumber" in error.message


@pytest.mark.parametrize("entrance", ENTRANCES)
@pytest.mark.parametrize("number", OWN_FORMS)
def test_own_form_of_odd_numbering_plans_passes(entrance: str, number: str) -> None:
    assert ENTRANCES[entrance](number) == []


@pytest.mark.parametrize(
    "number",
    ["", "+", "14155550100", "+0123456789", "+1415555010x", "+1" * 9, "+1234", 5, None, "+٤"],
)
def test_what_is_no_number_is_refused(number: object) -> None:
    assert phone_number_error(number) is not None
    assert phone_number_error(number, must_exist=False) is not None


@pytest.mark.parametrize("number", ["+266696687", "+999123456789", "+5215512345678"])
def test_number_that_does_not_exist_is_not_dialed_but_may_be_erased(number: str) -> None:
    assert phone_number_error(number) is not None
    assert erasure(number) == do_not_call(number) == []


@pytest.mark.parametrize(
    "caller", ["anonymous", "+266696687", "sip:bob@example.com", "client:bob", "", "+4402071838750"]
)
def test_whoever_calls_us_is_never_refused(caller: str) -> None:
    """What Twilio says of an inbound caller is kept as it is."""
    store = MemoryCallStore()
    track = track_call(store, lambda: NOW)
    news = CallStatusUpdate(
        call_sid="CA" + "1" * 32,
        status=CallState.RINGING,
        to_number="+15005550006",
        from_number=caller or None,
        direction="inbound",
    )
    call = track.adopt(news, base_url="https://api.example", mode="message")
    assert (call.status, call.from_number) == ("ringing", caller or None)


@pytest.mark.parametrize(
    ("number", "country"),
    [("+15005550006", "US"), ("+442071838750", "GB"), ("", None), ("+9", None)],
)
def test_country_of_a_number(number: str, country: str | None) -> None:
    assert country_of(number) == country
