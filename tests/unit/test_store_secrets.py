"""`make store-secrets`: what it takes, what it stores, and that it says no value."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from cli.store_secrets import Stack, StoreSecretsError, collect, read_values, store

SID = "SK" + "1" * 32
GIVEN = {
    "TWILIO_API_KEY_SID": SID,
    "TWILIO_API_KEY_SECRET": "very-secret-one",
    "TWILIO_AUTH_TOKEN": "very-secret-two",
    "ASSEMBLYAI_API_KEY": "very-secret-three",
}


class ParameterStore:
    """What the command needs of SSM: parameters by name, each with what it was stored with."""

    class exceptions:  # noqa: N801 - boto3's name
        class ParameterAlreadyExists(Exception):  # noqa: N818 - boto3's name
            pass

    def __init__(self) -> None:
        self.stored: dict[str, dict[str, Any]] = {}

    def put_parameter(self, *, Name: str, Overwrite: bool, **more: Any) -> None:  # noqa: N803
        if Name in self.stored and not Overwrite:
            raise self.exceptions.ParameterAlreadyExists
        self.stored[Name] = more


OUTPUTS = {
    "TwilioApiKeyParameterName": "/callscribe/s/twilio-api-key",
    "TwilioAuthTokenParameterName": "/callscribe/s/twilio-auth-token",
    "AssemblyAIApiKeyParameterName": "/callscribe/s/assemblyai-api-key",
    "AssemblyAIWebhookSecretParameterName": "/callscribe/s/assemblyai-webhook-secret",
}


def test_each_key_is_stored_encrypted_in_a_parameter_of_its_own() -> None:
    ssm = ParameterStore()
    names = store(ssm, Stack(outputs=OUTPUTS, key=""), collect(GIVEN))
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
    ssm, stack = ParameterStore(), Stack(outputs=OUTPUTS, key="arn:aws:kms:key")
    store(ssm, stack, collect(GIVEN))
    made = ssm.stored["/callscribe/s/assemblyai-webhook-secret"]
    assert {p["KeyId"] for p in ssm.stored.values()} == {"arn:aws:kms:key"}
    rotated = {"TWILIO_AUTH_TOKEN": "now", "TWILIO_NEXT_AUTH_TOKEN": "next"}
    assert store(ssm, stack, collect(rotated)) == ["/callscribe/s/twilio-auth-token"]
    both = json.loads(ssm.stored["/callscribe/s/twilio-auth-token"]["Value"])
    assert both == {"auth_token": "now", "next_auth_token": "next"}
    assert ssm.stored["/callscribe/s/assemblyai-webhook-secret"] is made


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({}, "nothing was given"),
        ({"TWILIO_AUTH_TOKEN": "  "}, "nothing was given"),
        ({"TWILIO_API_KEY_SECRET": "very-secret"}, "TWILIO_API_KEY_SID is missing"),
        ({"TWILIO_NEXT_AUTH_TOKEN": "very-secret"}, "TWILIO_AUTH_TOKEN is missing"),
        (GIVEN | {"TWILIO_API_KEY_SID": "very-secret"}, "SK and 32 hexadecimal digits"),
    ],
)
def test_what_cannot_be_stored_is_refused_by_name(given: dict[str, str], message: str) -> None:
    with pytest.raises(StoreSecretsError, match=message) as refused:
        collect(given)
    assert "very-secret" not in str(refused.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("very-secret", "cannot be read as JSON"),
        ('["very-secret"]', "must be a JSON object"),
        ('{"TWILIO_AUTH_TOKEN": 5}', "must be a JSON object of strings"),
        ('{"TWILIO_TOKEN": "very-secret"}', "names TWILIO_TOKEN"),
    ],
)
def test_file_that_cannot_be_read_is_refused(tmp_path: Path, text: str, message: str) -> None:
    file = tmp_path / "secrets.json"
    file.write_text(text)
    with pytest.raises(StoreSecretsError, match=message) as refused:
        read_values(str(file), {}, None)
    assert "very-secret" not in str(refused.value)


def test_only_what_is_in_no_environment_is_asked_for() -> None:
    asked: list[str] = []

    def ask(prompt: str) -> str:
        asked.append(prompt.split(maxsplit=1)[0])
        return ""

    given = read_values(None, {"TWILIO_AUTH_TOKEN": "token", "HOME": "/"}, ask)
    assert asked == ["TWILIO_API_KEY_SID", "TWILIO_API_KEY_SECRET", "ASSEMBLYAI_API_KEY"]
    assert collect(given) == {"TwilioAuthTokenParameterName": {"auth_token": "token"}}
