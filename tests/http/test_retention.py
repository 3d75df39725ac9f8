"""What was said is not kept indefinitely: table, audio and transcripts go after the same time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from callscribe.domain.times import format_timestamp
from local.template import BY_FOLDER, RESOURCES, TEMPLATE
from tests.support.stack import Driver

DAYS = TEMPLATE["Parameters"]["RetentionDays"]["Default"]


def expires_when_it_should(items: list[dict[str, Any]]) -> bool:
    """All together, so long after the call was asked for, or after the time for which it was."""
    (call,) = [item for item in items if item["item"] == "CALL"]
    last = max(call["created_at"], call.get("place_at", ""))
    due = datetime.fromisoformat(last) + timedelta(days=DAYS)
    return {int(item["expires_at"]) for item in items} == {int(due.timestamp())}


def test_every_call_and_recording_expires_however_it_came(driver: Driver) -> None:
    placed = driver.place()
    driver.follow(placed["call_id"])
    adopted = driver.follow(driver.known(driver.receive(driver.phone())))["call_id"]
    scheduled = driver.place(
        to=driver.phone(), place_at=format_timestamp(datetime.now(UTC) + timedelta(days=1))
    )["call_id"]
    # as its schedule would
    driver.stack.invoke("DialFunction", {"call_id": scheduled})
    driver.follow(scheduled)
    for call_id in (placed["call_id"], adopted, scheduled):
        items = driver.items(call_id)
        assert len(items) == 2
        assert expires_when_it_should(items)


def test_least_retention_holds_the_longest_that_a_call_can_take() -> None:
    """24 h in Twilio's queue, 24 h on the phone, 48 h until its transcript is given up."""
    assert timedelta(days=TEMPLATE["Parameters"]["RetentionDays"]["MinValue"]) > timedelta(hours=96)


def test_bucket_lets_go_of_audio_and_transcripts_at_the_same_time() -> None:
    rules = RESOURCES["Bucket"]["Properties"]["LifecycleConfiguration"]["Rules"]
    (whole,) = [rule for rule in rules if "ExpirationInDays" in rule]
    assert whole["ExpirationInDays"] == {"Ref": "RetentionDays"}
    assert "Prefix" not in whole
    ttl = RESOURCES["CallsTable"]["Properties"]["TimeToLiveSpecification"]
    assert (ttl["AttributeName"], ttl["Enabled"]) == ("expires_at", True)


def test_every_function_that_adds_a_call_or_a_recording_knows_how_long() -> None:
    for folder in ("dial", "twiml", "transcribe", "calls", "reconcile"):
        variables = BY_FOLDER[folder][1]["Properties"]["Environment"]["Variables"]
        assert variables["RETENTION_DAYS"] == {"Ref": "RetentionDays"}
