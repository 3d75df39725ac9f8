"""While `twiml` is throttled Twilio tries, then falls back: the person is recorded all the same."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from local.environments import FunctionError
from tests.support.stack import Driver, call_is

# one try and five more (the fragment's rc=5)
TRIES = 6


@contextmanager
def throttled(driver: Driver, times: int, path: str = "") -> Iterator[list[bytes]]:
    """The next invocations of `twiml` for a path are refused, as Lambda does without concurrency."""
    pool = driver.stack.pools["TwimlFunction"]
    invoke = pool.invoke
    refused: list[bytes] = []

    def invoking(payload: bytes) -> bytes:
        if len(refused) < times and b"POST /twiml" in payload and path.encode() in payload:
            refused.append(payload)
            raise FunctionError({"errorType": "TooManyRequestsException"})
        return invoke(payload)

    pool.invoke = invoking  # type: ignore[method-assign]
    try:
        yield refused
    finally:
        del pool.invoke


def executed(driver: Driver, call_sid: str) -> list[str]:
    return driver.twilio.account.calls[call_sid].executed


def test_call_is_recorded_although_its_twiml_was_throttled(driver: Driver) -> None:
    with throttled(driver, TRIES) as refused:
        placed = driver.place(mode="message")
        call = driver.follow(placed["call_id"])
    assert len(refused) == TRIES
    assert [r["status"] for r in call["recordings"]] == ["completed"]
    assert "(error message)" not in executed(driver, placed["call_sid"])


def test_who_has_left_a_message_is_not_asked_for_another(driver: Driver) -> None:
    with throttled(driver, TRIES, path="/recorded") as refused:
        placed = driver.place(mode="message")
        call = driver.follow(placed["call_id"], call_is("completed"))
    assert len(refused) == TRIES
    assert executed(driver, placed["call_sid"]) == ["Say", "Record", "Say", "Hangup"]
    assert len(driver.follow(call["call_id"])["recordings"]) == 1


def test_where_the_fallback_fails_too_the_call_ends_and_is_told_so(driver: Driver) -> None:
    with throttled(driver, 2 * TRIES) as refused:
        placed = driver.place(mode="message")
        call = driver.follow(placed["call_id"], call_is("completed"))
    assert len(refused) == 2 * TRIES
    assert call["recordings"] == []
    assert executed(driver, placed["call_sid"]) == ["(error message)"]


@pytest.mark.parametrize("path", ["/twiml", "/recorded"])
def test_inbound_call_is_recorded_by_way_of_the_numbers_fallback(driver: Driver, path: str) -> None:
    urls = {
        "voice_url": f"{driver.url}/twiml#rc=5&rp=all",
        "voice_fallback_url": f"{driver.url}/twiml",
        "status_callback": f"{driver.url}/call-status",
    }
    with throttled(driver, TRIES, path=path) as refused:
        call_sid = driver.receive(driver.phone(), "+15005550042", **urls)
        call = driver.follow(driver.known(call_sid))
    assert len(refused) == TRIES
    assert [r["status"] for r in call["recordings"]] == ["completed"]
    assert executed(driver, call_sid)[:2] == ["Say", "Record"]
