"""What another program asks through the client: the API's answers as they are."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from callscribe_cli.api import Api
from callscribe_cli.credentials import Aws
from callscribe_cli.errors import OutcomeUnknownError, UnreachableError
from callscribe_cli.messages import Answer
from local.http_server import Response
from tests.cli.double import REGION, ApiDouble, problem

C1 = "c1" * 16
JSON = {"Content-Type": "application/json"}
pytestmark = pytest.mark.usefixtures("home")


@pytest.fixture
def api(double: ApiDouble, home: object) -> Api:
    return Api(double.url, Aws(None).signer(REGION), sleep=lambda _: None)


def ask(api: Api, method: str, path: str, body: bytes = b"", **query: str) -> Answer:
    headers: Mapping[str, str] = JSON if body else {}
    return api.forward(method, path, query, headers, body)


def test_answer_is_passed_on_whatever_it_is(api: Api, double: ApiDouble) -> None:
    double.add_call(C1)
    double.add_transcript(C1, "Grüße.")
    found = ask(api, "GET", f"/calls/{C1}/transcript", format="vtt")
    assert (found.status, found.headers["content-type"]) == (200, "text/vtt; charset=utf-8")
    assert found.body == "vtt: Grüße.\n".encode()
    assert double.seen[-1][2] == {"format": "vtt"}
    gone = ask(api, "GET", "/calls/" + "0" * 32)
    assert (gone.status, gone.document()["title"]) == (404, "not-found")


def test_body_is_sent_as_it_came(api: Api, double: ApiDouble) -> None:
    found = ask(api, "PUT", "/dialing", b'{"stopped": true, "reason": "a leak"}')
    assert found.result()["stopped"] is True
    assert double.dialing["reason"] == "a leak"


def test_api_gateway_s_own_refusal_is_an_answer_too(api: Api, double: ApiDouble) -> None:
    double.fault("GET", "/calls", Response(status=403, body=b'{"message": "Forbidden"}'))
    assert ask(api, "GET", "/calls", limit="1").status == 403


def test_read_is_repeated_and_a_retry_is_not(api: Api, double: ApiDouble) -> None:
    double.add_call(C1)
    double.fault("GET", f"/calls/{C1}", problem(503, "try-later"))
    assert ask(api, "GET", f"/calls/{C1}").status == 200
    double.fault("POST", f"/calls/{C1}/retry", problem(503, "try-later"))
    assert ask(api, "POST", f"/calls/{C1}/retry").status == 503
    assert double.asked("POST", ".*/retry") == 1


def test_answer_that_never_came_is_an_error(api: Api, double: ApiDouble) -> None:
    double.fault("GET", "/calls", times=9)
    with pytest.raises(UnreachableError):
        ask(api, "GET", "/calls", limit="1")
    double.fault("POST", f"/calls/{C1}/retry")
    with pytest.raises(OutcomeUnknownError):
        ask(api, "POST", f"/calls/{C1}/retry")
