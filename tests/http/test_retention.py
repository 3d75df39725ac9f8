"""What was said is not kept for ever: table, audio and transcripts go after the same time."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import requests

from tests.support.stack import Driver
from tests.support.waiting import wait_until
from tests.unit.test_template import BY_FOLDER, RESOURCES, TEMPLATE

DAYS = TEMPLATE["Parameters"]["RetentionDays"]["Default"]


def expires_when_it_should(item: dict[str, Any]) -> bool:
    due = datetime.fromisoformat(item["created_at"]) + timedelta(days=DAYS)
    return bool(int(item["expires_at"]) == int(due.timestamp()))


def test_every_call_and_recording_expires_however_it_came(driver: Driver) -> None:
    placed = driver.place()
    driver.follow(placed["call_id"])
    number = {"number": "+15005550006", "voice_url": f"{driver.url}/twiml"}
    requests.post(f"{driver.twilio.url}/_sim/numbers", json=number, timeout=10)
    body = {"to": "+15005550006", "from": driver.phone()}
    inbound = requests.post(f"{driver.twilio.url}/_sim/inbound", json=body, timeout=10).json()
    sid = inbound["call_sid"]
    items = wait_until(lambda: [i for i in driver.items() if i.get("call_sid") == sid])
    adopted = driver.follow(items[0]["call_id"])["call_id"]
    for call_id in (placed["call_id"], adopted):
        items = driver.items(call_id)
        assert len(items) == 2
        assert all(expires_when_it_should(item) for item in items)


def test_bucket_lets_go_of_audio_and_transcripts_at_the_same_time() -> None:
    rules = RESOURCES["Bucket"]["Properties"]["LifecycleConfiguration"]["Rules"]
    (whole,) = [rule for rule in rules if "ExpirationInDays" in rule]
    assert whole["ExpirationInDays"] == {"Ref": "RetentionDays"}
    assert "Prefix" not in whole
    ttl = RESOURCES["CallsTable"]["Properties"]["TimeToLiveSpecification"]
    assert (ttl["AttributeName"], ttl["Enabled"]) == ("expires_at", True)


def test_every_function_that_adds_a_call_or_a_recording_knows_how_long() -> None:
    for folder in ("dial", "twiml", "transcribe", "calls"):
        variables = BY_FOLDER[folder][1]["Properties"]["Environment"]["Variables"]
        assert variables["RETENTION_DAYS"] == {"Ref": "RetentionDays"}
