"""The local API Gateway's check of signatures, against botocore's own signing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from local.http_server import Request
from local.sigv4 import Caller, authenticate

CALLER = Caller(
    access_key_id="AKIAONE",
    secret_access_key="one",
    user_arn="arn:aws:iam::000000000000:user/one",
    account_id="000000000000",
    user_id="AIDAONE",
)
CALLERS = {CALLER.access_key_id: CALLER}


def signed(
    method: str = "POST",
    url: str = "http://127.0.0.1:1/calls?b=2&a=%20x&a=1",
    body: bytes = b"{}",
    *,
    secret: str = "one",  # noqa: S107 - made up
    key: str = "AKIAONE",
    region: str = "us-east-1",
    service: str = "execute-api",
) -> Request:
    request = AWSRequest(method, url, {"Host": urlsplit(url).netloc}, body)
    SigV4Auth(Credentials(key, secret), service, region).add_auth(request)
    parts = urlsplit(url)
    return Request(
        method=method,
        raw_path=parts.path,
        raw_query=parts.query,
        headers=tuple(request.headers.items()),
        body=body,
        client_ip="127.0.0.1",
    )


def caller(request: Request, **more: Any) -> Caller | None:
    options: dict[str, Any] = {"region": "us-east-1", "now": datetime.now(UTC)} | more
    return authenticate(request, CALLERS, **options)


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:1/calls",
        "http://127.0.0.1:1/calls?limit=2&cursor=WyI%3D",
        "http://127.0.0.1:1/calls/a%20b%2Fc/transcript?format=txt",
    ],
)
def test_what_botocore_signs_is_let_in(url: str) -> None:
    assert caller(signed("GET", url, b"")) is CALLER
    assert caller(signed("POST", url, b'{"to": "x"}')) is CALLER


def changed(request: Request, **changes: Any) -> Request:
    values = {name: getattr(request, name) for name in Request.__slots__}
    return Request(**(values | changes))


def test_nothing_else_is_let_in() -> None:
    good = signed()
    assert caller(good) is CALLER
    bad = {
        "no signature": changed(good, headers=()),
        "other body": changed(good, body=b"{ }"),
        "other path": changed(good, raw_path="/calls/"),
        "other query": changed(good, raw_query="b=2&a=1"),
        "other method": changed(good, method="GET"),
        "wrong secret": signed(secret="two"),
        "unknown key": signed(key="AKIATWO"),
        "other region": signed(region="eu-west-1"),
        "other service": signed(service="s3"),
        "garbage": changed(good, headers=(("Authorization", "AWS4-HMAC-SHA256 x"),)),
    }
    assert [name for name, request in bad.items() if caller(request) is not None] == []


@pytest.mark.parametrize("minutes", [-6, 6])
def test_clock_must_be_right_within_five_minutes(minutes: int) -> None:
    assert caller(signed(), now=datetime.now(UTC) + timedelta(minutes=minutes)) is None


@pytest.mark.parametrize(
    ("statements", "allowed"),
    [
        ([], False),
        ([("Allow", "*", "*")], True),
        ([("Allow", "execute-api:Invoke", "*/GET/calls*")], False),
        ([("Allow", "execute-api:*", "arn:*/POST/calls")], True),
        ([("Allow", "*", "*"), ("Deny", "execute-api:Invoke", "*/POST/*")], False),
        ([("Allow", "dynamodb:*", "*")], False),
    ],
)
def test_policies_allow_by_route(statements: list[tuple[str, str, str]], allowed: bool) -> None:
    policy = {"Statement": [{"Effect": e, "Action": a, "Resource": r} for e, a, r in statements]}
    one = Caller(
        access_key_id="a",
        secret_access_key="b",
        user_arn="c",
        account_id="d",
        user_id="e",
        policy=policy,
    )
    resource = "arn:aws:execute-api:us-east-1:000000000000:local/$default/POST/calls"
    assert one.may(resource) is allowed
