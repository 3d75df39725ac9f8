"""Nothing is dialed that the guard does not let through, and Twilio is not even asked."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest

from cli.client import ApiError
from tests.support.stack import Driver
from tests.support.waiting import wait_until


@pytest.fixture
def stopped(driver: Driver) -> Iterator[dict[str, Any]]:
    yield driver.ask("PUT", "/dialing", json={"stopped": True, "reason": "a key was leaked"})
    driver.ask("PUT", "/dialing", json={"stopped": False, "reason": "the test is over"})


@pytest.mark.parametrize(
    ("to_number", "code"),
    [
        ("+442079460000", "destination_not_allowed"),
        ("+18765550100", "destination_not_allowed"),
        ("+19005550100", "number_type_not_allowed"),
        ("+88216123456", "number_type_not_allowed"),
    ],
)
def test_number_that_costs_a_fortune_is_refused_by_name(
    driver: Driver, to_number: str, code: str
) -> None:
    before = driver.placed_at_twilio()
    problem = driver.refused({"to": to_number})
    assert problem["http"] == 403
    assert problem["type"].endswith("dialing-refused")
    assert problem["code"] == code
    assert [error["field"] for error in problem["errors"]] == ["to"]
    assert driver.placed_at_twilio() == before


def test_switch_stops_everything_at_once(driver: Driver, stopped: dict[str, Any]) -> None:
    assert stopped["stopped"] is True
    assert stopped["changed_by"].endswith(":user/developer")
    assert driver.ask("GET", "/dialing") == stopped
    before = driver.placed_at_twilio()
    problem = driver.refused({"to": driver.phone()})
    assert (problem["http"], problem["code"]) == (403, "dialing_stopped")
    assert "a key was leaked" in problem["detail"]
    assert driver.placed_at_twilio() == before


def test_what_was_placed_before_keeps_its_answer(driver: Driver) -> None:
    request = {"to": driver.phone()}
    key = f"key-{request['to']}"
    first = driver.api.place_call(request, idempotency_key=key)
    driver.ask("PUT", "/dialing", json={"stopped": True, "reason": "now"})
    try:
        assert driver.api.place_call(request, idempotency_key=key)["call_id"] == first["call_id"]
    finally:
        driver.ask("PUT", "/dialing", json={"stopped": False, "reason": "the test is over"})


def test_scheduled_call_is_held_to_the_rules_of_its_time(driver: Driver) -> None:
    placed = driver.place(place_at="2027-01-01T00:00:00Z")
    driver.ask("PUT", "/dialing", json={"stopped": True, "reason": "now"})
    before = driver.placed_at_twilio()
    try:
        with pytest.raises(Exception, match="DialingRefusedError"):
            driver.stack.invoke("DialFunction", {"call_id": placed["call_id"]})
    finally:
        driver.ask("PUT", "/dialing", json={"stopped": False, "reason": "the test is over"})
    call = driver.api.get_call(placed["call_id"])
    assert (call["status"], call["error"]["code"]) == ("failed", "dialing_stopped")
    assert driver.placed_at_twilio() == before


def test_number_on_the_list_is_not_called(driver: Driver) -> None:
    phone = driver.phone()
    path = f"/do-not-call/{quote(phone, safe='')}"
    assert driver.ask("PUT", path) == {"phone_number": phone, "listed": True}
    assert driver.refused({"to": phone})["code"] == "do_not_call"
    driver.ask("DELETE", path)
    placed = driver.place(to=phone)
    assert wait_until(lambda: driver.api.get_call(placed["call_id"])["call_sid"])


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ("stop", "body"),
        ({"reason": "x"}, "stopped"),
        ({"stopped": "yes", "reason": "x"}, "stopped"),
        ({"stopped": True}, "reason"),
        ({"stopped": True, "reason": " "}, "reason"),
        ({"stopped": True, "reason": "x" * 201}, "reason"),
        ({"stopped": True, "reason": "x", "until": "noon"}, "until"),
    ],
)
def test_bad_switch_is_refused_by_field(driver: Driver, body: Any, field: str) -> None:
    with pytest.raises(ApiError) as caught:
        driver.ask("PUT", "/dialing", json=body)
    assert [error["field"] for error in caught.value.problem["errors"]] == [field]
    assert driver.ask("GET", "/dialing")["stopped"] is False


@pytest.mark.parametrize("number", ["14155550100", "%2B0123456789", "%2B1", "all"])
def test_bad_number_is_not_listed(driver: Driver, number: str) -> None:
    with pytest.raises(ApiError) as caught:
        driver.ask("PUT", f"/do-not-call/{number}")
    assert [error["field"] for error in caught.value.problem["errors"]] == ["phone_number"]
