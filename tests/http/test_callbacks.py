"""Callbacks: only signed ones count, in any order, any number of times; unknown calls are adopted."""

from __future__ import annotations

import secrets

import requests

from callscribe_cli.setup_keys import collect, put
from local.simulators.twilio.signature import sign
from tests.support.stack import Driver, call_is
from tests.support.waiting import wait_until


def sid(prefix: str) -> str:
    return prefix + secrets.token_hex(16)


TWILIO_PATHS = [
    "/twiml",
    "/twiml/" + "0" * 32,
    "/twiml/" + "0" * 32 + "/consent",
    "/twiml/" + "0" * 32 + "/recorded",
    "/call-status",
    "/call-status/" + "0" * 32,
    "/recording-complete",
    "/recording-complete/" + "0" * 32,
]


def test_unsigned_or_wrongly_signed_is_refused(driver: Driver) -> None:
    account, before = driver.stack.options.account, len(driver.items())
    form = {"CallSid": sid("CA"), "CallStatus": "ringing", "RecordingSid": sid("RE")}
    other_account = {**form, "AccountSid": sid("AC")}

    def signed(path: str, fields: dict[str, str]) -> requests.Response:
        signature = sign(account.auth_token, driver.url + path, [*fields.items()])
        headers = {"X-Twilio-Signature": signature}
        return requests.post(driver.url + path, data=fields, headers=headers, timeout=35)

    for path in TWILIO_PATHS:
        for refused in (
            requests.post(driver.url + path, data=form, timeout=35),
            signed(path, other_account),
            # of no account at all
            signed(path, form),
            driver.callback(path, form, token="wrong"),
            driver.callback(path, form, url=driver.url + "/twiml/other"),
        ):
            assert refused.status_code == 403
            assert refused.json()["type"] == "urn:callscribe:problem:not-signed"
    assert len(driver.items()) == before


def test_next_auth_token_holds_during_a_rotation(driver: Driver) -> None:
    ssm = driver.stack.ministack.client("ssm")
    outputs = driver.stack.deployment.outputs
    token = driver.stack.options.account.auth_token
    form = {"CallSid": sid("CA"), "CallStatus": "ringing"}
    path = "/call-status/" + "0" * 32
    assert driver.callback(path, form, token="tomorrow").status_code == 403
    both = {"TWILIO_AUTH_TOKEN": token, "TWILIO_NEXT_AUTH_TOKEN": "tomorrow"}
    put(ssm, outputs, "", collect(both))
    try:
        # read anew within five seconds, not at every wrong signature
        wait_until(lambda: driver.callback(path, form, token="tomorrow").status_code == 204)
        assert driver.callback(path, form).status_code == 204
    finally:
        put(ssm, outputs, "", collect({"TWILIO_AUTH_TOKEN": token}))


def test_callbacks_of_what_is_unknown_write_nothing(driver: Driver) -> None:
    call_id = secrets.token_hex(16)
    form = {"CallSid": sid("CA"), "CallStatus": "completed", "Digits": "1"}
    assert driver.callback(f"/call-status/{call_id}", form).status_code == 204
    for path in (f"/twiml/{call_id}", f"/twiml/{call_id}/consent"):
        assert driver.callback(path, form).text.endswith("<Response><Hangup /></Response>")
    secret = driver.stack.secret("AssemblyAIWebhookSecretParameterName")["webhook_secret"]
    url = f"{driver.url}/transcript-complete/{call_id}/{sid('RE')}"
    headers = {"X-Callscribe-Webhook-Secret": secret}
    for body, status in (({"transcript_id": "t"}, 204), ({"status": "completed"}, 400)):
        assert requests.post(url, json=body, headers=headers, timeout=35).status_code == status
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


def test_inbound_call_leaves_a_message_that_is_transcribed_once(driver: Driver) -> None:
    driver.fault(driver.twilio, operation="callback.recording", fault="repeat", repeat=3)
    caller = driver.phone()
    call_sid = driver.receive(caller, status_callback=f"{driver.url}/call-status")
    call = driver.follow(driver.known(call_sid))
    # the local stack announces nothing
    assert (call["direction"], call["consent"]) == ("inbound", None)
    [recording] = call["recordings"]
    assert recording["text"].startswith("Good morning.")
    done = driver.follow(call_sid, until=call_is("completed"))
    assert done["from_number"] == caller
    assert recording["attempts"] == 1
    key = f"audio/{call['call_id']}/{recording['recording_sid']}.wav"
    assert len([r for r in driver.assemblyai.requests if key in (r["body"] or "")]) == 1
