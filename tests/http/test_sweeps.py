"""What only a vendor's list knows of is found there; recordings made elsewhere are imported."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import requests

from callscribe.domain.times import format_timestamp
from cli.client import ApiError
from tests.support.stack import Driver, recordings_ended
from tests.support.waiting import wait_until


def made_elsewhere(driver: Driver, *, minutes_ago: float, **more: Any) -> dict[str, str]:
    """A finished recording at Twilio that no callback told of."""
    body = {"from": driver.phone(), "to": "+15005550006", "minutes_ago": minutes_ago, **more}
    answer = requests.post(f"{driver.twilio.url}/_sim/recordings", json=body, timeout=10)
    made: dict[str, str] = answer.json()
    return made


def call_of(driver: Driver, call_sid: str) -> dict[str, Any] | None:
    try:
        return driver.api.get_call(call_sid)
    except ApiError as error:
        if error.status != 404:
            raise
        return None


def follow_sid(driver: Driver, call_sid: str) -> dict[str, Any]:
    """The adopted call once its recordings have ended, reconciling meanwhile."""

    def probe() -> dict[str, Any] | None:
        call = call_of(driver, call_sid)
        if call is None:
            driver.reconcile()
            return None
        return call if recordings_ended(call) else None

    found = wait_until(probe)
    assert found is not None
    return found


def slide(driver: Driver) -> None:
    """The windows begin anew, a day back: as when the application was deployed today."""
    client = driver.stack.ministack.client("dynamodb")
    for name in ("calls", "recordings", "transcripts"):
        key = {"call_id": {"S": "sweeps"}, "item": {"S": name}}
        client.delete_item(TableName=driver.stack.connection.table_name, Key=key)


def test_recording_that_no_callback_told_of_is_found_in_twilios_list(driver: Driver) -> None:
    """That of another application is left alone until an import names it."""
    slide(driver)
    theirs = made_elsewhere(driver, minutes_ago=30, to="+15005550009")
    ours = made_elsewhere(driver, minutes_ago=30)
    call = follow_sid(driver, ours["call_sid"])
    [recording] = call["recordings"]
    assert recording["recording_sid"] == ours["recording_sid"]
    assert (recording["status"], call["direction"]) == ("completed", "inbound")
    assert call_of(driver, theirs["call_sid"]) is None
    asked = driver.ask("POST", "/imports", json={"recording_sid": theirs["recording_sid"]})
    assert follow_sid(driver, theirs["call_sid"])["recordings"][0]["status"] == "completed"
    stands = driver.ask("GET", f"/imports/{asked['import_id']}")
    assert (stands["status"], stands["seen"], stands["found"]) == ("completed", 1, 1)
    assert stands["recording_sid"] == theirs["recording_sid"]


def test_import_takes_up_what_is_unknown_once(driver: Driver) -> None:
    since = datetime.now(UTC) - timedelta(hours=72)
    made = [made_elsewhere(driver, minutes_ago=60 * 71 + n) for n in range(3)]
    body = {"since": format_timestamp(since), "until": format_timestamp(since + timedelta(hours=2))}
    asked = driver.ask("POST", "/imports", json=body)
    assert asked["status"] == "running"

    def ended(import_id: str) -> dict[str, Any] | None:
        driver.reconcile()
        stands = driver.ask("GET", f"/imports/{import_id}")
        return stands if stands["status"] != "running" else None

    first = wait_until(lambda: ended(asked["import_id"]))
    assert first is not None
    assert (first["status"], first["seen"], first["found"], first["known"]) == (
        "completed",
        3,
        3,
        0,
    )
    for one in made:
        call = follow_sid(driver, one["call_sid"])
        assert call["recordings"][0]["status"] == "completed"
    again = driver.ask("POST", "/imports", json=body)
    second = wait_until(lambda: ended(again["import_id"]))
    assert second is not None
    assert (second["seen"], second["found"], second["known"]) == (3, 0, 3)
