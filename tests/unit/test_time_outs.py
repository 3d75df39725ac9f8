"""What a function's clients may take at most is less than the function has: a vendor or a service that
hangs ends in an answer and a note of what is known, not in a function that is cut off."""

from __future__ import annotations

import inspect
from typing import Any, cast

import pytest
from botocore.retries.standard import ExponentialBackoff

from callscribe.adapters.assemblyai import client as assemblyai
from callscribe.adapters.aws import clients
from callscribe.adapters.twilio import client as twilio
from callscribe.adapters.twilio import media
from callscribe.bootstrap.gateways import AwsGateways
from functions.reconcile import app as reconcile
from local.template import BY_FOLDER

# API Gateway's own limit for an HTTP API's integration
API_GATEWAY_SECONDS = 30
# Twilio's ceiling for a request about a call (Twilio: Webhooks, Connection Overrides)
TWILIO_WAITS_SECONDS = 15


def aws_seconds() -> float:
    """One request to AWS with all its tries: every try hangs, or every answer is a throttle."""
    config: Any = clients.client_config("dynamodb", clients.CONNECT_AND_READ_SECONDS)
    tries = config.retries["total_max_attempts"]
    assert config.retries["mode"] == "standard"
    backoff: Any = ExponentialBackoff
    base = backoff._DEFAULT_BACKOFF_CONFIG
    hangs = tries * (config.connect_timeout + config.read_timeout) + sum(
        base["non_throttling_base_scale"] * 2**n for n in range(tries - 1)
    )
    throttled = sum(
        base["throttling_base_scale"] * 2**n + backoff._RETRY_AFTER_MAX_ADDITIONAL
        for n in range(tries - 1)
    )
    return float(max(hangs, throttled))


# a question to a vendor: its patience, and the connection that is begun just before its end
TWILIO = twilio.PATIENCE_SECONDS + twilio.CONNECT_SECONDS
FETCH = assemblyai.FETCH_PATIENCE_SECONDS + assemblyai.CONNECT_SECONDS
ASSEMBLYAI = assemblyai.PATIENCE_SECONDS + assemblyai.CONNECT_SECONDS

# function → what its longest event asks of vendors, one after the other, each at its slowest; and the AWS
# request with which it notes what it knows, or says that it does not
VENDORS = {
    "twiml": 0,
    "recording_complete": 0,
    "calls": 0,
    "share": 0,
    "dial": TWILIO,
    "transcript_complete": FETCH,
    # a recording's look-up, and the submission with the look for one that was lost (its copy is a stream)
    "transcribe": TWILIO + 2 * ASSEMBLYAI,
    "reconcile": max(TWILIO, ASSEMBLYAI),
}


@pytest.mark.parametrize("folder", sorted(BY_FOLDER))
def test_a_vendor_and_a_service_that_hang_end_before_the_function_does(folder: str) -> None:
    timeout = BY_FOLDER[folder][1]["Properties"]["Timeout"]
    # what is left is for the other requests, which take milliseconds each
    assert VENDORS[folder] + aws_seconds() <= timeout - 1


@pytest.mark.parametrize("folder", ["twiml", "recording_complete"])
def test_twilio_still_waits_for_the_answer(folder: str) -> None:
    assert BY_FOLDER[folder][1]["Properties"]["Timeout"] < TWILIO_WAITS_SECONDS


@pytest.mark.parametrize("folder", sorted(set(BY_FOLDER) - {"transcribe", "reconcile"}))
def test_api_gateway_still_waits_for_the_answer(folder: str) -> None:
    assert BY_FOLDER[folder][1]["Properties"]["Timeout"] <= API_GATEWAY_SECONDS


def test_reconcile_s_reserve_holds_the_question_that_was_begun_last() -> None:
    assert ASSEMBLYAI + aws_seconds() < reconcile._RESERVE_SECONDS


def test_audio_s_stream_is_given_up_in_time_for_another_try() -> None:
    connect, read = clients.STREAM_CONNECT_AND_READ_SECONDS
    silence = max(connect + read, media.CONNECT_SECONDS + media.READ_SECONDS)
    timeout = BY_FOLDER["transcribe"][1]["Properties"]["Timeout"]
    assert silence + VENDORS["transcribe"] + aws_seconds() < timeout / 2
    assert "self._stream" in inspect.getsource(cast(Any, AwsGateways.audio).func)
