"""Whatever was lost is asked for and advanced, without dialing or submitting twice."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from callscribe.domain.times import format_timestamp
from tests.support.stack import Driver
from tests.support.waiting import wait_until


def recordings_are(*statuses: str) -> Any:
    return lambda call: [r["status"] for r in call["recordings"]] == list(statuses)


def repair(driver: Driver, call_id: str, until: Any) -> dict[str, Any]:
    """Reconciles, deadlines passed, until the call is as it should be."""

    def probe() -> dict[str, Any] | None:
        driver.make_overdue(call_id)
        driver.reconcile()
        call = driver.api.get_call(call_id)
        return call if until(call) else None

    found = wait_until(probe)
    assert found is not None
    return found


def test_lost_callbacks_of_every_kind(driver: Driver) -> None:
    driver.fault(driver.twilio, operation="callback.status", fault="lose", times=None)
    driver.fault(driver.twilio, operation="callback.recording", fault="lose")
    driver.fault(driver.assemblyai, operation="webhook", fault="lose")
    placed = driver.place()
    twilio = driver.twilio.account.calls[placed["call_sid"]]
    wait_until(lambda: twilio.status == "completed")
    call = driver.api.get_call(placed["call_id"])
    assert (call["status"], call["recordings"]) == ("queued", [])
    call = repair(driver, placed["call_id"], recordings_are("completed"))
    assert call["status"] == "completed"
    assert call["recordings"][0]["attempts"] == 1
    assert call["recordings"][0]["text"].startswith("Good morning.")
    # what waits for nothing is not in the index
    repair(
        driver,
        placed["call_id"],
        lambda _: not [i for i in driver.items(placed["call_id"]) if "due_at" in i],
    )


def test_call_whose_answer_never_came_is_found_not_redialed(driver: Driver) -> None:
    driver.fault(driver.twilio, operation="calls.create", fault="drop_after")
    driver.fault(driver.twilio, operation="callback.status", fault="lose", times=None)
    before = driver.placed_at_twilio()
    placed = driver.place(to=driver.phone(ring_seconds=60))
    assert placed["status"] == "unknown"
    assert placed["call_sid"] is None
    call = repair(driver, placed["call_id"], lambda c: c["call_sid"] is not None)
    assert call["status"] != "unknown"
    assert driver.placed_at_twilio() == before + 1


def test_submission_whose_answer_never_came_is_found(driver: Driver) -> None:
    driver.fault(driver.assemblyai, operation="transcripts.create", fault="drop_after")
    driver.fault(driver.assemblyai, operation="webhook", fault="lose", times=None)
    placed = driver.place()
    call = driver.follow(placed["call_id"], until=recordings_are("submitting"))
    sid = call["recordings"][0]["recording_sid"]
    age_claim(driver, placed["call_id"])
    repaired = repair(driver, placed["call_id"], recordings_are("completed"))
    assert repaired["recordings"][0]["attempts"] == 1
    submitted = [r for r in driver.assemblyai.requests if sid in (r["body"] or "")]
    assert len(submitted) == 1


def age_claim(driver: Driver, call_id: str) -> None:
    """What was claimed is a quarter of an hour old: only then is anything concluded."""
    client = driver.stack.ministack.client("dynamodb")
    past = format_timestamp(datetime.now(UTC) - timedelta(minutes=15))
    for item in driver.items(call_id):
        name = "submitted_at" if item["item"].startswith("RECORDING") else "claimed_at"
        client.update_item(
            TableName=driver.stack.connection.table_name,
            Key={"call_id": {"S": item["call_id"]}, "item": {"S": item["item"]}},
            UpdateExpression=f"SET {name} = :past",
            ExpressionAttributeValues={":past": {"S": past}},
        )
