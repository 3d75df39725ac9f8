"""Calls that are placed later, once, however often their schedule fires."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from callscribe.domain.times import format_timestamp
from cli.client import ApiError
from tests.support.stack import PHONE, Driver


def test_one_time_schedule_places_the_call_when_it_is_time(driver: Driver) -> None:
    # warm: starting an environment could take longer than there is until then
    driver.refused({})
    place_at = format_timestamp(datetime.now(UTC) + timedelta(seconds=3))
    placed = driver.place(place_at=place_at)
    assert placed["status"] == "scheduled"
    assert placed["call_sid"] is None
    call = driver.follow(placed["call_id"])
    assert call["recordings"][0]["status"] == "completed"
    assert call["placed_at"] >= place_at[:19]


def test_schedule_that_fires_twice_dials_once(driver: Driver) -> None:
    placed = driver.place(place_at="2027-01-01T00:00:00Z")
    before = driver.placed_at_twilio()
    for _ in range(2):
        driver.stack.invoke("DialFunction", {"call_id": placed["call_id"]})
    assert driver.placed_at_twilio() == before + 1


def test_scheduled_call_is_listed_and_canceled_and_never_placed(driver: Driver) -> None:
    placed = driver.place(
        to=driver.phone(), place_at=format_timestamp(datetime.now(UTC) + timedelta(days=1))
    )
    call_id = placed["call_id"]
    listed = driver.ask("GET", "/scheduled-calls?caller=me&limit=200")["calls"]
    assert call_id in [call["call_id"] for call in listed]
    before = driver.placed_at_twilio()
    canceled = driver.ask("POST", f"/calls/{call_id}/cancel")
    assert (canceled["status"], canceled["error"]["code"]) == ("canceled", "canceled_by_request")
    assert driver.ask("POST", f"/calls/{call_id}/cancel") == canceled
    driver.stack.invoke("DialFunction", {"call_id": call_id})
    assert driver.placed_at_twilio() == before
    listed = driver.ask("GET", "/scheduled-calls?limit=200")["calls"]
    assert call_id not in [call["call_id"] for call in listed]
    ended = driver.place(to=driver.phone("busy"))["call_id"]
    with pytest.raises(ApiError) as caught:
        driver.ask("POST", f"/calls/{ended}/cancel")
    assert caught.value.status == 409
    assert caught.value.problem["type"].endswith("not-scheduled")


def test_all_of_a_caller_are_canceled_at_once(driver: Driver) -> None:
    made = [
        driver.place(
            to=driver.phone(), place_at=format_timestamp(datetime.now(UTC) + timedelta(days=2))
        )
        for _ in range(2)
    ]
    caller = driver.ask("GET", "/scheduled-calls?caller=me")["calls"][0]["asked_by"]
    canceled = driver.ask("POST", "/cancellations", json={"caller": caller})
    assert {call["call_id"] for call in made} <= set(canceled["canceled"])
    assert driver.ask("GET", f"/scheduled-calls?caller={caller}")["calls"] == []


def test_recurring_schedule_dials_once_for_each_time(driver: Driver) -> None:
    event = {
        "schedule_arn": "arn:aws:scheduler:us-east-1:000000000000:schedule/group/name",
        "scheduled_time": format_timestamp(datetime.now(UTC)),
        "base_url": driver.url,
        "request": json.dumps({"to": PHONE}),
    }
    before = driver.placed_at_twilio()
    first = driver.stack.invoke("DialFunction", event)
    again = driver.stack.invoke("DialFunction", event)
    assert first["call_id"] == again["call_id"]
    later = format_timestamp(datetime.now(UTC) + timedelta(minutes=1))
    tomorrow = driver.stack.invoke("DialFunction", {**event, "scheduled_time": later})
    assert tomorrow["call_id"] != first["call_id"]
    assert driver.placed_at_twilio() == before + 2
