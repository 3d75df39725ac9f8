"""Erasing a call: here, at Twilio, at AssemblyAI, every version; and what is left of it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
import requests

from cli.client import ApiError
from tests.support.stack import Driver, call_is


def objects(driver: Driver, call_id: str) -> list[str]:
    """Keys of every version and delete marker of a call."""
    client = driver.stack.ministack.client("s3")
    pages = client.get_paginator("list_object_versions").paginate(
        Bucket=driver.stack.deployment.outputs["BucketName"]
    )
    entries = [
        e for page in pages for e in (*page.get("Versions", []), *page.get("DeleteMarkers", []))
    ]
    return [entry["Key"] for entry in entries if call_id in entry["Key"]]


def at_twilio(driver: Driver, call_sid: str) -> tuple[bool, list[str]]:
    account = driver.twilio.account
    recordings = [r.sid for r in account.recordings.values() if r.call_sid == call_sid]
    return call_sid in account.calls, recordings


def at_assemblyai(driver: Driver, call_id: str) -> list[str]:
    answer = requests.get(f"{driver.assemblyai.url}/_sim/transcripts", timeout=10).json()
    transcripts = [entry["transcript"] for entry in answer["transcripts"]]
    return [t["id"] for t in transcripts if call_id in t["audio_url"]]


def ended_call(driver: Driver, **request: Any) -> dict[str, Any]:
    """A call that is over, and so are its recordings."""
    call_id = driver.place(**request)["call_id"]
    driver.follow(call_id)
    return driver.follow(call_id, call_is("completed"))


def erase(driver: Driver, name: str) -> dict[str, Any]:
    return driver.ask("DELETE", f"/calls/{name}")


def refused(driver: Driver, method: str, path: str, **request: Any) -> dict[str, Any]:
    with pytest.raises(ApiError) as caught:
        driver.ask(method, path, **request)
    return {"http": caught.value.status, **caught.value.problem}


def let_workers_end(driver: Driver, call_id: str) -> None:
    """As if the time that a worker may run had passed since the erasure was asked for."""
    driver.stack.ministack.client("dynamodb").update_item(
        TableName=driver.stack.connection.table_name,
        Key={"call_id": {"S": call_id}, "item": {"S": "CALL"}},
        UpdateExpression="SET due_at = :past, erasure.asked_at = :past",
        ExpressionAttributeValues={":past": {"S": "2026-01-01T00:00:00.000Z"}},
    )


def test_nothing_is_left_anywhere_but_the_record(driver: Driver) -> None:
    phone = driver.phone()
    call = ended_call(
        driver, to=phone, metadata={"customer": "Mrs Example"}, say="A secret greeting."
    )
    call_id, call_sid = call["call_id"], call["call_sid"]
    # an older version of a transcript is erased too
    s3 = driver.stack.ministack.client("s3")
    bucket = driver.stack.deployment.outputs["BucketName"]
    stored = objects(driver, call_id)
    key = next(key for key in stored if key.startswith("transcripts/"))
    s3.put_object(Bucket=bucket, Key=key, Body=b"a newer version")
    # a webhook that comes twice may have stored a version each time
    assert len(objects(driver, call_id)) == len(stored) + 1
    assert at_assemblyai(driver, call_id)

    answer = erase(driver, call_id)
    assert answer["status"] == "erasing"
    assert answer["to_number"] is None
    # it cannot be read from this moment on, although nothing is deleted yet
    for path in ("/recordings", "/transcript"):
        assert refused(driver, "GET", f"/calls/{call_id}{path}")["http"] == 404
    assert driver.ask("GET", f"/calls/{call_id}")["recordings"] == []

    driver.reconcile()
    assert objects(driver, call_id) == []
    assert at_twilio(driver, call_sid) == (False, [])
    assert at_assemblyai(driver, call_id) == []
    # a worker that began before may still be running: it is not called erased yet
    assert driver.ask("GET", f"/calls/{call_id}")["status"] == "erasing"
    let_workers_end(driver, call_id)
    driver.reconcile()

    [tombstone] = driver.items(call_id)
    assert tombstone["status"] == "erased"
    words = str(tombstone)
    assert [text for text in (phone, "Example", "secret", "Good morning") if text in words] == []
    shown = driver.ask("GET", f"/calls/{call_sid}")
    record = shown["erasure"]
    assert (shown["status"], record["recordings"], record["transcripts"]) == ("erased", 1, 1)
    assert record["asked_by"].endswith(":user/developer")
    assert datetime.fromisoformat(record["erased_at"]) > datetime.fromisoformat(record["asked_at"])
    # the record is kept as long as a call is
    assert int(tombstone["expires_at"]) > datetime.now().astimezone().timestamp() + 360 * 86400
    listed = driver.ask("GET", f"/calls?status=erased&date={shown['created_at'][:10]}")["calls"]
    assert call_id in [entry["call_id"] for entry in listed]
    # asking again changes nothing
    assert erase(driver, call_id)["erasure"] == record
