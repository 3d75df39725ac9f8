"""API Gateway's HTTP API events (payload 2.0) in, answers and problem documents (RFC 9457) out."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from callscribe.domain.problems import (
    CallscribeError,
    CallUnderWayError,
    ConflictError,
    DiallingRefusedError,
    FieldError,
    InvalidInputError,
    NotFoundError,
    NothingToRetryError,
    NotReadyError,
    RetryLaterError,
    UnauthenticatedError,
    VendorError,
)
from callscribe.domain.twilio_errors import explain_refusal

Event = Mapping[str, Any]
Response = dict[str, Any]

# far above any honest request, far below API Gateway's 10 MB
MAX_BODY_BYTES = 64 * 1024


class BodyTooLargeError(CallscribeError):
    """The body is over MAX_BODY_BYTES."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What a handler needs of an event. Header names are lower-case; ``path`` is as received."""

    route: str
    path: str
    raw_query: str
    path_parameters: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    domain_name: str
    principal: str

    @property
    def query(self) -> dict[str, str]:
        """Parameters of the query; the last of a repeated one. Blank ones are kept."""
        return dict(parse_qsl(self.raw_query, keep_blank_values=True))

    @property
    def form(self) -> dict[str, str]:
        """Fields of a form body, blank ones kept. Only for a body whose signature holds."""
        return dict(parse_qsl(self.body.decode(), keep_blank_values=True))

    def base_url(self, configured: str) -> str:
        """The public URL of this API: the configured one, else where the request came in."""
        return configured.rstrip("/") or f"https://{self.domain_name}"

    def url(self, configured: str) -> str:
        """The exact URL that a vendor was given for this request, query included."""
        query = f"?{self.raw_query}" if self.raw_query else ""
        return f"{self.base_url(configured)}{self.path}{query}"

    def json(self) -> object:
        """The body as JSON. Raises InvalidInputError."""
        try:
            return json.loads(self.body, parse_constant=_refuse_constant)
        except (ValueError, RecursionError) as error:
            message = 'must be JSON, UTF-8, an object such as {"to": "+14155550100"}'
            raise InvalidInputError([FieldError("body", message)]) from error


def read_request(event: Event) -> Request:
    """Raises BodyTooLargeError, and InvalidInputError for a body that is not what it says."""
    context = event["requestContext"]
    stage = context.get("stage", "$default")
    path = str(event["rawPath"])
    if stage != "$default":
        path = path.removeprefix(f"/{stage}")
    return Request(
        route=event["routeKey"],
        path=path,
        raw_query=event.get("rawQueryString") or "",
        path_parameters=event.get("pathParameters") or {},
        headers={name.lower(): value for name, value in (event.get("headers") or {}).items()},
        body=_body(event),
        domain_name=context["domainName"],
        principal=_principal(context),
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


def respond_problem(error: CallscribeError) -> Response:  # noqa: C901, PLR0911, PLR0912 - a table
    """The one map from errors to HTTP."""
    match error:
        case InvalidInputError():
            return _problem(400, "invalid-input", _INVALID, errors=error.errors)
        case BodyTooLargeError():
            return _problem(413, "body-too-large", f"send {MAX_BODY_BYTES} bytes at most")
        case UnauthenticatedError():
            return _problem(403, "not-signed", "the signature of this callback does not hold")
        case NotFoundError():
            return _problem(404, "not-found", str(error))
        case ConflictError():
            return _problem(422, "idempotency-key-reused", str(error))
        case DiallingRefusedError():
            return _dialling_problem(error)
        case CallUnderWayError():
            return _problem(409, "call-under-way", str(error))
        case NothingToRetryError():
            return _problem(409, "nothing-to-retry", str(error), errors=error.reasons)
        case NotReadyError(final=True):
            return _problem(404, "no-transcript", str(error))
        case NotReadyError():
            return _problem(409, "transcript-not-ready", str(error), retry_after=5)
        case RetryLaterError():
            return _problem(503, "try-later", str(error), retry_after=error.seconds)
        case VendorError(vendor="Twilio"):
            return _twilio_problem(error)
        case _:
            return _problem(503, "try-later", str(error), retry_after=30)


_INVALID = "the request was refused, and nothing was done: see errors"
_TITLES = {
    "invalid-input": "The request is not valid",
    "body-too-large": "The body is too large",
    "not-signed": "Nobody we know signed this",
    "not-found": "Not found",
    "idempotency-key-reused": "The Idempotency-Key belongs to another request",
    "dialling-refused": "This stack does not place this call",
    "call-under-way": "The call has not ended",
    "nothing-to-retry": "Another try cannot help",
    "no-transcript": "There is no transcript",
    "transcript-not-ready": "The transcript is not ready",
    "try-later": "Try again later",
    "twilio-refused": "Twilio refused the call",
    "internal-error": "Something went wrong here",
}
PROBLEM_TYPES = tuple(_TITLES)


def respond_internal_error() -> Response:
    """For a bug: no detail leaves the house, the log has it."""
    return _problem(500, "internal-error", "this is a fault of the application; it was logged")


def _dialling_problem(error: DiallingRefusedError) -> Response:
    code = error.failure.code
    about_number = code in ("number_type_not_allowed", "destination_not_allowed", "do_not_call")
    return _problem(
        429 if code in ("cap_reached", "too_many_calls", "quiet_hours") else 403,
        "dialling-refused",
        str(error),
        errors=[FieldError("to", str(error))] if about_number else None,
        retry_after=error.retry_after,
        code=code,
    )


def _twilio_problem(error: VendorError) -> Response:
    refusal = explain_refusal(error)
    return _problem(
        refusal.http_status,
        "twilio-refused",
        refusal.message,
        errors=[FieldError(refusal.field, refusal.message)] if refusal.field else None,
        retry_after=5 if refusal.http_status in (429, 503) else None,
        code=refusal.code,
        twilio_code=error.code,
    )


def _problem(
    status: int,
    kind: str,
    detail: str,
    *,
    errors: Sequence[FieldError] | None = None,
    retry_after: int | None = None,
    **extensions: object,
) -> Response:
    document: dict[str, Any] = {
        "type": f"urn:callscribe:problem:{kind}",
        "title": _TITLES[kind],
        "status": status,
        "detail": detail,
        **extensions,
    }
    if errors:
        document["errors"] = [{"field": e.field, "message": e.message} for e in errors]
    response = respond(status, document)
    response["headers"]["content-type"] = "application/problem+json"
    if retry_after is not None:
        response["headers"]["retry-after"] = str(retry_after)
    return response


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


def _principal(context: Mapping[str, Any]) -> str:
    iam = (context.get("authorizer") or {}).get("iam") or {}
    return str(iam.get("userArn") or iam.get("callerId") or "")


def _refuse_constant(name: str) -> object:
    raise ValueError(f"{name} is not JSON")
