"""What only a vendor's list knows of is found there; recordings made elsewhere are imported."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
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
    slide(driver)
    made = made_elsewhere(driver, minutes_ago=30)
    call = follow_sid(driver, made["call_sid"])
    assert [r["recording_sid"] for r in call["recordings"]] == [made["recording_sid"]]
    assert call["recordings"][0]["status"] == "completed"
    assert call["direction"] == "inbound"


def test_recording_of_another_application_is_left_alone_until_an_import_names_it(
    driver: Driver,
) -> None:
    slide(driver)
    theirs = made_elsewhere(driver, minutes_ago=30, to="+15005550009")
    ours = made_elsewhere(driver, minutes_ago=30)
    follow_sid(driver, ours["call_sid"])
    assert call_of(driver, theirs["call_sid"]) is None
    driver.ask("POST", "/imports", json={"recording_sid": theirs["recording_sid"]})
    assert follow_sid(driver, theirs["call_sid"])["recordings"][0]["status"] == "completed"


def test_young_recording_is_left_to_its_callback_and_not_forgotten(driver: Driver) -> None:
    slide(driver)
    made = made_elsewhere(driver, minutes_ago=1)
    driver.reconcile()
    assert call_of(driver, made["call_sid"]) is None
    # the window has passed it by, but reaches back to it for as long as it is not known
    recording = driver.twilio.account.recordings[made["recording_sid"]]
    windows = {i["item"]: i for i in driver.items("sweeps")}
    assert windows["recordings"]["unfinished_since"] <= format_timestamp(recording.created_at)
    recording.created_at -= timedelta(minutes=20)
    slide(driver)
    assert follow_sid(driver, made["call_sid"])["recordings"][0]["status"] == "completed"


def test_lost_webhook_is_found_in_assemblyais_list_before_its_deadline(driver: Driver) -> None:
    slide(driver)
    driver.fault(driver.assemblyai, operation="webhook", fault="lose")
    placed = driver.place()
    driver.follow(
        placed["call_id"], until=lambda c: [r["status"] for r in c["recordings"]] == ["submitted"]
    )

    def probe() -> dict[str, Any] | None:
        driver.reconcile()
        call = driver.api.get_call(placed["call_id"])
        return call if recordings_ended(call) else None

    call = wait_until(probe)
    assert call is not None
    assert call["recordings"][0]["status"] == "completed"


def test_lost_status_callbacks_are_found_in_twilios_list(driver: Driver) -> None:
    slide(driver)
    driver.fault(driver.twilio, operation="callback.status", fault="lose", times=None)
    placed = driver.place(to=driver.phone("busy"))
    twilio = driver.twilio.account.calls[placed["call_sid"]]
    wait_until(lambda: twilio.ended_at is not None)

    def probe() -> bool:
        slide(driver)
        driver.reconcile()
        return bool(driver.api.get_call(placed["call_id"])["status"] == "busy")

    wait_until(probe)


def test_duplicate_transcript_is_deleted_at_the_vendor(driver: Driver) -> None:
    slide(driver)
    call = driver.follow(driver.place()["call_id"])
    adopted = call["recordings"][0]["transcript_id"]
    (first,) = [
        r["body"]
        for r in driver.assemblyai.requests
        if r["body"] and call["recordings"][0]["recording_sid"] in r["body"]
    ]
    key = driver.stack.options.assemblyai_api_key
    url = f"{driver.assemblyai.url}/v2/transcript"
    headers = {"Authorization": key, "Content-Type": "application/json"}
    # the same request again, as a crash between asking and writing would have made it
    double = requests.post(url, data=first, headers=headers, timeout=10).json()["id"]

    def deleted() -> bool:
        driver.reconcile()
        shown = requests.get(f"{url}/{double}", headers=headers, timeout=10).json()
        return bool(shown["text"] == "Deleted by user.")

    wait_until(deleted)
    after = driver.api.get_call(call["call_id"])["recordings"][0]
    assert after["transcript_id"] == adopted
    assert after["text"] == call["recordings"][0]["text"]
    assert requests.get(f"{url}/{adopted}", headers=headers, timeout=10).json()["words"]


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


def test_import_of_one_recording(driver: Driver) -> None:
    made = made_elsewhere(driver, minutes_ago=60 * 80)
    asked = driver.ask("POST", "/imports", json={"recording_sid": made["recording_sid"]})
    call = follow_sid(driver, made["call_sid"])
    assert call["recordings"][0]["status"] == "completed"
    stands = driver.ask("GET", f"/imports/{asked['import_id']}")
    assert (stands["status"], stands["seen"], stands["found"]) == ("completed", 1, 1)
    assert stands["recording_sid"] == made["recording_sid"]


def test_import_that_twilio_refuses_ends_and_says_so(driver: Driver) -> None:
    asked = driver.ask("POST", "/imports", json={"recording_sid": "RE" + "0" * 32})

    def failed() -> dict[str, Any] | None:
        driver.reconcile()
        stands = driver.ask("GET", f"/imports/{asked['import_id']}")
        return stands if stands["status"] == "failed" else None

    stands = wait_until(failed)
    assert stands is not None
    assert stands["error_message"].startswith("Twilio refused: ")


def test_same_key_is_the_same_import_and_another_body_is_refused(driver: Driver) -> None:
    body = {"since": "2026-01-01T00:00:00Z", "until": "2026-01-02T00:00:00Z"}
    headers = {"Idempotency-Key": f"import-{driver.phone()}"}
    one = driver.ask("POST", "/imports", json=body, headers=headers)
    assert (
        driver.ask("POST", "/imports", json=body, headers=headers)["import_id"]
        == (one["import_id"])
    )
    with pytest.raises(ApiError) as caught:
        driver.ask(
            "POST", "/imports", json={**body, "until": "2026-01-03T00:00:00Z"}, headers=headers
        )
    assert caught.value.status == 422


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ([], "body"),
        ({}, "since"),
        ({"since": "yesterday"}, "since"),
        ({"since": "2026-01-01T00:00:00"}, "since"),
        ({"since": 5}, "since"),
        ({"since": "2026-01-02T00:00:00Z", "until": "2026-01-01T00:00:00Z"}, "until"),
        ({"since": "2026-01-02T00:00:00Z", "until": "2999-01-01T00:00:00Z"}, "until"),
        ({"call_sid": "CA1"}, "call_sid"),
        ({"recording_sid": ["RE"]}, "recording_sid"),
        ({"since": "2026-01-01T00:00:00Z", "until_": 1}, "until_"),
    ],
)
def test_bad_import_is_refused_by_field(driver: Driver, body: Any, field: str) -> None:
    with pytest.raises(ApiError) as caught:
        driver.ask("POST", "/imports", json=body)
    assert caught.value.status == 400
    assert field in [error["field"] for error in caught.value.problem["errors"]]


@pytest.mark.parametrize("import_id", ["import-" + "0" * 32, "recordings", "import-1"])
def test_unknown_import_is_not_found(driver: Driver, import_id: str) -> None:
    with pytest.raises(ApiError) as caught:
        driver.ask("GET", f"/imports/{import_id}")
    assert caught.value.status == 404


def test_two_reconciliations_do_not_collide(driver: Driver) -> None:
    client = driver.stack.ministack.client("dynamodb")
    key = {"call_id": {"S": "leases"}, "item": {"S": "reconcile"}}
    held = {"lease_owner": {"S": "another"}, "lease_until": {"S": "2999-01-01T00:00:00.000Z"}}
    client.put_item(TableName=driver.stack.connection.table_name, Item=key | held)
    try:
        result = driver.stack.invoke("ReconcileFunction", {"source": "test"})
        assert result["skipped"]
    finally:
        client.delete_item(TableName=driver.stack.connection.table_name, Key=key)
    assert not driver.reconcile()["skipped"]
