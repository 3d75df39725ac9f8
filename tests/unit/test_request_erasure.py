"""An erasure that is asked for: what takes the call's place, and what is refused."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from callscribe.domain.calls import Call, CallState
from callscribe.domain.errors import (
    CallUnderWayError,
    NotFoundError,
    RetryLaterError,
)
from callscribe.domain.times import format_timestamp
from callscribe.use_cases.request_erasure import MOST_AT_ONCE, Erasures, RequestErasure
from simulation.memory_store import MemoryCallStore
from tests.support.doubles import CountingTelemetry
from tests.support.entries import AT, CALL_ID, CALL_SID, a_call, a_recording
from tests.support.gateways import InMemoryGateways, application
from tests.support.stores import ContendedStore

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
IN_A_WEEK = int((NOW + timedelta(days=7)).timestamp())
NUMBER, OURS = "+14155550100", "+15005550006"
ENDED = ("completed", "busy", "no-answer", "failed", "canceled")
UNDER_WAY = ("placing", "unknown", "queued", "initiated", "ringing", "in-progress")


class House:
    def __init__(self, *calls: Call, store: MemoryCallStore | None = None) -> None:
        self.store = store or MemoryCallStore()
        for call in calls:
            self.store.save(None, call)
        self.telemetry = CountingTelemetry()
        gateways = InMemoryGateways(store=self.store, telemetry=self.telemetry, clock=lambda: NOW)
        self.erasure: RequestErasure = application(gateways, RETENTION_DAYS="7").request_erasure

    def request(self, name: str = CALL_ID) -> Call:
        return self.erasure.request(name, asked_by="the operator")

    def request_for(self, body: object) -> Erasures:
        return self.erasure.request_for_number(body, asked_by="the operator")


@pytest.mark.parametrize("name", [CALL_ID, CALL_SID])
def test_nothing_of_the_call_stays_but_ids_times_and_who_asked(name: str) -> None:
    personal: dict[str, Any] = {
        "to_number": NUMBER,
        "say": "A secret.",
        "metadata": {"customer": "Mrs Example"},
    }
    house = House(a_call(call_sid=CALL_SID, direction="inbound", **personal))
    house.store.save(None, a_recording("completed", transcript_id="2", past_transcript_ids=["1"]))
    house.store.save(None, a_recording("silent", recording_sid="RE" + "2" * 32, transcript_id="3"))
    marked = house.request(name)
    at = format_timestamp(NOW)
    assert marked == house.store.calls[CALL_ID]
    assert marked == Call(
        call_id=CALL_ID,
        status=CallState.ERASING,
        created_at=AT,
        updated_at=at,
        call_sid=CALL_SID,
        direction="inbound",
        erasure={"asked_at": at, "asked_by": "the operator", "recordings": 2, "transcripts": 3},
        expires_at=IN_A_WEEK,
        # the first look is at once
        due_at=at,
    )


@pytest.mark.parametrize("status", [*ENDED, "scheduled"])
def test_call_that_does_not_run_can_be_erased(status: str) -> None:
    assert House(a_call(status)).request().status == "erasing"


@pytest.mark.parametrize("status", UNDER_WAY)
def test_call_that_may_still_run_is_left_as_it_is(status: str) -> None:
    call = a_call(status, to_number=NUMBER)
    house = House(call)
    with pytest.raises(CallUnderWayError, match=f"the call is {status}: erase it after its end"):
        house.request()
    assert house.store.calls[CALL_ID] == call


@pytest.mark.parametrize("status", ["erasing", "erased"])
def test_asking_again_changes_nothing(status: str) -> None:
    call = a_call(status, erasure={"asked_by": "another"})
    house = House(call)
    assert house.request() == house.store.calls[CALL_ID] == call
    assert house.telemetry.counts == {}


@pytest.mark.parametrize("name", [CALL_ID, CALL_SID, "none"])
def test_unknown_call_cannot_be_erased(name: str) -> None:
    with pytest.raises(NotFoundError):
        House().request(name)


def test_call_that_changes_at_the_same_moment_is_not_erased() -> None:
    # its schedule fires just before the tombstone is written
    store = ContendedStore(lambda call, _: replace(call, status=CallState.PLACING))
    house = House(a_call("scheduled", to_number=NUMBER), store=store)
    with pytest.raises(RetryLaterError):
        house.request()
    stands = house.store.calls[CALL_ID]
    assert (stands.status, stands.to_number) == ("placing", NUMBER)
    assert house.telemetry.counts == {}


@pytest.mark.parametrize(
    ("before", "after"), [(None, IN_A_WEEK), (IN_A_WEEK - 1, IN_A_WEEK), (IN_A_WEEK + 1,) * 2]
)
def test_tombstone_is_kept_no_shorter_than_what_it_stands_for(
    before: int | None, after: int
) -> None:
    assert House(a_call(expires_at=before)).request().expires_at == after


def numbered(number: int, status: str = "completed", **more: Any) -> Call:
    return a_call(status, call_id=f"{number:032x}", **({"to_number": NUMBER} | more))


def test_every_call_to_or_from_a_number_is_marked() -> None:
    house = House(
        numbered(1),
        numbered(2, direction="inbound", to_number=OURS, from_number=NUMBER),
        numbered(3, "in-progress"),
        numbered(4, to_number="+14155550199"),
        # our own number is no person's
        numbered(5, to_number="+14155550199", from_number=NUMBER),
    )
    answer = house.request_for({"phone_number": NUMBER})
    ids = [f"{number:032x}" for number in range(6)]
    assert answer == Erasures(erasing=ids[1:3], under_way=[ids[3]], more=False)
    erasing = {call.call_id for call in house.store.calls.values() if call.status == "erasing"}
    assert erasing == set(ids[1:3])
    assert house.telemetry.counts == {"ErasureRequested": 2}


@pytest.mark.parametrize("more", [0, 1])
def test_request_that_left_some_is_sent_again(more: int) -> None:
    house = House(*map(numbered, range(MOST_AT_ONCE + more)))
    first = house.request_for({"phone_number": NUMBER})
    assert (len(first.erasing), first.more) == (MOST_AT_ONCE, bool(more))
    second = house.request_for({"phone_number": NUMBER})
    assert (second.erasing, second.more) == ([f"{MOST_AT_ONCE:032x}"][:more], False)
