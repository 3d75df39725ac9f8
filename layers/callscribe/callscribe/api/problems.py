"""Errors as problem documents (RFC 9457): one table, in which every error stands.

A callback may come from anywhere, and an error's words may be a vendor's or hold an ARN: only those of
the classes in ``OWN_WORDS``, which are written for callers, are passed on. The log has the others.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from callscribe.api.http import MAX_BODY_BYTES, BodyTooLargeError, Response, respond
from callscribe.domain.errors import (
    CallRefusedError,
    CallscribeError,
    CallUnderWayError,
    ConflictError,
    DialingRefusedError,
    FieldError,
    InvalidInputError,
    NotFoundError,
    NothingToRetryError,
    NotReadyError,
    NotScheduledError,
    RetryLaterError,
    SecretMissingError,
    UnauthenticatedError,
    VendorError,
    VendorNotAskedError,
    VendorNotFoundError,
    VendorOutcomeUnknownError,
    VendorRateLimitedError,
    VendorRefusedError,
)

TITLES = {
    "invalid-input": "The request is not valid",
    "body-too-large": "The body is too large",
    "not-signed": "Invalid signature",
    "not-found": "Not found",
    "idempotency-key-reused": "The Idempotency-Key belongs to another request",
    "dialing-refused": "This stack does not place this call",
    "call-under-way": "The call has not ended",
    "not-scheduled": "The call is not scheduled",
    "nothing-to-retry": "Another try cannot help",
    "no-transcript": "There is no transcript",
    "transcript-not-ready": "The transcript is not ready",
    "try-later": "Try again later",
    "twilio-refused": "Twilio refused the call",
    "internal-error": "Something went wrong here",
}
OWN_WORDS = frozenset(
    (
        InvalidInputError,
        NotFoundError,
        ConflictError,
        DialingRefusedError,
        CallRefusedError,
        CallUnderWayError,
        NothingToRetryError,
        NotReadyError,
        NotScheduledError,
    )
)


@dataclass(frozen=True, slots=True)
class Problem:
    """``kind`` is a key of TITLES; ``retry_after`` counts seconds."""

    status: int
    kind: str
    detail: str
    errors: Sequence[FieldError] = ()
    retry_after: int | None = None
    extensions: Mapping[str, object] = field(default_factory=dict)


def respond_problem(error: CallscribeError) -> Response:
    """The answer to an error; one that is not mapped is a bug, and says nothing."""
    return _respond(PROBLEMS.get(type(error), _internal)(error))


def respond_internal_error() -> Response:
    """For a bug: no detail leaves the house, the log has it."""
    return _respond(_INTERNAL)


_INTERNAL = Problem(500, "internal-error", "this is a fault of the application; it was logged")


def _internal(_: CallscribeError) -> Problem:
    return _INTERNAL


def _own_words(status: int, kind: str) -> Callable[[CallscribeError], Problem]:
    return lambda error: Problem(status, kind, str(error))


def _fixed(
    status: int, kind: str, detail: str, retry_after: int | None = None
) -> Callable[[CallscribeError], Problem]:
    return lambda _: Problem(status, kind, detail, retry_after=retry_after)


def _invalid(error: InvalidInputError) -> Problem:
    detail = "the request was refused, and nothing was done: see errors"
    return Problem(400, "invalid-input", detail, error.errors)


def _dialing(error: DialingRefusedError) -> Problem:
    code = error.failure.code
    about_number = code in ("number_type_not_allowed", "destination_not_allowed", "do_not_call")
    return Problem(
        429 if code in ("cap_reached", "too_many_calls", "quiet_hours") else 403,
        "dialing-refused",
        str(error),
        errors=[FieldError("to", str(error))] if about_number else (),
        retry_after=error.retry_after,
        extensions={"code": code},
    )


def _nothing_to_retry(error: NothingToRetryError) -> Problem:
    return Problem(409, "nothing-to-retry", str(error), error.reasons)


def _not_ready(error: NotReadyError) -> Problem:
    if error.final:
        return Problem(404, "no-transcript", str(error))
    return Problem(409, "transcript-not-ready", str(error), retry_after=5)


def _later(error: RetryLaterError) -> Problem:
    return Problem(503, "try-later", "not now: try again", retry_after=error.seconds)


def _vendor(error: VendorError) -> Problem:
    """Never in the vendor's words: they may hold the number that was called."""
    return Problem(503, "try-later", f"{error.vendor} does not help now", retry_after=30)


# by the failure's code: the HTTP status, and the request's field at fault
CALL_REFUSALS: Mapping[str, tuple[int, str | None]] = {
    "to_invalid": (400, "to"),
    "to_unreachable": (400, "to"),
    "from_invalid": (400, "from"),
    "country_not_allowed": (403, "to"),
    "to_blocked": (403, "to"),
    "to_not_verified": (403, "to"),
    "twilio_busy": (429, None),
    "twilio_queue_full": (429, None),
    "twilio_unreachable": (503, None),
}


def _call_refused(error: CallRefusedError) -> Problem:
    """502 for what neither the caller nor time can fix: the stack's account or configuration."""
    failure = error.failure
    status, name = CALL_REFUSALS.get(failure.code, (502, None))
    return Problem(
        status,
        "twilio-refused",
        failure.message,
        errors=[FieldError(name, failure.message)] if name else (),
        retry_after=5 if status in (429, 503) else None,
        extensions={"code": failure.code, "twilio_code": error.vendor_code},
    )


# by the exact class: a new one is decided about, and does not inherit an answer
PROBLEMS: Mapping[type[CallscribeError], Callable[[Any], Problem]] = {
    CallscribeError: _internal,
    InvalidInputError: _invalid,
    BodyTooLargeError: _fixed(413, "body-too-large", f"send {MAX_BODY_BYTES} bytes at most"),
    UnauthenticatedError: _fixed(403, "not-signed", "the signature of this callback does not hold"),
    NotFoundError: _own_words(404, "not-found"),
    ConflictError: _own_words(422, "idempotency-key-reused"),
    DialingRefusedError: _dialing,
    CallRefusedError: _call_refused,
    CallUnderWayError: _own_words(409, "call-under-way"),
    NothingToRetryError: _nothing_to_retry,
    NotReadyError: _not_ready,
    NotScheduledError: _own_words(409, "not-scheduled"),
    RetryLaterError: _later,
    SecretMissingError: _fixed(
        503, "try-later", "this stack is not ready for this yet: its log says why", 30
    ),
    VendorError: _vendor,
    VendorRefusedError: _vendor,
    VendorNotFoundError: _vendor,
    VendorRateLimitedError: _vendor,
    VendorNotAskedError: _vendor,
    VendorOutcomeUnknownError: _vendor,
}


def _respond(problem: Problem) -> Response:
    document: dict[str, Any] = {
        "type": f"urn:callscribe:problem:{problem.kind}",
        "title": TITLES[problem.kind],
        "status": problem.status,
        "detail": problem.detail,
        **problem.extensions,
    }
    if problem.errors:
        document["errors"] = [{"field": e.field, "message": e.message} for e in problem.errors]
    response = respond(problem.status, document)
    response["headers"]["content-type"] = "application/problem+json"
    if problem.retry_after is not None:
        response["headers"]["retry-after"] = str(problem.retry_after)
    return response
