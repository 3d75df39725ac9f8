"""Calls that are placed later, once, however often their schedule fires."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

from callscribe.domain.times import to_text
from tests.support.stack import PHONE, Driver


def test_one_time_schedule_places_the_call_when_it_is_time(driver: Driver) -> None:
    # warm: starting an environment could take longer than there is until then
    driver.refused({})
    place_at = to_text(datetime.now(UTC) + timedelta(seconds=3))
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


def test_recurring_schedule_dials_once_for_each_time(driver: Driver) -> None:
    event = {
        "schedule_arn": "arn:aws:scheduler:us-east-1:000000000000:schedule/group/name",
        "scheduled_time": "2026-11-21T09:00:00Z",
        "base_url": driver.url,
        "request": json.dumps({"to": PHONE}),
    }
    before = driver.placed_at_twilio()
    first = driver.stack.invoke("DialFunction", event)
    again = driver.stack.invoke("DialFunction", event)
    assert first["call_id"] == again["call_id"]
    tomorrow = driver.stack.invoke(
        "DialFunction", {**event, "scheduled_time": "2026-11-22T09:00:00Z"}
    )
    assert tomorrow["call_id"] != first["call_id"]
    assert driver.placed_at_twilio() == before + 2
