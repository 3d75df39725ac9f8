"""The keys that `callscribe setup` takes: read, tried at the vendors, stored, and never shown."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from callscribe_cli.errors import CliError
from callscribe_cli.setup_keys import check, collect, put, read_values
from callscribe_cli.setup_steps import state_of
from callscribe_cli.vendors import Number
from callscribe_cli.web import NoAnswerError, Web
from local.ministack import free_port
from local.options import SIMULATED_ACCOUNT
from local.simulators.assemblyai import AssemblyAISimulator
from local.simulators.twilio import TwilioSimulator
from tests.cli.conftest import Callscribe

SID = SIMULATED_ACCOUNT.api_key_sid
GIVEN = {
    "TWILIO_API_KEY_SID": SID,
    "TWILIO_API_KEY_SECRET": "very-secret-one",
    "TWILIO_AUTH_TOKEN": "very-secret-two",
    "ASSEMBLYAI_API_KEY": "very-secret-three",
}
OUTPUTS = {
    "TwilioApiKeyParameterName": "/callscribe/s/twilio-api-key",
    "TwilioAuthTokenParameterName": "/callscribe/s/twilio-auth-token",
    "AssemblyAIApiKeyParameterName": "/callscribe/s/assemblyai-api-key",
    "AssemblyAIWebhookSecretParameterName": "/callscribe/s/assemblyai-webhook-secret",
}
BASE = "https://example.com"


class ParameterStore:
    """What is needed of SSM: parameters by name, each with what it was stored with."""

    class exceptions:  # noqa: N801 - boto3's name
        class ParameterAlreadyExists(Exception):  # noqa: N818 - boto3's name
            pass

    def __init__(self) -> None:
        self.stored: dict[str, dict[str, Any]] = {}

    def put_parameter(self, *, Name: str, Overwrite: bool, **more: Any) -> None:  # noqa: N803
        if Name in self.stored and not Overwrite:
            raise self.exceptions.ParameterAlreadyExists
        self.stored[Name] = more


def test_each_key_is_stored_encrypted_in_a_parameter_of_its_own() -> None:
    ssm = ParameterStore()
    names = put(ssm, OUTPUTS, "", collect(GIVEN))
    assert names == [*OUTPUTS.values()]
    assert {p["Type"] for p in ssm.stored.values()} == {"SecureString"}
    assert not any("KeyId" in p for p in ssm.stored.values())
    values = [json.loads(ssm.stored[name]["Value"]) for name in names]
    assert values[:3] == [
        {"api_key_sid": SID, "api_key_secret": "very-secret-one"},
        {"auth_token": "very-secret-two"},
        {"api_key": "very-secret-three"},
    ]
    assert len(values[3]["webhook_secret"]) == 48


def test_own_key_encrypts_and_a_webhooks_secret_is_made_once() -> None:
    ssm = ParameterStore()
    put(ssm, OUTPUTS, "arn:aws:kms:key", collect(GIVEN))
    made = ssm.stored["/callscribe/s/assemblyai-webhook-secret"]
    assert {p["KeyId"] for p in ssm.stored.values()} == {"arn:aws:kms:key"}
    rotated = {"TWILIO_AUTH_TOKEN": "now", "TWILIO_NEXT_AUTH_TOKEN": "next"}
    assert put(ssm, OUTPUTS, "", collect(rotated)) == ["/callscribe/s/twilio-auth-token"]
    both = json.loads(ssm.stored["/callscribe/s/twilio-auth-token"]["Value"])
    assert both == {"auth_token": "now", "next_auth_token": "next"}
    assert ssm.stored["/callscribe/s/assemblyai-webhook-secret"] is made


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"TWILIO_API_KEY_SECRET": "very-secret"}, "TWILIO_API_KEY_SID is missing"),
        ({"TWILIO_NEXT_AUTH_TOKEN": "very-secret"}, "TWILIO_AUTH_TOKEN is missing"),
        (GIVEN | {"TWILIO_API_KEY_SID": "very-secret"}, "SK and 32 hexadecimal digits"),
    ],
)
def test_what_cannot_be_stored_is_refused_by_name(given: dict[str, str], message: str) -> None:
    with pytest.raises(CliError, match=message) as refused:
        collect(given)
    assert "very-secret" not in str(refused.value) + refused.value.fix


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("very-secret", "cannot be read as JSON"),
        ('["very-secret"]', "is not a JSON object"),
        ('{"TWILIO_AUTH_TOKEN": 5}', "is not a JSON object of strings"),
        ('{"TWILIO_TOKEN": "very-secret"}', "names TWILIO_TOKEN"),
    ],
)
def test_file_that_cannot_be_read_is_refused(tmp_path: Path, text: str, message: str) -> None:
    file = tmp_path / "secrets.json"
    file.write_text(text)
    with pytest.raises(CliError, match=message) as refused:
        read_values(str(file), {})
    assert "very-secret" not in str(refused.value) + refused.value.fix


def test_values_come_from_a_file_or_else_from_the_environment(tmp_path: Path) -> None:
    environment = {"TWILIO_AUTH_TOKEN": " token\n", "ASSEMBLYAI_API_KEY": " ", "HOME": "/"}
    assert read_values(None, environment) == {"TWILIO_AUTH_TOKEN": "token"}
    file = tmp_path / "keys.json"
    file.write_text(json.dumps(GIVEN))
    assert read_values(str(file), environment) == GIVEN


# ------------------------------------------------------------------------------------------ vendors
@pytest.fixture
def parameters() -> Iterator[dict[str, str]]:
    account = SIMULATED_ACCOUNT
    twilio = TwilioSimulator(
        account.account_sid, "very-secret-two", SID, "very-secret-one", numbers=[]
    )
    twilio.credentials["next"] = "another"
    assemblyai = AssemblyAISimulator("very-secret-three")
    yield {
        "TwilioAccountSid": account.account_sid,
        "TwilioApiUrl": twilio.url,
        "AssemblyAIApiUrl": assemblyai.url,
    }
    twilio.close()
    assemblyai.close()


def test_keys_that_work_pass(parameters: dict[str, str]) -> None:
    check(Web(), parameters, collect(GIVEN))


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("TWILIO_API_KEY_SECRET", "the Twilio API key"),
        ("TWILIO_AUTH_TOKEN", "TWILIO_AUTH_TOKEN"),
        ("TWILIO_NEXT_AUTH_TOKEN", "TWILIO_NEXT_AUTH_TOKEN"),
        ("ASSEMBLYAI_API_KEY", "ASSEMBLYAI_API_KEY"),
    ],
)
def test_key_that_its_vendor_refuses_is_named_and_not_shown(
    parameters: dict[str, str], name: str, told: str
) -> None:
    with pytest.raises(CliError, match=f"{told} was refused.*HTTP 401") as refused:
        check(Web(), parameters, collect({**GIVEN, name: "very-wrong"}))
    assert "very-" not in str(refused.value) + refused.value.fix


def test_vendor_that_does_not_answer_is_no_yes(parameters: dict[str, str]) -> None:
    parameters["AssemblyAIApiUrl"] = f"http://127.0.0.1:{free_port()}"
    with pytest.raises(NoAnswerError):
        check(Web(), parameters, collect(GIVEN))


@pytest.mark.parametrize(
    ("change", "state"),
    [
        ({}, "free"),
        ({"voice": False}, "no voice"),
        ({"voice_url": f"{BASE}/twiml"}, "this stack"),
        ({"voice_url": f"{BASE}.attacker.example/twiml"}, f"in use: {BASE}.attacker.example/twiml"),
        ({"voice_url": f"{BASE}/twiml", "trunk_sid": "TK1"}, "in use: TK1"),
    ],
)
def test_state_by_which_a_number_is_chosen(change: dict[str, Any], state: str) -> None:
    texts = "sid phone_number voice_url voice_method voice_fallback_url status_callback"
    empty: dict[str, Any] = dict.fromkeys((*texts.split(), "application_sid", "trunk_sid"), "")
    assert state_of(Number(**{"voice": True, **empty, **change}), BASE) == state


def test_stack_must_be_named(callscribe: Callscribe) -> None:
    refused = callscribe("setup")
    assert refused.code == 2
    assert "--stack" in refused.fix
