"""One rule for the base URL: what is given out is what is checked, and the API's own URL holds too."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
import requests

from callscribe.adapters.assemblyai.webhook import WEBHOOK_SECRET_HEADER
from callscribe.api.entrypoints import LambdaHandler
from callscribe.bootstrap.application import Application
from callscribe.bootstrap.settings import Settings
from callscribe.ports.telephony import RecordingStatusUpdate
from functions.recording_complete.app import handler as recording_complete
from functions.transcript_complete.app import handler as transcript_complete
from local.api_gateway import ApiGateway
from local.simulators.twilio.signature import sign
from local.template import Route
from tests.support.gateways import InMemoryGateways

ACCOUNT, TOKEN, SECRET = "AC" + "0" * 32, "the auth token", "the webhook secret"
HOST = "calls.example.com"
ROUTES = [
    Route("POST", "/recording-complete", "Recording", needs_signature=False),
    Route("POST", "/recording-complete/{call_id}", "Recording", needs_signature=False),
    Route("POST", "/transcript-complete/{call_id}/{recording_sid}", "Transcript", False),
]
FUNCTIONS: dict[str, LambdaHandler[Application]] = {
    "Recording": recording_complete,
    "Transcript": transcript_complete,
}
FORM = {"AccountSid": ACCOUNT, "RecordingSid": "RE" + "1" * 32, "CallSid": "CA" + "1" * 32}
CALL_ID = "0123456789abcdef" * 2


class Secrets:
    def read(self, _: str, **__: bool) -> dict[str, str]:
        return {"auth_token": TOKEN}

    def value(self, *_: str, **__: bool) -> str:
        return SECRET


class Queue:
    def __init__(self) -> None:
        self.notices: list[RecordingStatusUpdate] = []

    def put(self, notice: RecordingStatusUpdate, **_: int) -> None:
        self.notices.append(notice)


class Api:
    """An HTTP API behind a host of its own, with or without a base path."""

    def __init__(self) -> None:
        self.queue = Queue()
        self.gateways: list[ApiGateway] = []

    def open(self, configured: str, base_path: str, *, keeps: bool) -> str:
        """Where it listens."""
        settings = Settings(
            {
                "PUBLIC_BASE_URL": configured,
                "TWILIO_ACCOUNT_SID": ACCOUNT,
                "STACK_NAME": "dev",
            }
        )
        gateways = InMemoryGateways(secrets=Secrets(), queue=self.queue)
        self._application = Application(settings, gateways)
        gateway = ApiGateway(ROUTES, self._invoke, base_path=base_path, keeps_base_path=keeps)
        self.gateways.append(gateway)
        return gateway.url

    def _invoke(self, function: str, payload: bytes) -> bytes:
        handler = FUNCTIONS[function].using(self._application)
        return json.dumps(handler(json.loads(payload), None)).encode()


@pytest.fixture
def api() -> Iterator[Api]:
    running = Api()
    yield running
    for gateway in running.gateways:
        gateway.close()


def callback(url: str, signed_for: str, path: str = "/recording-complete", **headers: str) -> int:
    signature = sign(TOKEN, signed_for + path, list(FORM.items()))
    sent = {"X-Twilio-Signature": signature, "Host": HOST, **headers}
    return requests.post(url + path, data=FORM, headers=sent, timeout=10).status_code


# PublicBaseUrl, the base path that requests come below, whether rawPath has it, what was signed, and
# what the next URL begins with
ACCEPTED = [
    ("", "", True, f"https://{HOST}", f"https://{HOST}"),
    ("", "/voice", True, f"https://{HOST}/voice", f"https://{HOST}/voice"),
    (f"https://{HOST}/voice", "/voice", True, f"https://{HOST}/voice", f"https://{HOST}/voice"),
    (f"https://{HOST}/voice", "/voice", False, f"https://{HOST}/voice", f"https://{HOST}/voice"),
    (f"https://{HOST}/voice/", "/voice", False, f"https://{HOST}/voice", f"https://{HOST}/voice"),
    # the API's own URL, given out before the parameter was set
    ("https://new.example", "", True, f"https://{HOST}", "https://new.example"),
    # a proxy of one's own in front, whose path the API never sees
    ("https://p.example/hooks", "", True, "https://p.example/hooks", "https://p.example/hooks"),
]


@pytest.mark.parametrize(("configured", "base_path", "keeps", "signed", "given"), ACCEPTED)
@pytest.mark.parametrize("path", ["/recording-complete", f"/recording-complete/{CALL_ID}"])
def test_callback_holds_for_the_url_that_was_given_out(
    api: Api, path: str, configured: str, base_path: str, keeps: bool, signed: str, given: str
) -> None:
    url = api.open(configured, base_path, keeps=keeps)
    assert callback(url, signed, path) == 204
    assert [notice.base_url for notice in api.queue.notices] == [given]
    # and for the URL that is given out now
    if given.startswith(f"https://{HOST}"):
        assert callback(url, given, path) == 204


@pytest.mark.parametrize("configured", ["", "https://new.example"])
def test_nobody_chooses_what_url_is_accepted(api: Api, configured: str) -> None:
    url = api.open(configured, "", keeps=True)
    forged = {"X-Forwarded-Host": "evil.example", "Forwarded": "host=evil.example"}
    assert callback(url, "https://evil.example", **forged) == 403
    assert callback(url, f"https://{HOST}/voice") == 403
    assert callback(url, f"http://{HOST}") == 403
    assert callback(url, "") == 403
    assert api.queue.notices == []


@pytest.mark.parametrize("keeps", [True, False])
def test_webhook_of_assemblyai_comes_in_below_a_base_path(api: Api, keeps: bool) -> None:
    url = api.open("", "/voice", keeps=keeps)
    path = f"{url}/transcript-complete/{CALL_ID}/RE{'1' * 32}"
    body = {"status": "redacted_audio_ready"}
    answers = [
        requests.post(path, json=body, headers={WEBHOOK_SECRET_HEADER: given}, timeout=10)
        for given in (SECRET, "wrong")
    ]
    assert [answer.status_code for answer in answers] == [204, 403]
