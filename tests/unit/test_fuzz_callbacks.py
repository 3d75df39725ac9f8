"""Thousands of unsigned callbacks, and malformed ones that Twilio did sign.

Whatever comes, a handler answers, never with a 5xx; and what is not signed writes nothing.
"""

from __future__ import annotations

import base64
import random
from typing import Any
from urllib.parse import quote, urlencode

import pytest

from callscribe.adapters.assemblyai.webhook import WEBHOOK_SECRET_HEADER
from callscribe.api.entrypoints import LambdaHandler
from callscribe.bootstrap.application import Application
from callscribe.bootstrap.settings import Settings
from callscribe.ports.telephony import RecordingStatusUpdate
from functions.recording_complete.app import handler as recording_complete
from functions.transcript_complete.app import handler as transcript_complete
from functions.twiml.app import handler as twiml
from local.events import http_event
from local.simulators.twilio.signature import sign
from simulation.memory_store import MemoryCallStore
from tests.support.doubles import QuietTelemetry
from tests.support.examples import EXAMPLES
from tests.support.gateways import InMemoryGateways

ACCOUNT = "AC" + "0" * 32
TOKEN = "the auth token"
SECRET = "the webhook secret"
HOST = "https://api.example"
CALL_ID = "0123456789abcdef" * 2
ROUTES: tuple[tuple[Any, str, str, dict[str, str]], ...] = (
    (twiml, "POST /twiml", "/twiml", {}),
    (twiml, "POST /twiml/{call_id}", f"/twiml/{CALL_ID}", {"call_id": CALL_ID}),
    (twiml, "POST /twiml/{call_id}/consent", f"/twiml/{CALL_ID}/consent", {"call_id": CALL_ID}),
    (twiml, "POST /twiml/{call_id}/recorded", f"/twiml/{CALL_ID}/recorded", {"call_id": CALL_ID}),
    (twiml, "POST /call-status", "/call-status", {}),
    (twiml, "POST /call-status/{call_id}", f"/call-status/{CALL_ID}", {"call_id": CALL_ID}),
    (recording_complete, "POST /recording-complete", "/recording-complete", {}),
    (
        recording_complete,
        "POST /recording-complete/{call_id}",
        f"/recording-complete/{CALL_ID}",
        {"call_id": CALL_ID},
    ),
)
WEBHOOK = "POST /transcript-complete/{call_id}/{recording_sid}"
FIELDS = (
    "CallSid CallStatus From To Direction Timestamp CallDuration AnsweredBy RecordingSid "
    "RecordingStatus RecordingDuration RecordingChannels RecordingStartTime RecordingSource ErrorCode "
    "FromCity"
).split()
VALUES = (
    "CA" + "1" * 32,
    "RE" + "2" * 32,
    "completed",
    "in-progress",
    "ringing",
    "absent",
    "",
    " ",
    "-1",
    "0",
    "99999999999999999999",
    "9" * 5000,
    "Mon, 01 Jan 0001 00:00:00 +2359",
    "Fri, 31 Dec 9999 23:59:59 -2359",
    "1e5",
    "٣",
    "\x00",
    "'; DROP TABLE calls; --",
    "<Response/>",
    "../../audio",
    "\U0001f600",
    "Fri, 99 Nov 2026 99:99:99 +9999",
    "x" * 2000,
)


MALFORMED_BODIES = (
    *(b"", b"null", b"[]", b"5", b'{"transcript_id": 5}', b'{"transcript_id": ""}'),
    *(b'{"transcript_id": "' + b"x" * 65 + b'"}', b"[" * 60_000, b'{"status": "error"}'),
)


class Secrets:
    """What the verifier reads."""

    def read(self, _: str, **__: bool) -> dict[str, str]:
        return {"auth_token": TOKEN, "webhook_secret": SECRET}

    def value(self, _: str, key: str, **__: bool) -> str:
        return self.read("")[key]


class Telemetry(QuietTelemetry):
    """Counts the callbacks that were refused."""

    rejected = 0

    def count(self, metric: str, value: float = 1) -> None:
        self.rejected += int(value) * (metric == "CallbackRejected")


SETTINGS = Settings(
    {
        "PUBLIC_BASE_URL": HOST,
        "TWILIO_ACCOUNT_SID": ACCOUNT,
        "STACK_NAME": "fuzzed",
        "INBOUND_SAY": "Hello",
        "DEFAULT_LANGUAGE": "en-US",
        "CONSENT_ANNOUNCEMENT": "This call is recorded.",
        "CONSENT_KEY_PRESS": "yes",
        "DEADLINES": "",
        "RETENTION_DAYS": "365",
        "VENDOR_COPIES": "keep",
    }
)


class Backend:
    """Everything that a callback could write to."""

    def __init__(self) -> None:
        self.store = MemoryCallStore()
        self.notices: list[RecordingStatusUpdate] = []
        self.telemetry = Telemetry()
        gateways = InMemoryGateways(
            store=self.store,
            secrets=Secrets(),
            telemetry=self.telemetry,
            queue=self,
            transcriber=self,
            documents=self,
            event_publisher=self,
        )
        self._application = Application(SETTINGS, gateways)

    def answer(self, handler: LambdaHandler[Application], event: dict[str, Any]) -> dict[str, Any]:
        answered: dict[str, Any] = handler.using(self._application)(event, None)
        return answered

    def put(self, notice: RecordingStatusUpdate, **_: int) -> None:
        self.notices.append(notice)

    def get(self, _: str) -> dict[str, Any]:
        raise AssertionError("AssemblyAI was asked for an unsigned webhook")

    @property
    def untouched(self) -> bool:
        return not (self.store.calls or self.store.recordings or self.notices)


@pytest.fixture
def backend() -> Backend:
    return Backend()


class RandomRequests(random.Random):
    def form(self) -> list[tuple[str, str]]:
        names = self.choices([*FIELDS, "AccountSid", "Surprise"], k=self.randint(0, 8))
        return [(name, self.choice(VALUES)) for name in names]

    def garbage(self, most: int) -> bytes:
        return self.randbytes(self.randint(0, most))

    def text(self) -> str:
        return "".join(self.choices("aZ0/%+ =\u00e9\n\x00", k=self.randint(0, 40)))


def event(
    route: str,
    path: str,
    parameters: dict[str, str],
    headers: dict[str, str],
    body: bytes,
    rolls: RandomRequests,
) -> dict[str, Any]:
    encoded = rolls.random() < 0.3
    try:
        text = base64.b64encode(body).decode() if encoded else body.decode()
    except UnicodeDecodeError:
        encoded, text = True, base64.b64encode(body).decode()
    if rolls.random() < 0.02:
        encoded, text = True, "not base64 \u00e9"
    return http_event(
        route,
        path,
        caller="",
        rawQueryString=rolls.choice(("", "", "", "a=1", "bodySHA256=00", "%zz", "a=%20&b=+")),
        headers=headers,
        pathParameters=parameters,
        body=text,
        isBase64Encoded=encoded,
    )


def wrong_signature(rolls: RandomRequests, path: str, fields: list[tuple[str, str]]) -> str | None:
    right = sign(TOKEN, HOST + path, fields)
    return rolls.choice(
        (
            None,
            "",
            right[:-1],
            right.lower(),
            right + "=",
            " " + right,
            rolls.text(),
            sign("another token", HOST + path, fields),
            sign(TOKEN, HOST + path + "/", fields),
            sign(TOKEN, "https://other.example" + path, fields),
            sign(TOKEN, HOST + path, [*fields, ("Extra", "1")]),
            base64.b64encode(rolls.garbage(40)).decode(),
        )
    )


def test_unsigned_callbacks_write_nothing(backend: Backend) -> None:
    rolls = RandomRequests(20261121)
    statuses: set[int] = set()
    count = 80 * EXAMPLES
    for _ in range(count):
        handler, route, path, parameters = rolls.choice(ROUTES)
        fields = [("AccountSid", ACCOUNT), *rolls.form()]
        signature = wrong_signature(rolls, path, fields)
        body = urlencode(fields).encode()
        if rolls.random() < 0.2:
            body = rolls.choice((rolls.garbage(200), b"x" * 140_000, b"", b"{}", b"%ff%fe=%zz"))
        types = (
            "application/x-www-form-urlencoded",
            "application/json",
            "text/plain",
            rolls.text(),
        )
        headers = {rolls.choice(("content-type", "Content-Type")): rolls.choice(types)}
        if signature is not None:
            headers[rolls.choice(("x-twilio-signature", "X-Twilio-Signature"))] = signature
        if rolls.random() < 0.2:
            parameters = {name: rolls.text() for name in parameters}
            path = quote(path + rolls.text())
        answer = backend.answer(handler, event(route, path, parameters, headers, body, rolls))
        statuses.add(answer["statusCode"])
    assert statuses <= {400, 403, 413}
    assert 403 in statuses
    assert backend.untouched
    assert backend.telemetry.rejected > count * 3 // 4


def test_webhooks_without_the_secret_write_nothing_and_ask_no_vendor(backend: Backend) -> None:
    rolls = RandomRequests(7)
    statuses: set[int] = set()
    for _ in range(12 * EXAMPLES):
        given = rolls.choice(
            (None, "", SECRET[:-1], SECRET + " ", SECRET.upper(), rolls.text(), "é")
        )
        headers = {} if given is None else {WEBHOOK_SECRET_HEADER: given}
        body = rolls.choice((b"{}", b'{"transcript_id": "x"}', rolls.garbage(100), b"[" * 5000))
        parameters = {"call_id": CALL_ID, "recording_sid": "RE" + "2" * 32}
        path = f"/transcript-complete/{CALL_ID}/{parameters['recording_sid']}"
        answer = backend.answer(
            transcript_complete, event(WEBHOOK, path, parameters, headers, body, rolls)
        )
        statuses.add(answer["statusCode"])
    assert statuses <= {400, 403, 413}
    assert backend.untouched
    assert backend.telemetry.rejected


def test_malformed_callbacks_that_twilio_signed_are_answered(backend: Backend) -> None:
    rolls = RandomRequests(42)
    statuses: set[int] = set()
    for _ in range(20 * EXAMPLES):
        handler, route, path, parameters = rolls.choice(ROUTES)
        fields = list({"AccountSid": ACCOUNT, **dict(rolls.form())}.items())
        headers = {
            "content-type": "application/x-www-form-urlencoded",
            "x-twilio-signature": sign(TOKEN, HOST + path, fields),
        }
        body = urlencode(fields).encode()
        made = event(route, path, parameters, headers, body, rolls) | {"rawQueryString": ""}
        answer = backend.answer(handler, made)
        statuses.add(answer["statusCode"])
    assert max(statuses) < 500
    assert {200, 204, 400} <= statuses


def test_malformed_webhooks_with_the_secret_are_answered(backend: Backend) -> None:
    rolls = RandomRequests(43)
    for _ in range(8 * EXAMPLES):
        body = rolls.choice((*MALFORMED_BODIES, rolls.garbage(50)))
        parameters = {"call_id": rolls.text(), "recording_sid": rolls.text()}
        headers = {WEBHOOK_SECRET_HEADER: SECRET}
        path = "/transcript-complete/x/y"
        answer = backend.answer(
            transcript_complete, event(WEBHOOK, path, parameters, headers, body, rolls)
        )
        assert answer["statusCode"] < 500
    assert backend.untouched
