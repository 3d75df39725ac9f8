"""Every recording ends in a transcript or in a named reason that a person understands."""

from __future__ import annotations

import json
from typing import Any

from local.speech.clips import load_clips
from tests.support.stack import Driver
from tests.support.waiting import wait_until


def ending(driver: Driver, **phone: Any) -> dict[str, Any]:
    placed = driver.place(to=driver.phone(**phone))
    recording: dict[str, Any] = driver.follow(placed["call_id"])["recordings"][0]
    return recording


def test_absent_callback_names_twilios_reason(driver: Driver) -> None:
    placed = driver.place(to=driver.phone("busy"))
    form = {
        "CallSid": placed["call_sid"],
        "RecordingSid": "RE" + "a" * 32,
        "RecordingStatus": "absent",
        "ErrorCode": "16101",
    }
    path = f"/recording-complete/{placed['call_id']}"
    assert driver.callback(path, form).status_code == 204
    call = driver.follow(placed["call_id"])
    assert call["recordings"][0]["status"] == "absent"
    error = call["recordings"][0]["error"]
    assert "short" in error["message"]
    assert error["retryable"] is False


def test_refusal_of_assemblyai_is_named(driver: Driver) -> None:
    body = json.dumps({"error": "Your current account balance is negative."})
    rule = {"fault": "status", "status": 400, "body": body}
    driver.fault(driver.assemblyai, operation="transcripts.create", **rule)
    recording = ending(driver)
    assert recording["status"] == "error"
    assert "balance is negative" in recording["error"]["message"]


def test_throttled_submission_is_delayed_not_lost(driver: Driver) -> None:
    rule = {"fault": "status", "status": 429, "headers": {"Retry-After": "1"}}
    driver.fault(driver.assemblyai, operation="transcripts.create", **rule)
    recording = ending(driver)
    assert (recording["status"], recording["attempts"]) == ("completed", 1)


def test_early_404_of_the_audio_is_waited_out(driver: Driver) -> None:
    rule = {"fault": "status", "status": 404, "times": 2}
    driver.fault(driver.twilio, operation="media.get", **rule)
    assert ending(driver)["status"] == "completed"


def test_event_tells_of_every_end(driver: Driver) -> None:
    events, sqs = (driver.stack.ministack.client(name) for name in ("events", "sqs"))
    bus = driver.stack.deployment.outputs["EventBusName"]
    queue = sqs.create_queue(QueueName="listener")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]
    pattern = json.dumps({"source": ["callscribe"]})
    events.put_rule(Name="listen", EventBusName=bus, EventPattern=pattern)
    target = {"Id": "queue", "Arn": arn["QueueArn"]}
    events.put_targets(Rule="listen", EventBusName=bus, Targets=[target])
    policy = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": "events.amazonaws.com"},
                "Action": "sqs:SendMessage",
                "Resource": arn["QueueArn"],
            }
        ],
    }
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"Policy": json.dumps(policy)})
    good = driver.follow(driver.place(metadata={"order": "9"})["call_id"])
    silent = driver.follow(driver.place(to=driver.phone("silent"))["call_id"])
    assert silent["recordings"][0]["status"] == "silent"
    details: dict[str, dict[str, Any]] = {}

    def received() -> bool:
        answer = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10)
        for message in answer.get("Messages", []):
            event = json.loads(message["Body"])
            details[event["detail"]["call_id"]] = event
        return {good["call_id"], silent["call_id"]} <= details.keys()

    wait_until(received)
    event = details[good["call_id"]]
    assert event["detail-type"] == "Transcript Completed"
    assert event["detail"]["metadata"] == {"order": "9"}
    assert event["detail"]["recording_sid"] == good["recordings"][0]["recording_sid"]
    assert load_clips()["callee_message"].text not in json.dumps(event)
    assert details[silent["call_id"]]["detail"]["error"]["code"] == "no_speech"
    # it is crossed off once it was sent
    wait_until(lambda: not [i for i in driver.items(good["call_id"]) if i.get("announce")])
