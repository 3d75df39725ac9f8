"""The OpenAPI document holds: to the template, to the code, and to made-up requests (schemathesis).

The handlers run in this process, behind a small WSGI application that makes of a request the event
that API Gateway would; table, queue and vendors are in memory.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from dataclasses import fields
from datetime import UTC, datetime
from typing import Any

import pytest
import schemathesis
import yaml
from hypothesis import HealthCheck, settings
from schemathesis import Case
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from callscribe.bootstrap.application import Application
from callscribe.bootstrap.settings import Settings
from callscribe.domain import calls, consent, recordings
from callscribe.domain.call_requests import LANGUAGES
from callscribe.domain.calls import Call, CallState
from callscribe.domain.recordings import Recording
from callscribe.domain.transcript_status import TranscriptStatus
from callscribe.ports.messaging import DeadLetter
from callscribe.ports.telephony import CallStatusUpdate, RecordingStatusUpdate
from functions.calls.app import handler as calls_handler
from functions.dial.app import handler as dial_handler
from local.events import http_event
from local.options import ROOT
from local.template import routes, signed_routes
from simulation.memory_store import MemoryCallStore
from tests.support.doubles import QuietTelemetry, queued_at_twilio
from tests.support.examples import EXAMPLES
from tests.support.gateways import InMemoryGateways

DOCUMENT: dict[str, Any] = yaml.safe_load((ROOT / "docs/openapi.yaml").read_text())
SCHEMAS = DOCUMENT["components"]["schemas"]
OPERATIONS = {
    f"{method.upper()} {path}": operation
    for path, item in DOCUMENT["paths"].items()
    for method, operation in item.items()
    if method != "parameters"
}
HANDLERS = {"dial": dial_handler, "calls": calls_handler}
NOW = datetime(2026, 11, 21, 18, 0, tzinfo=UTC)
KNOWN = "0123456789abcdef" * 2


def test_document_has_every_route_that_people_ask_and_no_other() -> None:
    assert set(OPERATIONS) == signed_routes()


def test_document_has_the_words_of_the_code() -> None:
    source = (ROOT / "layers/callscribe/callscribe/domain/call_requests.py").read_text()
    in_code = re.search(r"_FIELDS = \{(.*?)\}", source, re.DOTALL)
    assert in_code is not None
    request = SCHEMAS["CallRequest"]["properties"]
    assert set(request) == set(re.findall(r'"(\w+)"', in_code[1]))
    assert tuple(request["language"]["enum"]) == LANGUAGES
    assert sorted(SCHEMAS["CallStatus"]["enum"]) == sorted(calls.STATUSES)
    assert SCHEMAS["TranscriptStatus"]["enum"] == list(TranscriptStatus)
    assert SCHEMAS["Recording"]["properties"]["status"]["enum"] == list(recordings.STATUSES)
    asked = SCHEMAS["Call"]["properties"]["consent"]["properties"]["status"]["enum"]
    assert asked == list(consent.STATUSES)


SETTINGS = Settings(
    {
        "MAX_CALLS_PER_DESTINATION": "50",
        "MAX_CALLS_PER_CALLER": "50",
        "MAX_CALLS_PER_DAY": "50",
        "MAX_CALLS_AT_ONCE": "30",
        "QUIET_HOURS": "21:00-08:00",
        "ALLOWED_COUNTRIES": "",
        "PUBLIC_BASE_URL": "https://api.example",
        "DEFAULT_FROM_NUMBER": "+15005550006",
        "SPEECH_MODELS": "universal-2",
        "DEFAULT_LANGUAGE": "en-US",
        "CONSENT_ANNOUNCEMENT": "",
        "CONSENT_KEY_PRESS": "no",
        "DEADLINES": "",
        "RETENTION_DAYS": "365",
    }
)


class Backend(QuietTelemetry, MemoryCallStore):
    """Everything that a request could touch; ``writes`` counts what was written."""

    def __init__(self) -> None:
        MemoryCallStore.__init__(self)
        self.notices: list[RecordingStatusUpdate] = []
        call = Call(
            call_id=KNOWN,
            status=CallState.COMPLETED,
            created_at="2026-11-20T00:00:00.000Z",
            updated_at="2026-11-20T00:00:00.000Z",
            to_number="+14155550100",
        )
        self.save(None, call)
        for number, status in enumerate(recordings.STATUSES):
            self.save(
                None,
                Recording(
                    call_id=KNOWN,
                    recording_sid=f"RE{number:032}",
                    status=status,
                    created_at=call.created_at,
                    updated_at=call.created_at,
                    error_code="audio_unavailable" if status == "error" else None,
                    error_retryable=True,
                    failed_at=call.created_at if status == "error" else None,
                ),
            )

        gateways = InMemoryGateways(
            store=self,
            telemetry=self,
            queue=self,
            dead_letters=self,
            telephony=self,
            schedules=self,
            documents=self,
            clock=lambda: NOW,
        )
        self._application = Application(SETTINGS, gateways)

    def answer(self, folder: str, event: dict[str, Any]) -> dict[str, Any]:
        answered: dict[str, Any] = HANDLERS[folder].using(self._application)(event, Context())
        return answered

    def written(self) -> tuple[object, ...]:
        """What is stored; counters apart, which a refused call may move."""
        stands = (self.calls, self.recordings, self.sweeps, self.shares, self._listed)
        return (*(dict(part) for part in stands), self._switch, len(self.notices))

    def place_call(self, call: Call) -> CallStatusUpdate:
        return queued_at_twilio(call, "CA" + call.call_id)

    def place_call_at(self, call_id: str, place_at: str, *, target_arn: str) -> None: ...
    def presigned_url(self, key: str, *, seconds: int) -> str:
        return f"https://bucket.example/{key}?{seconds}"

    def put(self, notice: RecordingStatusUpdate, **_: int) -> None:
        self.notices.append(notice)

    def take(self, _: int) -> list[DeadLetter]:
        return []


class Context:
    aws_request_id = "request"
    invoked_function_arn = "arn:aws:lambda:us-east-1:123456789012:function:dial"


class Site:
    """What API Gateway does: finds the route, makes the event, gives back the answer."""

    backend: Backend

    def __call__(self, environ: dict[str, Any], start: Callable[..., object]) -> Iterable[bytes]:
        method, path = environ["REQUEST_METHOD"], environ["PATH_INFO"]
        if path == "/openapi.json":
            start("200 OK", [("Content-Type", "application/json")])
            return [json.dumps(DOCUMENT, default=str).encode()]
        raw = environ.get("RAW_URI") or environ.get("REQUEST_URI") or path
        found = _route(method, path)
        if found is None:
            start("404 Not Found", [("Content-Type", "application/json")])
            return [b'{"message":"Not Found"}']
        folder, route, parameters = found
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        headers = {
            name[5:].replace("_", "-").lower(): value
            for name, value in environ.items()
            if name.startswith("HTTP_")
        }
        event = http_event(
            route,
            raw.partition("?")[0],
            rawQueryString=environ.get("QUERY_STRING", ""),
            headers=headers | {"content-type": environ.get("CONTENT_TYPE", "")},
            pathParameters=parameters,
            body=body,
        )
        answer = self.backend.answer(folder, event)
        start(f"{answer['statusCode']} -", list((answer.get("headers") or {}).items()))
        return [str(answer.get("body") or "").encode()]


def _route(method: str, path: str) -> tuple[str, str, dict[str, str]] | None:
    for folder in HANDLERS:
        for key, route in routes(folder).items():
            parameters = route.match(method, path)
            if parameters is not None:
                return folder, key, parameters
    return None


site = Site()


@pytest.fixture(scope="module")
def backend() -> Backend:
    site.backend = Backend()
    return site.backend


schema = schemathesis.openapi.from_wsgi("/openapi.json", site)


@schema.parametrize()
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    database=None,
)
def test_made_up_requests_are_answered_as_documented(case: Case[Any], backend: Backend) -> None:
    before = backend.written()
    response = case.call()
    if response.status_code >= 400:
        assert backend.written() == before
    case.validate_response(
        response,
        checks=[
            not_a_server_error,
            status_code_conformance,
            content_type_conformance,
            response_schema_conformance,
        ],
    )


def test_call_has_no_field_that_is_neither_shown_nor_kept_back() -> None:
    """A field that is added to the call one day is decided about: shown, or listed here."""
    kept_back = {
        *("base_url", "claimed_at", "request_hash", "asked_by"),
        *("claim_token", "refusal", "own_announcement", "overdue_since", "imported", "expires_at"),
        *("error_code", "error_message", "error_retryable", "twilio_code"),
        *("reconcile_attempts", "due_at", "pause_seconds", "max_length_seconds"),
        # in transcript_status
        "outcomes",
    }
    shown = {*SCHEMAS["CallSummary"]["properties"], *SCHEMAS["Call"]["properties"]}
    assert {field.name for field in fields(Call)} - shown == kept_back
