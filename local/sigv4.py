"""Checks SigV4 as API Gateway does, with botocore's own canonicalisation."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatchcase
from typing import Any

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.compat import HTTPHeaders
from botocore.credentials import Credentials

from local.http_server import Request

_AUTHORIZATION = re.compile(
    r"AWS4-HMAC-SHA256 Credential=([^/,\s]+)/(\d{8})/([^/,\s]+)/([^/,\s]+)/aws4_request,\s*"
    r"SignedHeaders=([a-z0-9;-]+),\s*Signature=([0-9a-f]{64})"
)
_CLOCK_SKEW = timedelta(minutes=5)
_TIME_FORMAT = "%Y%m%dT%H%M%SZ"


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """A user, or a role's session, that may sign. ``policy`` is one on execute-api:Invoke."""

    access_key_id: str
    secret_access_key: str
    user_arn: str
    account_id: str
    user_id: str
    session_token: str | None = None
    policy: Mapping[str, Any] = field(default_factory=dict)

    def may(self, resource: str) -> bool:
        """Whether the policy allows to invoke this route; an explicit Deny wins."""
        effects = {
            statement["Effect"]
            for statement in _listed(self.policy.get("Statement"))
            if _matches(statement.get("Action"), "execute-api:Invoke")
            and _matches(statement.get("Resource"), resource)
        }
        return effects == {"Allow"}


def authenticate(
    request: Request, callers: Mapping[str, Caller], *, region: str, now: datetime
) -> Caller | None:
    """The caller who signed exactly this request, a moment ago, for this API; else None."""
    match = _AUTHORIZATION.fullmatch((request.header("Authorization") or "").strip())
    sent_at = _sent_at(request)
    if match is None or sent_at is None or abs(now - sent_at) > _CLOCK_SKEW:
        return None
    key_id, day, signed_region, service, signed_headers, signature = match.groups()
    caller = callers.get(key_id)
    if caller is None or (signed_region, service) != (region, "execute-api"):
        return None
    if day != sent_at.strftime("%Y%m%d") or "host" not in signed_headers.split(";"):
        return None
    if (request.header("X-Amz-Security-Token") or None) != caller.session_token:
        return None
    expected = _signature(request, caller, signed_headers.split(";"), sent_at, region)
    return caller if expected and hmac.compare_digest(expected, signature) else None


def _sent_at(request: Request) -> datetime | None:
    try:
        return datetime.strptime(request.header("X-Amz-Date") or "", _TIME_FORMAT).replace(
            tzinfo=UTC
        )
    except ValueError:
        return None


def _signature(
    request: Request, caller: Caller, names: list[str], sent_at: datetime, region: str
) -> str | None:
    body_hash = hashlib.sha256(request.body).hexdigest()
    if request.header("X-Amz-Content-SHA256") not in (None, body_hash):
        return None
    headers = HTTPHeaders()
    for name, value in request.headers:
        if name.lower() in names:
            headers.add_header(name, value)
    url = f"http://{request.header('Host')}{request.raw_path}"
    signed = AWSRequest(request.method, f"{url}?{request.raw_query}", data=request.body)
    signed.headers = headers
    signed.context["timestamp"] = sent_at.strftime(_TIME_FORMAT)
    credentials = Credentials(caller.access_key_id, caller.secret_access_key)
    auth = _ReceivedAuth(credentials, "execute-api", region)
    text = auth.string_to_sign(signed, auth.canonical_request(signed))
    return str(auth.signature(text, signed))


class _ReceivedAuth(SigV4Auth):
    """Signs just the headers that were signed, with the hash of the body that came."""

    def headers_to_sign(self, request: AWSRequest) -> HTTPHeaders:
        headers = HTTPHeaders()
        for name, value in request.headers.items():
            headers[name.lower()] = value
        return headers

    def payload(self, request: AWSRequest) -> str:
        return hashlib.sha256(request.data or b"").hexdigest()


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _matches(patterns: Any, value: str) -> bool:
    return any(fnmatchcase(value, str(pattern)) for pattern in _listed(patterns))
