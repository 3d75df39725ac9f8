"""`make store-secrets` as an operator runs it, against the stack that is there."""

from __future__ import annotations

import json
import os
import subprocess

from local.options import ROOT
from tests.support.stack import Driver


def run(driver: Driver, *arguments: str, text: str = "") -> subprocess.CompletedProcess[str]:
    ministack = driver.stack.ministack
    return subprocess.run(
        [ROOT / "scripts/store-secrets", *arguments],
        input=text,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={
            "PATH": os.environ["PATH"],
            "AWS_ENDPOINT_URL": ministack.url,
            "AWS_ACCESS_KEY_ID": ministack.access_key_id,
            "AWS_SECRET_ACCESS_KEY": ministack.secret_access_key,
            "AWS_DEFAULT_REGION": "us-east-1",
        },
    )


def test_keys_are_stored_and_no_value_is_printed(driver: Driver) -> None:
    account = driver.stack.options.account
    webhook = driver.stack.secret("AssemblyAIWebhookSecretParameterName")
    values = {
        "TWILIO_API_KEY_SID": account.api_key_sid,
        "TWILIO_API_KEY_SECRET": account.api_key_secret,
        "TWILIO_AUTH_TOKEN": account.auth_token,
        "ASSEMBLYAI_API_KEY": driver.stack.options.assemblyai_api_key,
    }
    done = run(driver, "callscribe", "--from", "-", text=json.dumps(values))
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[:3] == [
        "stored /callscribe/callscribe/twilio-api-key",
        "stored /callscribe/callscribe/twilio-auth-token",
        "stored /callscribe/callscribe/assemblyai-api-key",
    ]
    assert [value for value in values.values() if value in done.stdout] == []
    assert driver.stack.secret("AssemblyAIApiKeyParameterName") == {
        "api_key": driver.stack.options.assemblyai_api_key
    }
    assert driver.stack.secret("AssemblyAIWebhookSecretParameterName") == webhook


def test_stack_that_is_not_there_is_named(driver: Driver) -> None:
    done = run(driver, "callscribe-none", "--from", "-", text='{"TWILIO_AUTH_TOKEN": "x"}')
    assert done.returncode == 1
    assert "callscribe-none" in done.stderr
    assert "Traceback" not in done.stderr


def test_without_a_value_and_a_terminal_it_says_what_is_missing(driver: Driver) -> None:
    done = run(driver, "callscribe")
    assert done.returncode == 1
    assert "nothing was given to store" in done.stderr
