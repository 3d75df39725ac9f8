"""Every error has its problem document, and none tells a caller what was meant for the log."""

from __future__ import annotations

import importlib
import json
import pkgutil

import pytest

import callscribe
from callscribe.adapters.aws.secrets import Secrets
from callscribe.adapters.twilio.errors import REFUSALS, explain_refusal
from callscribe.api.entrypoints import LambdaHandler
from callscribe.api.problems import CALL_REFUSALS, OWN_WORDS, PROBLEMS, respond_problem
from callscribe.bootstrap.application import Application
from callscribe.bootstrap.settings import Settings
from callscribe.domain.errors import (
    CallRefusedError,
    CallscribeError,
    DialingRefusedError,
    FieldError,
    InvalidInputError,
    NotReadyError,
    RetryLaterError,
    SecretMissingError,
    VendorError,
    VendorNotFoundError,
    VendorOutcomeUnknownError,
    VendorRateLimitedError,
    VendorRefusedError,
)
from callscribe.domain.failures import Failure
from functions.transcript_complete.app import handler as transcript_complete
from functions.twiml.app import handler as twiml
from local.events import http_event
from tests.support.doubles import QuietTelemetry
from tests.support.gateways import InMemoryGateways

NAME = "/callscribe/dev/"
NUMBER = "+14155550100"
WORDS = f"planted: {NAME} {NUMBER}"


def all_errors() -> set[type[CallscribeError]]:
    """Of every module of the package, so that none is missing because it was not imported."""
    for module in pkgutil.walk_packages(callscribe.__path__, "callscribe."):
        importlib.import_module(module.name)
    found: set[type[CallscribeError]] = set()
    waiting = [CallscribeError]
    while waiting:
        error = waiting.pop()
        found.add(error)
        waiting += [e for e in error.__subclasses__() if e.__module__.startswith("callscribe")]
    return found


def planted(kind: type[CallscribeError]) -> list[CallscribeError]:
    """Errors of a class, with words that no client should read."""
    if issubclass(kind, VendorError):
        return [
            kind(vendor, WORDS, code=code, status=status)
            for vendor in ("Twilio", "AssemblyAI")
            for code, status in ((21999, 400), (None, None), (None, 500), (None, 429))
        ]
    special: dict[type[CallscribeError], list[CallscribeError]] = {
        InvalidInputError: [InvalidInputError([FieldError("to", WORDS)])],
        DialingRefusedError: [DialingRefusedError(Failure("do_not_call", WORDS, False))],
        CallRefusedError: [CallRefusedError(Failure("to_invalid", WORDS, False), vendor_code=1)],
        NotReadyError: [NotReadyError(WORDS, final=final) for final in (True, False)],
        RetryLaterError: [RetryLaterError(WORDS, seconds=5)],
    }
    return special.get(kind) or [kind(WORDS)]


@pytest.mark.parametrize("kind", sorted(all_errors(), key=str))
def test_every_error_stands_in_the_table_and_says_only_what_is_meant_for_callers(
    kind: type[CallscribeError],
) -> None:
    assert kind in PROBLEMS, "map it in api.problems.PROBLEMS"
    for error in planted(kind):
        answer = respond_problem(error)
        document = json.loads(answer["body"])
        assert answer["statusCode"] == document["status"] >= 400
        assert (WORDS in answer["body"]) == (kind in OWN_WORDS)
        assert kind in OWN_WORDS or not {NAME, NUMBER} & set(
            answer["body"].replace('"', " ").split()
        )


def test_own_words_are_of_errors_that_are_raised_for_callers() -> None:
    assert not OWN_WORDS & {CallscribeError, RetryLaterError, SecretMissingError, VendorError}
    assert not any(issubclass(kind, VendorError) for kind in OWN_WORDS)


def test_error_that_nobody_mapped_is_500_without_words() -> None:
    class NewError(VendorRefusedError):
        """Added one day, and forgotten in the table."""

    answer = respond_problem(NewError("Twilio", WORDS))
    assert answer["statusCode"] == 500
    assert "planted" not in answer["body"]


@pytest.mark.parametrize(
    ("code", "status", "http_status", "field"),
    [
        (21211, 400, 400, "to"),
        (21210, 400, 400, "from"),
        (21215, 403, 403, "to"),
        (20003, 401, 502, None),
        (21999, 400, 502, None),
        (None, 429, 429, None),
    ],
)
def test_refusal_of_a_call_names_the_field_and_twilios_own_code(
    code: int | None, status: int, http_status: int, field: str | None
) -> None:
    failure = explain_refusal(code, status)
    answer = respond_problem(CallRefusedError(failure, vendor_code=code))
    document = json.loads(answer["body"])
    assert (document["status"], document["code"]) == (http_status, failure.code)
    assert (document["detail"], document["twilio_code"]) == (failure.message, code)
    assert [error["field"] for error in document.get("errors", [])] == ([field] if field else [])
    assert ("retry-after" in answer["headers"]) is (http_status == 429)


def test_table_of_refused_calls_names_codes_that_exist() -> None:
    known = {failure.code for failure in REFUSALS.values()}
    assert set(CALL_REFUSALS) - known == {"twilio_unreachable"}


class EmptySecrets:
    """Parameter Store before a value is stored."""

    class exceptions:  # noqa: N801 - boto3's name
        class ParameterNotFound(Exception):  # noqa: N818
            pass

    def get_parameter(self, **_: str) -> dict[str, str]:
        raise self.exceptions.ParameterNotFound(NAME)


class Log(QuietTelemetry):
    def __init__(self) -> None:
        self.lines: list[str] = []

    def warn(self, message: str, **fields: object) -> None:
        self.lines.append(f"{message} {fields}")


@pytest.mark.parametrize(
    ("handler", "route"),
    [
        (twiml, "POST /twiml"),
        (transcript_complete, "POST /transcript-complete/{call_id}/{recording_sid}"),
    ],
)
def test_client_learns_nothing_of_a_secret_that_is_not_stored(
    handler: LambdaHandler[Application], route: str
) -> None:
    log = Log()
    settings = Settings(
        {
            "PUBLIC_BASE_URL": "",
            "TWILIO_ACCOUNT_SID": "AC",
            "STACK_NAME": "dev",
        }
    )
    gateways = InMemoryGateways(secrets=Secrets(EmptySecrets()), telemetry=log)
    names = {"call_id": "c", "recording_sid": "r"}
    event = http_event(route, "/anything", caller="", pathParameters=names)
    answer = handler.using(Application(settings, gateways))(event, None)
    assert (answer["statusCode"], answer["headers"]["retry-after"]) == (503, "30")
    for word in ("callscribe/", "secret", "token"):
        assert word not in answer["body"].lower()
    assert any(NAME in line for line in log.lines)


def test_kinds_of_vendor_errors_are_told_apart() -> None:
    statuses = {
        kind.__name__: respond_problem(kind("AssemblyAI", WORDS))["statusCode"]
        for kind in (
            VendorRefusedError,
            VendorNotFoundError,
            VendorRateLimitedError,
            VendorOutcomeUnknownError,
        )
    }
    assert set(statuses.values()) == {503}
