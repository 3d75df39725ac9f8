"""Calls that are placed later, once, however often their schedule fires."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from callscribe.domain.times import format_timestamp
from cli.client import ApiError
from tests.support.stack import PHONE, Driver


def test_one_time_schedule_places_the_call_once_when_it_is_time(driver: Driver) -> None:
    # warm: starting an environment could take longer than there is until then
    driver.refused({})
    place_at = format_timestamp(datetime.now(UTC) + timedelta(seconds=3))
    placed = driver.place(place_at=place_at)
    assert placed["status"] == "scheduled"
    assert placed["call_sid"] is None
    call = driver.follow(placed["call_id"])
    assert call["recordings"][0]["status"] == "completed"
    assert call["placed_at"] >= place_at[:19]
    before = driver.placed_at_twilio()
    driver.stack.invoke("DialFunction", {"call_id": placed["call_id"]})
    assert driver.placed_at_twilio() == before


def test_scheduled_calls_are_listed_and_canceled_and_never_placed(driver: Driver) -> None:
    place_at = format_timestamp(datetime.now(UTC) + timedelta(days=1))
    one, two, three = (driver.place(place_at=place_at)["call_id"] for _ in range(3))
    listed = driver.ask("GET", "/scheduled-calls?caller=me&limit=200")["calls"]
    assert {one, two, three} <= {call["call_id"] for call in listed}
    canceled = driver.ask("POST", f"/calls/{one}/cancel")
    assert (canceled["status"], canceled["error"]["code"]) == ("canceled", "canceled_by_request")
    assert driver.ask("POST", f"/calls/{one}/cancel") == canceled
    caller = listed[0]["asked_by"]
    assert {two, three} <= set(
        driver.ask("POST", "/cancellations", json={"caller": caller})["canceled"]
    )
    assert driver.ask("GET", f"/scheduled-calls?caller={caller}")["calls"] == []
    before = driver.placed_at_twilio()
    driver.stack.invoke("DialFunction", {"call_id": one})
    assert driver.placed_at_twilio() == before
    ended = driver.place(to=driver.phone("busy"))["call_id"]
    with pytest.raises(ApiError) as caught:
        driver.ask("POST", f"/calls/{ended}/cancel")
    assert caught.value.status == 409
    assert caught.value.problem["type"].endswith("not-scheduled")


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
