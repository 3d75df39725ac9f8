"""No secret and no full phone number in a log, and no credentials at AssemblyAI."""

from __future__ import annotations

import json
from typing import Any

from callscribe.domain.transcription_options import check_transcription_options
from tests.support.stack import Driver


def test_logs_hold_no_secret_no_number_and_no_words(driver: Driver) -> None:
    phone = driver.phone()
    call = driver.follow(driver.place(to=phone)["call_id"])
    account = driver.stack.options.account
    logs = "".join(
        path.read_text()
        for path in (driver.stack.options.work_folder / "logs").glob("*.log")
        if path.name != "ministack.log"
    )
    assert call["call_id"] in logs
    forbidden = [
        account.auth_token,
        account.api_key_secret,
        driver.stack.options.assemblyai_api_key,
        phone,
        "Good morning.",
        "X-Amz-Signature",
    ]
    assert [text for text in forbidden if text in logs] == []


def test_assemblyai_sees_a_link_and_no_credentials(driver: Driver) -> None:
    call = driver.follow(driver.place()["call_id"])
    account = driver.stack.options.account
    bodies: list[dict[str, Any]] = [
        json.loads(r["body"]) for r in driver.assemblyai.requests if r["body"]
    ]
    [request] = [body for body in bodies if call["call_id"] in body["audio_url"]]
    assert "X-Amz-Signature=" in request["audio_url"]
    assert "api.twilio.com" not in request["audio_url"]
    text = json.dumps(bodies)
    for secret in (account.auth_token, account.api_key_secret, account.api_key_sid):
        assert secret not in text


def test_options_reach_assemblyai_as_they_were_given(driver: Driver) -> None:
    options = {
        "speech_models": ["universal-2"],
        "keyterms_prompt": ["blue lamp"],
        "custom_spelling": [{"from": ["lamp"], "to": "Lampe"}],
        "language_code": "en",
        "disfluencies": True,
        "filter_profanity": True,
    }
    check_transcription_options(options, default_speech_models=())
    call = driver.follow(driver.place(transcription=options)["call_id"])
    assert "Lampe" in call["recordings"][0]["text"]
    assert call["recordings"][0]["speech_model_used"] == "universal-2"
    bodies = [json.loads(r["body"]) for r in driver.assemblyai.requests if r["body"]]
    [request] = [body for body in bodies if call["call_id"] in body["audio_url"]]
    assert {name: request[name] for name in options} == options
    assert "multichannel" not in request
