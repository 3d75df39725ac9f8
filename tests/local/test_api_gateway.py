"""The local API Gateway: events and answers as API Gateway's HTTP API has them."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from local.api_gateway import ApiGateway, read_answer
from local.environments import FunctionError
from local.template import Route
from tests.support.stack import Driver

ROUTES = [
    Route("GET", "/things", "Things", needs_signature=False),
    Route("POST", "/things", "Things", needs_signature=False),
    Route("GET", "/things/{thing_id}", "Things", needs_signature=False),
    Route("GET", "/things/{thing_id}/parts", "Things", needs_signature=False),
    Route("GET", "/secret", "Things", needs_signature=True),
]


class Behind:
    """What the gateway leads to: remembers the event and answers what it is told."""

    def __init__(self) -> None:
        self.event: dict[str, Any] = {}
        self.answer: Any = {"statusCode": 204}
        self.api_gateway = ApiGateway(ROUTES, self.invoke)
        self.url = self.api_gateway.url

    def invoke(self, function: str, payload: bytes) -> bytes:
        assert function == "Things"
        self.event = json.loads(payload)
        if isinstance(self.answer, Exception):
            raise self.answer
        return json.dumps(self.answer).encode()


@pytest.fixture
def behind() -> Iterator[Behind]:
    running = Behind()
    yield running
    running.api_gateway.close()


def test_event_has_the_fields_of_payload_2(behind: Behind) -> None:
    requests.post(
        f"{behind.url}/things?a=1&a=2&b=",
        data='{"x": 1}',
        headers={"Content-Type": "application/json", "X-Two": "a", "Cookie": "c=1; d=2"},
        timeout=10,
    )
    event = behind.event
    assert event["version"] == "2.0"
    assert event["routeKey"] == "POST /things"
    assert (event["rawPath"], event["rawQueryString"]) == ("/things", "a=1&a=2&b=")
    assert event["queryStringParameters"] == {"a": "1,2", "b": ""}
    assert event["cookies"] == ["c=1", "d=2"]
    assert event["headers"]["x-two"] == "a"
    assert (event["body"], event["isBase64Encoded"]) == ('{"x": 1}', False)
    context = event["requestContext"]
    assert context["stage"] == "$default"
    assert context["http"]["method"] == "POST"
    assert context["http"]["sourceIp"] == "127.0.0.1"
    assert context["domainName"] in behind.url
    assert "pathParameters" not in event


def test_path_parameters_are_decoded(behind: Behind) -> None:
    requests.get(f"{behind.url}/things/a%20b/parts", timeout=10)
    assert behind.event["pathParameters"] == {"thing_id": "a b"}
    assert behind.event["routeKey"] == "GET /things/{thing_id}/parts"


def test_binary_bodies_travel_as_base64(behind: Behind) -> None:
    headers = {"Content-Type": "application/octet-stream"}
    requests.post(f"{behind.url}/things", data=b"\xff\x00", headers=headers, timeout=10)
    assert behind.event["isBase64Encoded"] is True
    assert base64.b64decode(behind.event["body"]) == b"\xff\x00"
    behind.answer = {"statusCode": 200, "isBase64Encoded": True, "body": "/wA="}
    assert requests.get(f"{behind.url}/things", timeout=10).content == b"\xff\x00"


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/nothing"), ("DELETE", "/things"), ("GET", "/things/a/b")]
)
def test_unknown_routes_are_not_found(behind: Behind, method: str, path: str) -> None:
    answer = requests.request(method, behind.url + path, timeout=10)
    assert (answer.status_code, answer.json()) == (404, {"message": "Not Found"})
    assert behind.event == {}


def test_unsigned_is_forbidden(behind: Behind) -> None:
    answer = requests.get(f"{behind.url}/secret", timeout=10)
    assert (answer.status_code, answer.json()) == (403, {"message": "Forbidden"})
    assert behind.event == {}


@pytest.mark.parametrize(
    "answer",
    [FunctionError({"errorType": "X"}), {"statusCode": "many"}, {"statusCode": 200, "body": 5}],
)
def test_what_a_function_must_not_do(behind: Behind, answer: Any) -> None:
    behind.answer = answer
    status = requests.get(f"{behind.url}/things", timeout=10).status_code
    assert status == (200 if isinstance(answer, dict) and answer.get("body") == 5 else 500)


def test_body_over_ten_megabytes_is_refused(behind: Behind) -> None:
    answer = requests.post(f"{behind.url}/things", data=b"x" * (10 * 2**20 + 1), timeout=30)
    assert answer.status_code == 413
    assert behind.event == {}


def test_answer_without_a_status_is_the_body() -> None:
    response = read_answer(b'{"a": 1}')
    assert (response.status, response.body) == (200, b'{"a": 1}')


@pytest.mark.parametrize("path", ["/calls", "/calls/" + "0" * 32, "/calls/x/transcript"])
def test_real_api_is_closed_without_a_signature(driver: Driver, path: str) -> None:
    assert requests.get(driver.url + path, timeout=35).status_code == 403
