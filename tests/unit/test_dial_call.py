"""Twilio is asked once for a claimed call; what became of it is written down, or found later."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from callscribe.domain.calls import Call, CallState
from callscribe.domain.errors import (
    CallRefusedError,
    RetryLaterError,
    VendorError,
    VendorOutcomeUnknownError,
    VendorRateLimitedError,
    VendorRefusedError,
)
from callscribe.domain.failures import Failure
from callscribe.use_cases.dial_call import DialCall
from simulation.memory_store import MemoryCallStore
from tests.support.doubles import CountingTelemetry, Recorder, queued_at_twilio
from tests.support.entries import AT, CALL_ID, CALL_SID, a_call
from tests.support.gateways import InMemoryGateways, application
from tests.support.stores import BusyStore, ContendedStore

NOW = datetime.fromisoformat(AT).astimezone(UTC)
LATER = "2026-11-21T08:30:00.000Z"
INVALID = Failure("to_invalid", "no such number", retryable=False)
NO_ANSWER = VendorOutcomeUnknownError("Twilio", "no answer")
REFUSED = VendorRefusedError("Twilio", "no", code=21211, status=400, failure=INVALID)


class House:
    def __init__(self, store: MemoryCallStore | None = None, **more: Any) -> None:
        self.store = store or MemoryCallStore()
        self.call = a_call("placing", to_number="+14155550100", due_at=LATER, **more)
        self.store.save(None, self.call)
        self.telephony, self.telemetry = Recorder(), CountingTelemetry()
        self.answer = queued_at_twilio(self.call, CALL_SID)
        self.telephony.answers["place_call"] = self.answer
        gateways = InMemoryGateways(
            store=self.store,
            telephony=self.telephony,
            telemetry=self.telemetry,
            clock=lambda: NOW,
        )
        self.use_case: DialCall = application(gateways).dial_call

    def dial(self) -> Call:
        call = self.use_case.dial(self.call)
        assert self.telephony.given == [(self.call,)]
        return call

    @property
    def stands(self) -> Call:
        return self.store.calls[CALL_ID]


@pytest.mark.parametrize(
    ("told", "status"),
    [(CallState.QUEUED, "queued"), (CallState.RINGING, "ringing"), (None, "queued")],
)
def test_call_that_twilio_takes_has_its_sid_and_time(told: CallState | None, status: str) -> None:
    house = House()
    house.telephony.answers["place_call"] = replace(house.answer, status=told)
    call = house.dial()
    assert call == house.stands
    assert (call.status, call.call_sid, call.placed_at) == (status, CALL_SID, AT)
    assert house.telemetry.counts == {"CallPlaced": 1}


def test_call_without_an_answer_is_unknown_and_waits_for_a_look_up() -> None:
    house = House()
    house.telephony.answers["place_call"] = NO_ANSWER
    call = house.dial()
    assert call == house.stands
    assert (call.status, call.call_sid, call.error_code) == ("unknown", None, None)
    assert call.due_at == "2026-11-21T08:02:00.000Z"


def called_back(call_sid: str = CALL_SID) -> ContendedStore:
    """A callback is written just before what Twilio answered: with another SID, where one is given."""
    return ContendedStore(
        lambda call, _: (
            None
            if call.status == CallState.COMPLETED
            else replace(call, status=CallState.COMPLETED, call_sid=call_sid)
        )
    )


@pytest.mark.parametrize(("call_sid", "placed_at"), [(CALL_SID, AT), ("CA" + "9" * 32, None)])
def test_callback_that_was_faster_is_not_undone(call_sid: str, placed_at: str | None) -> None:
    house = House(called_back(call_sid))
    call = house.dial()
    assert call == house.stands
    assert (call.status, call.call_sid, call.placed_at) == ("completed", call_sid, placed_at)


def test_callback_of_a_call_whose_answer_was_lost_is_not_undone() -> None:
    house = House(called_back())
    house.telephony.answers["place_call"] = NO_ANSWER
    assert (house.dial().status, house.stands.status) == ("completed", "completed")


@pytest.mark.parametrize(
    ("error", "code", "retryable", "refusal"),
    [
        (REFUSED, "to_invalid", False, {"code": 21211, "status": 400}),
        (
            VendorRateLimitedError("Twilio", "could not be reached"),
            "twilio_unreachable",
            True,
            {"code": None, "status": None},
        ),
    ],
)
@pytest.mark.parametrize("place_at", [None, LATER])
def test_refused_call_has_failed_and_keeps_the_answer_for_its_key(
    error: VendorError,
    code: str,
    retryable: bool,
    refusal: dict[str, int | None],
    place_at: str | None,
) -> None:
    house = House(place_at=place_at)
    house.telephony.answers["place_call"] = error
    with pytest.raises(CallRefusedError) as caught:
        house.dial()
    assert (caught.value.failure.code, caught.value.vendor_code) == (code, error.code)
    call = house.stands
    assert (call.status, call.ended_at, call.due_at) == ("failed", AT, None)
    assert (call.error_code, call.error_retryable, call.twilio_code) == (
        code,
        retryable,
        error.code,
    )
    # the request of one that was scheduled was accepted
    assert call.refusal == (None if place_at else refusal)
    assert house.telemetry.counts == {"CallRefused": 1}


@pytest.mark.parametrize(
    ("answer", "status", "call_sid"), [(None, "queued", CALL_SID), (NO_ANSWER, "placing", None)]
)
def test_busy_table_is_no_reason_to_ask_twilio_again(
    answer: Exception | None, status: str, call_sid: str | None
) -> None:
    house = House(BusyStore())
    house.telephony.answers["place_call"] = answer or house.answer
    call = house.dial()
    assert (call.status, call.call_sid) == (status, call_sid)
    assert house.stands == house.call


def test_refusal_that_cannot_be_written_is_asked_for_again() -> None:
    house = House(BusyStore())
    house.telephony.answers["place_call"] = REFUSED
    with pytest.raises(RetryLaterError):
        house.dial()
