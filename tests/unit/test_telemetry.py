"""What a function writes to its log when something goes wrong: enough to find it, and no number."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from io import StringIO
from types import SimpleNamespace
from typing import Any, cast

import pytest
import requests
from twilio.base.exceptions import TwilioRestException

from callscribe.adapters.aws.secrets import Secrets
from callscribe.adapters.telemetry import PowertoolsTelemetry
from callscribe.adapters.twilio.client import TwilioTelephony
from callscribe.api.entrypoints import InvocationFailedError, LambdaHandler
from callscribe.domain.errors import VendorError

NUMBER = "+14155550100"
URL = "https://api.twilio.com/2010-04-01/Accounts/AC/Calls.json?To=%2B14155550100"


@pytest.fixture
def log() -> StringIO:
    return StringIO()


@pytest.fixture
def as_in_lambda(monkeypatch: pytest.MonkeyPatch, log: StringIO) -> Iterator[PowertoolsTelemetry]:
    """The root logger as awslambdaric leaves it with LoggingConfig's JSON."""
    root = logging.getLogger()
    before = root.level
    root.setLevel(logging.INFO)
    monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", "telemetry-test")
    telemetry = PowertoolsTelemetry("test")
    handler = cast(logging.StreamHandler[Any], telemetry.logger.logger_handler)
    before_stream = handler.setStream(log)
    yield telemetry
    handler.setStream(before_stream)
    root.setLevel(before)


@pytest.mark.parametrize("name", ["twilio.http_client", "urllib3.connectionpool", "botocore.auth"])
def test_libraries_are_quiet_whatever_lambda_sets(
    as_in_lambda: PowertoolsTelemetry, name: str
) -> None:
    assert not logging.getLogger(name).isEnabledFor(logging.WARNING)
    assert as_in_lambda.logger.log_level == logging.INFO


def test_bug_is_logged_with_its_traceback_and_without_a_number(
    as_in_lambda: PowertoolsTelemetry, log: StringIO
) -> None:
    def broken(*_: object) -> None:
        raise KeyError(f"no call to {NUMBER} at {URL}")

    with pytest.raises(InvocationFailedError, match=r"^KeyError$") as failed:
        LambdaHandler(broken, lambda: SimpleNamespace(telemetry=as_in_lambda))({}, None)
    assert failed.value.__suppress_context__
    [line] = [line for line in log.getvalue().splitlines() if "invocation failed" in line]
    assert "14155550100" not in line
    assert json.loads(line)["exception_name"] == "KeyError"
    assert "no call to (a phone number)" in json.loads(line)["exception"]


@pytest.mark.parametrize(
    "error",
    [
        TwilioRestException(400, URL, f"{NUMBER} is not valid", 21211),
        requests.exceptions.ConnectionError(URL),
        requests.exceptions.ReadTimeout(URL),
        ValueError(URL),
    ],
    ids=lambda error: type(error).__name__,
)
def test_what_twilio_says_ends_at_the_edge(
    error: Exception, as_in_lambda: PowertoolsTelemetry, log: StringIO
) -> None:
    secrets = SimpleNamespace(read=lambda *_, **__: {"api_key_sid": "SK", "api_key_secret": "s"})
    telephony = TwilioTelephony(
        cast(Secrets, secrets), secret_name="", account_sid="AC", api_url="https://api.twilio.com"
    )

    def fail(_: object) -> None:
        raise error

    with pytest.raises(VendorError) as raised:
        telephony._ask(fail)
    assert "14155550100" not in str(raised.value)
    assert raised.value.__suppress_context__
    as_in_lambda.exception("failed", raised.value)
    assert "(a phone number)" not in log.getvalue()
