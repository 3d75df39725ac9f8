"""Reading, dialing, operating, erasing, sharing are granted apart: the documented policies as written."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.credentials import Credentials

from cli.client import ApiClient, ApiError
from local.api_gateway import ACCOUNT_ID, API_ID
from local.ministack import REGION
from local.options import ROOT
from local.template import signed_routes
from tests.support.stack import Driver

POLICIES = sorted(path.stem for path in (ROOT / "policies").glob("*.json"))
CALL_ID = "0" * 32
# every route that needs a signature, as a client sends it, and who may
ALLOWED = {
    "POST /calls": {"dialer"},
    "GET /calls": {"reader", "operator", "eraser", "sharer"},
    "GET /calls/{call_id}": {"reader", "dialer", "operator", "eraser", "sharer"},
    "GET /calls/{call_id}/recordings": {"reader", "dialer", "operator", "eraser", "sharer"},
    "GET /calls/{call_id}/transcript": {"reader", "dialer", "operator", "eraser", "sharer"},
    "POST /calls/{call_id}/shares": {"sharer"},
    "GET /calls/{call_id}/shares": {"reader", "dialer", "operator", "eraser", "sharer"},
    "DELETE /calls/{call_id}/shares/{share_id}": {"eraser", "sharer"},
    "GET /calls/{call_id}/recordings/{recording_sid}/peaks": {
        *("reader", "dialer", "operator", "eraser", "sharer")
    },
    "GET /changes": {"reader", "operator"},
    "POST /calls/{call_id}/retry": {"operator"},
    "DELETE /calls/{call_id}": {"eraser"},
    "POST /erasures": {"eraser"},
    "POST /retries": {"operator"},
    "GET /scheduled-calls": {"reader", "operator"},
    # a call_id is only known to whoever was told it
    "POST /calls/{call_id}/cancel": {"dialer", "operator"},
    "POST /cancellations": {"operator"},
    "POST /imports": {"operator"},
    "GET /imports/{import_id}": {"reader", "operator"},
    "GET /dialing": {"reader", "operator", "doctor"},
    "PUT /dialing": {"operator"},
    "PUT /do-not-call/{phone_number}": {"operator"},
    "DELETE /do-not-call/{phone_number}": {"operator"},
}


def document(name: str) -> dict[str, Any]:
    text = (ROOT / "policies" / f"{name}.json").read_text()
    for placeholder, value in (("REGION", REGION), ("ACCOUNT", ACCOUNT_ID), ("API_ID", API_ID)):
        text = text.replace(f":{placeholder}", f":{value}")
    policy: dict[str, Any] = json.loads(text)
    return policy


@pytest.fixture(scope="module")
def clients(session_driver: Driver) -> dict[str, ApiClient]:
    stack = session_driver.stack
    made = {}
    for name in POLICIES:
        caller = stack.assume_role(name, "a-session", document(name))
        credentials = Credentials(
            caller.access_key_id, caller.secret_access_key, caller.session_token
        )
        made[name] = ApiClient(stack.connection.api_url, credentials, REGION)
    return made


def test_every_signed_route_is_decided() -> None:
    assert signed_routes() == set(ALLOWED)
    assert set(POLICIES) == {"reader", "dialer", "operator", "eraser", "sharer", "doctor", "setup"}


@pytest.mark.parametrize("route", ALLOWED)
@pytest.mark.parametrize("name", POLICIES)
def test_policy_lets_through_what_it_says(
    clients: dict[str, ApiClient], name: str, route: str
) -> None:
    method, _, path = route.partition(" ")
    for parameter, value in (
        ("call_id", CALL_ID),
        ("share_id", CALL_ID),
        ("import_id", f"import-{CALL_ID}"),
        ("recording_sid", f"RE{CALL_ID}"),
        ("phone_number", "%2B12125550199"),
    ):
        path = path.replace(f"{{{parameter}}}", value)
    # without a date the list looks through a month
    path += "?date=2026-01-01" if route == "GET /calls" else ""
    # an empty body is refused by the function, which is far enough to see that API Gateway let it in
    body: dict[str, str] | None = {} if method in ("POST", "PUT") else None
    try:
        status, problem = clients[name].send(method, path, json=body).status_code, {}
    except ApiError as error:
        status, problem = error.status, error.problem
    forbidden = status == 403 and problem == {"message": "Forbidden"}
    assert forbidden is (name not in ALLOWED[route]), (status, problem)
