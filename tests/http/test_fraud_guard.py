"""Nothing is dialed that the guard does not let through, and Twilio is not even asked."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote

import pytest

from local.environments import FunctionError
from tests.support.stack import Driver
from tests.support.waiting import wait_until


@pytest.fixture
def stopped(driver: Driver) -> Iterator[Callable[[], dict[str, Any]]]:
    """The kill switch; it is turned back after the test."""
    yield lambda: driver.ask(
        "PUT", "/dialing", json={"stopped": True, "reason": "a key was leaked"}
    )
    driver.ask("PUT", "/dialing", json={"stopped": False, "reason": "the test is over"})


def test_switch_stops_everything_at_once(
    driver: Driver, stopped: Callable[[], dict[str, Any]]
) -> None:
    scheduled = driver.place(place_at="2027-01-01T00:00:00Z")["call_id"]
    before = driver.placed_at_twilio()
    state = stopped()
    assert state["stopped"] is True
    assert state["changed_by"].endswith(":user/developer")
    assert driver.ask("GET", "/dialing") == state
    problem = driver.refused({"to": driver.phone()})
    assert (problem["http"], problem["code"]) == (403, "dialing_stopped")
    assert "a key was leaked" in problem["detail"]
    # a scheduled call is held to the rules of its time
    with pytest.raises(FunctionError, match="DialingRefusedError"):
        driver.stack.invoke("DialFunction", {"call_id": scheduled})
    call = driver.api.get_call(scheduled)
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
