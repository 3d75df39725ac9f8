"""Callbacks: only signed ones count, in any order, any number of times; unknown calls are adopted."""

from __future__ import annotations

import secrets
from itertools import permutations

import pytest
import requests

from cli.store_secrets import Stack, collect, store
from local.simulators.twilio.signature import sign
from tests.support.stack import Driver, call_is
from tests.support.waiting import wait_until


def sid(prefix: str) -> str:
    return prefix + secrets.token_hex(16)


TWILIO_PATHS = [
    "/twiml",
    "/twiml/" + "0" * 32,
    "/twiml/" + "0" * 32 + "/recorded",
    "/call-status",
    "/call-status/" + "0" * 32,
    "/recording-complete",
    "/recording-complete/" + "0" * 32,
]


@pytest.mark.parametrize("path", TWILIO_PATHS)
def test_unsigned_or_wrongly_signed_is_refused(driver: Driver, path: str) -> None:
    form = {"CallSid": sid("CA"), "CallStatus": "ringing", "RecordingSid": sid("RE")}
    before = len(driver.items())
    account = driver.stack.options.account
    assert requests.post(driver.url + path, data=form, timeout=35).status_code == 403
    assert driver.callback(path, form, token="wrong").status_code == 403
    assert driver.callback(path, form, url=driver.url + "/twiml/other").status_code == 403
    other_account = {**form, "AccountSid": sid("AC")}
    headers = {
        "X-Twilio-Signature": sign(account.auth_token, driver.url + path, [*other_account.items()])
    }
    refused = requests.post(driver.url + path, data=other_account, headers=headers, timeout=35)
    assert refused.status_code == 403
    assert refused.json()["type"] == "urn:callscribe:problem:not-signed"
    assert len(driver.items()) == before


@pytest.mark.parametrize("blank", [True, False])
def test_blank_repeated_and_odd_values_are_signed_too(driver: Driver, blank: bool) -> None:
    form = {"CallSid": sid("CA"), "FromCity": "" if blank else "Zürich & Co +1", "CallStatus": "x"}
    path = "/call-status/" + "0" * 32
    assert driver.callback(path, form).status_code == 204
    account = driver.stack.options.account
    fields = [("AccountSid", account.account_sid), ("A", "2"), ("A", "1"), ("CallStatus", "x")]
    signature = sign(account.auth_token, driver.url + path, fields)
    answer = requests.post(
        driver.url + path, data=fields, headers={"X-Twilio-Signature": signature}, timeout=35
    )
    assert answer.status_code == 204


def test_next_auth_token_holds_during_a_rotation(driver: Driver) -> None:
    ssm = driver.stack.ministack.client("ssm")
    stack = Stack(outputs=driver.stack.deployment.outputs, key="")
    token = driver.stack.options.account.auth_token
    form = {"CallSid": sid("CA"), "CallStatus": "ringing"}
    path = "/call-status/" + "0" * 32
    assert driver.callback(path, form, token="tomorrow").status_code == 403
    both = {"TWILIO_AUTH_TOKEN": token, "TWILIO_NEXT_AUTH_TOKEN": "tomorrow"}
    store(ssm, stack, collect(both))
    try:
        # read anew within five seconds, not at every wrong signature
        wait_until(lambda: driver.callback(path, form, token="tomorrow").status_code == 204)
        assert driver.callback(path, form).status_code == 204
    finally:
        store(ssm, stack, collect({"TWILIO_AUTH_TOKEN": token}))


@pytest.mark.parametrize("order", list(permutations(("ringing", "in-progress", "completed"))))
def test_status_callbacks_in_any_order(driver: Driver, order: tuple[str, ...]) -> None:
    driver.fault(driver.twilio, operation="callback.status", fault="lose", times=4)
    placed = driver.place(to=driver.phone(ring_seconds=600))
    path = f"/call-status/{placed['call_id']}"
    for status in (*order, *order):
        form = {"CallSid": placed["call_sid"], "CallStatus": status, "CallDuration": "7"}
        assert driver.callback(path, form).status_code == 204
    call = driver.api.get_call(placed["call_id"])
    assert call["status"] == "completed"
    assert call["duration_seconds"] == 7


def test_callback_of_another_call_changes_nothing(driver: Driver) -> None:
    placed = driver.place(to=driver.phone("busy"))
    driver.follow(placed["call_id"], until=call_is("busy"))
    path = f"/call-status/{placed['call_id']}"
    form = {"CallSid": sid("CA"), "CallStatus": "completed"}
    assert driver.callback(path, form).status_code == 204
    assert driver.api.get_call(placed["call_id"])["status"] == "busy"


def test_callback_for_an_unknown_call_writes_nothing(driver: Driver) -> None:
    call_id = secrets.token_hex(16)
    form = {"CallSid": sid("CA"), "CallStatus": "completed"}
    assert driver.callback(f"/call-status/{call_id}", form).status_code == 204
    answer = driver.callback(f"/twiml/{call_id}", form)
    assert answer.text.endswith("<Response><Hangup /></Response>")
    assert driver.items(call_id) == []


def test_recording_made_elsewhere_is_adopted(driver: Driver) -> None:
    body = {
        "from": "+14155550198",
        "to": "+15005550006",
        "callback": f"{driver.url}/recording-complete#rc=5&rp=all",
    }
    made = requests.post(f"{driver.twilio.url}/_sim/recordings", json=body, timeout=10).json()
    call_sid = made["call_sid"]
    call = driver.follow(driver.known(call_sid))
    assert call["direction"] == "inbound"
    assert call["from_number"] == "+14155550198"
    assert call["recordings"][0]["recording_sid"] == made["recording_sid"]
    assert call["recordings"][0]["status"] == "completed"


def test_recording_callback_twice_is_transcribed_once(driver: Driver) -> None:
    driver.fault(driver.twilio, operation="callback.recording", fault="repeat", repeat=3)
    call = driver.follow(driver.place()["call_id"])
    [recording] = call["recordings"]
    assert recording["attempts"] == 1
    key = f"audio/{call['call_id']}/{recording['recording_sid']}.wav"
    submitted = [r for r in driver.assemblyai.requests if key in (r["body"] or "")]
    assert len(submitted) == 1


def test_inbound_call_leaves_a_message(driver: Driver) -> None:
    number = {
        "number": "+15005550007",
        "voice_url": f"{driver.url}/twiml",
        "status_callback": f"{driver.url}/call-status",
    }
    requests.post(f"{driver.twilio.url}/_sim/numbers", json=number, timeout=10)
    body = {"from": driver.phone(), "to": number["number"]}
    call_sid = requests.post(f"{driver.twilio.url}/_sim/inbound", json=body, timeout=10).json()[
        "call_sid"
    ]
    call = driver.follow(driver.known(call_sid))
    assert call["direction"] == "inbound"
    assert call["recordings"][0]["text"].startswith("Good morning.")
    done = driver.follow(call_sid, until=call_is("completed"))
    assert done["from_number"] == body["from"]


def test_recording_callback_without_sids_is_refused(driver: Driver) -> None:
    answer = driver.callback("/recording-complete", {"RecordingStatus": "completed"})
    assert answer.status_code == 400
    fields = {error["field"] for error in answer.json()["errors"]}
    assert fields == {"RecordingSid", "CallSid"}


class TestWebhook:
    """AssemblyAI's only protection is a static header; its body is a hint."""

    def post(
        self, driver: Driver, path: str, body: object, secret: str | None = None
    ) -> requests.Response:
        headers = {"X-Callscribe-Webhook-Secret": secret} if secret is not None else {}
        return requests.post(driver.url + path, json=body, headers=headers, timeout=35)

    def secret(self, driver: Driver) -> str:
        return driver.stack.secret("AssemblyAIWebhookSecretParameterName")["webhook_secret"]

    def test_without_the_secret_nothing_happens(self, driver: Driver) -> None:
        path = f"/transcript-complete/{'0' * 32}/{sid('RE')}"
        body = {"transcript_id": "t", "status": "completed"}
        assert self.post(driver, path, body).status_code == 403
        assert self.post(driver, path, body, "wrong").status_code == 403
        assert self.post(driver, path, body, "").status_code == 403

    def test_forged_body_for_another_transcript_changes_nothing(self, driver: Driver) -> None:
        one = driver.follow(driver.place()["call_id"])
        driver.fault(driver.assemblyai, operation="webhook", fault="lose", times=1)
        other = driver.place()
        waiting = driver.follow(
            other["call_id"],
            until=lambda c: [r["status"] for r in c["recordings"]] == ["submitted"],
        )
        path = (
            f"/transcript-complete/{other['call_id']}/{waiting['recordings'][0]['recording_sid']}"
        )
        forged = {
            "transcript_id": one["recordings"][0]["transcript_id"],
            "status": "completed",
        }
        answer = self.post(driver, path, forged, self.secret(driver))
        assert answer.status_code == 204
        call = driver.api.get_call(other["call_id"])
        assert call["recordings"][0]["status"] == "submitted"

    def test_late_webhook_for_nothing_is_accepted(self, driver: Driver) -> None:
        path = f"/transcript-complete/{secrets.token_hex(16)}/{sid('RE')}"
        body = {"transcript_id": "t", "status": "completed"}
        assert self.post(driver, path, body, self.secret(driver)).status_code == 204

    def test_body_without_an_id_is_refused(self, driver: Driver) -> None:
        path = f"/transcript-complete/{secrets.token_hex(16)}/{sid('RE')}"
        answer = self.post(driver, path, {"status": "completed"}, self.secret(driver))
        assert answer.status_code == 400
