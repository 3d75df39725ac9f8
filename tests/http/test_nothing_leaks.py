"""No secret and no full phone number where it does not belong, in anything that a whole run writes."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from urllib.parse import quote

import pytest

from callscribe.adapters.assemblyai.options.check import AssemblyAIOptions
from cli.client import ApiError
from tests.support.stack import Driver, call_is
from tests.support.waiting import wait_until

# where a full number belongs: the call itself, its index, its counters, the do-not-call list; and
# what Twilio is asked to dial or to look for
NUMBER_FIELDS = {"to_number", "from_number", "phone_number"}
NUMBER_PARTITIONS = ("counter#to#", "do-not-call")
WORDS = "Good morning."


@pytest.fixture(scope="module")
def phones(session_driver: Driver) -> list[str]:
    """A whole run: every way that a call can go, and everything that can be asked of one."""
    driver = session_driver
    driver.settle()
    spoken, whole, refused, busy, inbound, erased, turned_down = (driver.phone() for _ in range(7))
    driver.phone("busy")
    call = driver.follow(driver.place(to=spoken, consent={"announcement": "Recorded."})["call_id"])
    for path in ("", "/recordings", "/transcript", "/transcript?format=srt"):
        driver.api.send("GET", f"/calls/{call['call_id']}{path}")
    driver.follow(driver.place(to=whole, mode="call", pause_seconds=1)["call_id"])
    driver.ask("PUT", f"/do-not-call/{quote(refused, safe='')}")
    driver.refused({"to": refused})
    driver.refused({"to": "+14155550100x"})
    driver.fault(driver.twilio, operation="calls.create", fault="status", status=500)
    lost = driver.follow(driver.place(to=busy)["call_id"], call_is("unknown"))["call_id"]
    # the look-up lists Twilio's calls by number: once without an answer, once with one
    driver.fault(driver.twilio, operation="calls.list", fault="drop_before")
    driver.make_overdue(lost)
    driver.reconcile()
    driver.make_overdue(lost)
    driver.reconcile()
    for code in (21211, 21999):
        words = json.dumps({"code": code, "message": f"{turned_down} cannot be", "status": 400})
        driver.fault(
            driver.twilio, operation="calls.create", fault="status", status=400, body=words
        )
        assert found([turned_down], json.dumps(driver.refused({"to": turned_down}))) == []
    driver.receive(inbound)
    gone = driver.follow(driver.place(to=erased)["call_id"])["call_id"]
    driver.follow(gone, call_is("completed"))
    driver.ask("POST", "/erasures", json={"phone_number": erased})
    driver.callback("/call-status", {"CallSid": "CA" + "8" * 32, "From": spoken}, token="wrong")
    with pytest.raises(ApiError):
        driver.ask("POST", f"/calls/{call['call_id']}/retry")
    wait_until(lambda: [i for i in driver.items() if i.get("from_number") == inbound])
    driver.reconcile()
    return [spoken, whole, refused, busy, inbound, erased, turned_down]


def secrets_of(driver: Driver) -> list[str]:
    account = driver.stack.options.account
    webhook = driver.stack.secret("AssemblyAIWebhookSecretParameterName")["webhook_secret"]
    return [
        account.auth_token,
        account.api_key_secret,
        driver.stack.options.assemblyai_api_key,
        webhook,
    ]


def logs(driver: Driver) -> dict[str, str]:
    """Of the functions; MiniStack's own is the emulator's."""
    folder = driver.stack.options.work_folder / "logs"
    return {p.name: p.read_text() for p in folder.glob("*.log") if p.name != "ministack.log"}


def objects(driver: Driver) -> Iterator[tuple[str, str]]:
    """Key and text of everything in the bucket but audio."""
    client = driver.stack.ministack.client("s3")
    bucket = driver.stack.deployment.outputs["BucketName"]
    for page in client.get_paginator("list_objects_v2").paginate(Bucket=bucket):
        for entry in page.get("Contents", []):
            key = entry["Key"]
            if key.endswith(".json.gz"):
                with client.get_object(Bucket=bucket, Key=key)["Body"] as body:
                    raw = body.read()
                yield key, gzip.decompress(raw).decode() if raw[:2] == b"\x1f\x8b" else ""
            else:
                yield key, ""


def found(forbidden: list[str], text: str) -> list[str]:
    spellings = [s for one in forbidden for s in {one, quote(one, safe=""), json.dumps(one)[1:-1]}]
    return [one for one in spellings if one in text]


def test_logs_hold_no_secret_no_number_no_words_and_no_link(
    session_driver: Driver, phones: list[str]
) -> None:
    written = logs(session_driver)
    assert {"dial.log", "twiml.log", "transcribe.log", "calls.log", "reconcile.log"} <= set(written)
    forbidden = [*secrets_of(session_driver), *phones, WORDS, "X-Amz-Signature", "Recorded."]
    assert {name: found(forbidden, text) for name, text in written.items()} == {
        name: [] for name in written
    }


def test_items_hold_no_secret_and_numbers_only_where_they_belong(
    session_driver: Driver, phones: list[str]
) -> None:
    keys = secrets_of(session_driver)
    for item in session_driver.items():
        assert found(keys, json.dumps(item, default=str)) == []
        if str(item["call_id"]).startswith(NUMBER_PARTITIONS):
            continue
        elsewhere = {name: value for name, value in item.items() if name not in NUMBER_FIELDS}
        assert found(phones, json.dumps(elsewhere, default=str)) == []


def test_objects_hold_neither(session_driver: Driver, phones: list[str]) -> None:
    stored = list(objects(session_driver))
    assert [text for _, text in stored if WORDS in text]
    forbidden = [*secrets_of(session_driver), *phones, "X-Amz-Signature"]
    assert [key for key, text in stored if found(forbidden, key + text)] == []


def test_vendors_get_the_secret_that_is_theirs_and_no_other(
    session_driver: Driver, phones: list[str]
) -> None:
    token, api_key_secret, assemblyai_key, webhook = secrets_of(session_driver)
    asked = session_driver.twilio.requests
    assert [r["operation"] for r in asked if r["operation"] == "calls.create"]
    to_twilio = json.dumps(asked)
    assert found([token, api_key_secret, assemblyai_key, webhook], to_twilio) == []
    for request in session_driver.assemblyai.requests:
        text = json.dumps({**request, "headers": None})
        assert found([token, api_key_secret, assemblyai_key, *phones], text) == []
        # the webhook's secret goes to AssemblyAI in the one field that is for it
        body = json.loads(request["body"] or "{}")
        body.pop("webhook_auth_header_value", None)
        assert found([webhook], json.dumps(body) + request["path"] + request["query"]) == []


def test_environments_and_queues_hold_neither(session_driver: Driver, phones: list[str]) -> None:
    forbidden = [*secrets_of(session_driver), *phones]
    for function in session_driver.stack.deployment.functions.values():
        assert found(forbidden, json.dumps(dict(function.environment))) == []
    sqs = session_driver.stack.ministack.client("sqs")
    for output in ("RecordingsDeadLetterQueueUrl", "InvocationsDeadLetterQueueUrl"):
        answer = sqs.receive_message(
            QueueUrl=session_driver.stack.deployment.outputs[output],
            MaxNumberOfMessages=10,
            VisibilityTimeout=0,
        )
        assert found(forbidden, json.dumps(answer.get("Messages", []), default=str)) == []


def test_answers_hold_no_secret(session_driver: Driver, phones: list[str]) -> None:
    driver = session_driver
    bad: tuple[dict[str, str], ...] = (
        {},
        {"to": phones[0], "from": "+15005550001"},
        {"to": "+15005550001"},
    )
    texts = [json.dumps(driver.refused(body)) for body in bad]
    today = datetime.now(UTC).date()
    texts.append(driver.api.send("GET", f"/calls?limit=200&date={today}").text)
    assert [found(secrets_of(driver), text) for text in texts] == [[]] * len(texts)


def test_assemblyai_gets_a_link_and_the_options_and_no_credentials(driver: Driver) -> None:
    options = {
        "speech_models": ["universal-2"],
        "keyterms_prompt": ["blue lamp"],
        "custom_spelling": [{"from": ["lamp"], "to": "Lampe"}],
        "language_code": "en",
        "disfluencies": True,
        "filter_profanity": True,
    }
    assert AssemblyAIOptions(()).check(options) == []
    call = driver.follow(driver.place(transcription=options)["call_id"])
    assert "Lampe" in call["recordings"][0]["text"]
    assert call["recordings"][0]["speech_model_used"] == "universal-2"
    bodies = [json.loads(r["body"]) for r in driver.assemblyai.requests if r["body"]]
    [request] = [body for body in bodies if call["call_id"] in body["audio_url"]]
    assert {name: request[name] for name in options} == options
    assert "multichannel" not in request
    assert "X-Amz-Signature=" in request["audio_url"]
    account, text = driver.stack.options.account, json.dumps(bodies)
    for word in (
        "api.twilio.com",
        account.auth_token,
        account.api_key_secret,
        account.api_key_sid,
    ):
        assert word not in text
