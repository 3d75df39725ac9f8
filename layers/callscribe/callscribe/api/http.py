"""API Gateway's HTTP API events (payload 2.0) in, answers out."""

from __future__ import annotations

import base64
import binascii
import json
import re
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from callscribe.api.idempotency import read_idempotency_key
from callscribe.domain.callback_urls import public_base_url
from callscribe.domain.errors import CallscribeError, FieldError, InvalidInputError
from callscribe.domain.principals import principal_of, principal_of_id

Event = Mapping[str, Any]
Response = dict[str, Any]

# far above any honest request, far below API Gateway's 10 MB
MAX_BODY_BYTES = 64 * 1024
# below this an answer fits into a few packets anyway
_LEAST_COMPRESSED = 16 * 1024
_NOT_WANTED = re.compile(r"\s*q\s*=\s*0(\.0*)?\s*")
# zlib's number for a gzip header and trailer
_GZIP_FORMAT = 31


class BodyTooLargeError(CallscribeError):
    """The body is over MAX_BODY_BYTES."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What a handler needs of an event. Header names are lower-case; ``path`` is as received.

    ``function_arn`` is the function's own. ``principal`` is the IAM user or role that signed, which
    keys and caps go by; ``caller`` the same with its session, for the record.
    """

    route: str
    path: str
    raw_query: str
    path_parameters: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    domain_name: str
    function_arn: str
    principal: str
    caller: str

    @property
    def query(self) -> dict[str, str]:
        """Parameters of the query; the last of a repeated one. Blank ones are kept."""
        return dict(parse_qsl(self.raw_query, keep_blank_values=True))

    @property
    def form(self) -> dict[str, str]:
        """Fields of a form body, blank ones kept. Only for a body whose signature holds."""
        return dict(parse_qsl(self.body.decode(), keep_blank_values=True))

    @property
    def idempotency_key(self) -> str | None:
        """Raises InvalidInputError for one that no header should carry."""
        return read_idempotency_key(self.headers)

    @property
    def bearer_token(self) -> str:
        """What stands in the header Authorization; empty where there is nothing of this kind."""
        scheme, _, token = self.headers.get("authorization", "").partition(" ")
        return token if scheme.lower() == "bearer" else ""

    @property
    def own_base_url(self) -> str:
        """Where the request came in: the API's own URL, or its custom domain's with a base path.

        API Gateway answers only for domains that are its own, so the name is none that a caller can
        make up. Documents disagree whether ``rawPath`` keeps a base path (the key of an API mapping):
        whatever stands before the route's own path is one, or a stage's name.
        """
        return f"https://{self.domain_name}{self.path.removesuffix(self._route_path)}"

    def base_url(self, configured: str) -> str:
        """What URLs that are given out begin with."""
        return public_base_url(configured, self.own_base_url)

    def urls(self, configured: str) -> tuple[str, ...]:
        """The exact URLs that a vendor may have been given for this request, query included: below
        the base URL of the moment, and below the one where it came in."""
        query = f"?{self.raw_query}" if self.raw_query else ""
        bases = dict.fromkeys((self.base_url(configured), self.own_base_url))
        return tuple(f"{base}{self._route_path}{query}" for base in bases)

    @property
    def _route_path(self) -> str:
        """The end of ``path``: as many segments as the route has."""
        segments = self.route.partition(" ")[2].count("/")
        return "/" + "/".join(self.path.split("/")[-segments:])

    def json(self) -> object:
        """The body as JSON. Raises InvalidInputError."""
        try:
            return json.loads(self.body, parse_constant=_refuse_constant)
        except (ValueError, RecursionError) as error:
            message = 'must be JSON, UTF-8, an object such as {"to": "+14155550100"}'
            raise InvalidInputError([FieldError("body", message)]) from error


def read_request(event: Event, *, function_arn: str = "") -> Request:
    """Raises BodyTooLargeError, and InvalidInputError for a body that is not what it says."""
    context = event["requestContext"]
    iam = (context.get("authorizer") or {}).get("iam") or {}
    user_arn, caller_id = str(iam.get("userArn") or ""), str(iam.get("callerId") or "")
    return Request(
        route=event["routeKey"],
        path=str(event["rawPath"]),
        raw_query=event.get("rawQueryString") or "",
        path_parameters=event.get("pathParameters") or {},
        headers={name.lower(): value for name, value in (event.get("headers") or {}).items()},
        body=_body(event),
        domain_name=context["domainName"],
        function_arn=function_arn,
        principal=principal_of(user_arn) or principal_of_id(caller_id),
        caller=user_arn or caller_id,
    )


def respond(status: int, body: object) -> Response:
    """A JSON answer."""
    return {
        "statusCode": status,
        "headers": {"content-type": "application/json"},
        "body": json.dumps(body, ensure_ascii=False),
    }


def respond_text(text: str, content_type: str) -> Response:
    return {"statusCode": 200, "headers": {"content-type": content_type}, "body": text}


def respond_empty() -> Response:
    """What a callback is answered: kept, or a repetition; nothing more to say."""
    return {"statusCode": 204}


def compressed(response: Response, request: Request) -> Response:
    """A large answer gzipped, where the request takes that: a transcript with words shrinks to a quarter.

    Lambda answers 6 MB at most, in base64 as well.
    """
    body = response.get("body") or ""
    if len(body) < _LEAST_COMPRESSED or not _takes_gzip(request.headers.get("accept-encoding", "")):
        return response
    packed = zlib.compress(body.encode(), level=1, wbits=_GZIP_FORMAT)
    headers = {"content-encoding": "gzip", "vary": "accept-encoding"}
    return {
        **response,
        "headers": {**response["headers"], **headers},
        "body": base64.b64encode(packed).decode(),
        "isBase64Encoded": True,
    }


def _takes_gzip(accepted: str) -> bool:
    codings = (coding.partition(";") for coding in accepted.lower().split(","))
    return any(name.strip() == "gzip" and not _NOT_WANTED.fullmatch(q) for name, _, q in codings)


def _body(event: Event) -> bytes:
    text = event.get("body") or ""
    if len(text) > MAX_BODY_BYTES * 2:
        raise BodyTooLargeError("body too large")
    try:
        body = base64.b64decode(text) if event.get("isBase64Encoded") else text.encode()
    except (ValueError, binascii.Error) as error:
        raise InvalidInputError([FieldError("body", "is not base64")]) from error
    if len(body) > MAX_BODY_BYTES:
        raise BodyTooLargeError("body too large")
    return body


def _refuse_constant(name: str) -> object:
    raise ValueError(f"{name} is not JSON")
