"""Another go for what failed, by a person's request or out of the dead-letter queue."""

from __future__ import annotations

import json
from typing import Any

import pytest

from cli.client import ApiError
from tests.support.stack import Driver, call_is
from tests.support.waiting import wait_until


def failed_download(driver: Driver) -> dict[str, Any]:
    """A call whose recording AssemblyAI could not fetch, three times over."""
    driver.fault(driver.assemblyai, operation="audio.download", fault="status", times=3)
    return driver.follow_retries(driver.place()["call_id"])


def retry(driver: Driver, call_id: str) -> Any:
    return driver.ask("POST", f"/calls/{call_id}/retry")


def refused(driver: Driver, call_id: str) -> dict[str, Any]:
    with pytest.raises(ApiError) as caught:
        retry(driver, call_id)
    return {"http": caught.value.status, **caught.value.problem}


def test_failed_transcript_is_tried_again_and_shows_how_often(driver: Driver) -> None:
    call = failed_download(driver)
    recording = call["recordings"][0]
    assert (recording["attempts"], recording["retries"]) == (3, 0)
    assert recording["error"] == {
        "code": "download_error",
        "message": "AssemblyAI could not download the audio",
        "retryable": True,
    }
    with pytest.raises(ApiError) as caught:
        driver.api.get_transcript(call["call_id"], "txt")
    assert caught.value.status == 404
    assert "could not download" in caught.value.problem["detail"]
    answer = retry(driver, call["call_id"])
    assert answer["retried"] == [recording["recording_sid"]]
    after = driver.follow(call["call_id"])["recordings"][0]
    assert after["status"] == "completed"
    assert (after["attempts"], after["retries"]) == (4, 1)
    assert after["error"] is None
    # and now there is nothing left to try
    problem = refused(driver, call["call_sid"])
    assert problem["http"] == 409
    assert problem["type"].endswith("nothing-to-retry")
    assert problem["errors"] == [
        {"field": recording["recording_sid"], "message": "it has its transcript"}
    ]


def letters(driver: Driver) -> list[dict[str, Any]]:
    url = driver.stack.deployment.outputs["RecordingsDeadLetterQueueUrl"]
    answer = driver.stack.ministack.client("sqs").receive_message(
        QueueUrl=url, MaxNumberOfMessages=10, MessageAttributeNames=["All"], VisibilityTimeout=0
    )
    found: list[dict[str, Any]] = answer.get("Messages", [])
    return found


def test_poison_reaches_the_dead_letter_queue_with_what_went_wrong(driver: Driver) -> None:
    sqs = driver.stack.ministack.client("sqs")
    queue = driver.stack.deployment.outputs["RecordingsQueueUrl"]
    dead = driver.stack.deployment.outputs["RecordingsDeadLetterQueueUrl"]
    for body in ("no JSON", '["a list"]', '{"status": "completed"}'):
        sqs.send_message(QueueUrl=queue, MessageBody=body)
    wait_until(lambda: len(letters(driver)) == 3)
    for letter in letters(driver):
        assert letter["MessageAttributes"]["reason"]["StringValue"].startswith("unreadable: ")
        assert letter["MessageAttributes"]["receives"]["StringValue"] == "1"
    # they cannot be read, so they are not thrown away
    assert driver.ask("POST", "/retries", json={"kind": "dead-letter"})["retried"] == 0
    sqs.purge_queue(QueueUrl=dead)


def test_dead_letter_of_an_unknown_recording_goes_back_to_work(driver: Driver) -> None:
    placed = driver.place(to=driver.phone("busy"))
    driver.follow(placed["call_id"], until=call_is("busy"))
    notice = {
        "recording_sid": "RE" + "b" * 32,
        "call_id": placed["call_id"],
        "status": "absent",
        "error_code": 16101,
    }
    dead = driver.stack.deployment.outputs["RecordingsDeadLetterQueueUrl"]
    sqs = driver.stack.ministack.client("sqs")
    sqs.send_message(QueueUrl=dead, MessageBody=json.dumps(notice))
    wait_until(lambda: driver.ask("POST", "/retries", json={"kind": "dead-letter"})["retried"] == 1)
    assert driver.follow(placed["call_id"])["recordings"][0]["status"] == "absent"
    # one that came back too often stays, for a person
    sqs.send_message(
        QueueUrl=dead,
        MessageBody=json.dumps({**notice, "recording_sid": "RE" + "c" * 32, "redrives": 48}),
    )
    wait_until(lambda: letters(driver))
    assert driver.ask("POST", "/retries", json={"kind": "dead-letter"})["retried"] == 0
    sqs.purge_queue(QueueUrl=dead)
