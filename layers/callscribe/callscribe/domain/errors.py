"""Everything that can go wrong, as a tree.

CallscribeError
├── InvalidInputError            the caller's mistake; names every field and its fix
├── NotFoundError                no such call
├── ConflictError                the request contradicts what stands
├── DialingRefusedError          the fraud guard does not let a call through
├── CallRefusedError             the telephony vendor does not place a call
├── CallUnderWayError            it can only be erased after its end
├── NotScheduledError            only a scheduled call can be canceled
├── NothingToRetryError          a retry that cannot help; says why
├── NotReadyError                the transcript is not there yet, or never will be
├── UnauthenticatedError         a callback without a valid signature
├── SecretMissingError           a secret of this stack was not stored yet
├── RetryLaterError              nothing is wrong, but not now
└── VendorError                  Twilio or AssemblyAI, with the vendor's own code
    ├── VendorRefusedError       a definite no: nothing was done, and asking again will not help
    │   └── VendorNotFoundError   the vendor has no such call, recording or transcript
    ├── VendorRateLimitedError          a definite not now: nothing was done, asking again is safe
    │   └── VendorNotAskedError  not asked at all in this run, for its own trouble or for want of time
    └── VendorOutcomeUnknownError       no answer, or one that leaves open whether it was done
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from callscribe.domain.failures import Failure


class CallscribeError(Exception):
    """The root: whatever is not one of these is a bug."""


@dataclass(frozen=True, slots=True)
class FieldError:
    """``field`` is a dotted path into the request; ``message`` says what is wrong and the fix."""

    field: str
    message: str


class InvalidInputError(CallscribeError):
    """The request cannot be carried out as it stands; nothing was written or placed."""

    def __init__(self, errors: Sequence[FieldError]) -> None:
        super().__init__("; ".join(f"{error.field}: {error.message}" for error in errors))
        self.errors = tuple(errors)


class NotFoundError(CallscribeError):
    """No call with that id, or none any more."""


class ConflictError(CallscribeError):
    """An Idempotency-Key that was used for another request."""


class DialingRefusedError(CallscribeError):
    """Refused before Twilio was asked: no money was spent. ``retry_after`` in seconds."""

    def __init__(self, failure: Failure, *, retry_after: int | None = None) -> None:
        super().__init__(failure.message)
        self.failure = failure
        self.retry_after = retry_after


class CallRefusedError(CallscribeError):
    """The telephony vendor refused the call, or could not be reached: no phone rang.

    ``vendor_code`` is the vendor's own, None where it gave none.
    """

    def __init__(self, failure: Failure, *, vendor_code: int | None = None) -> None:
        super().__init__(failure.message)
        self.failure = failure
        self.vendor_code = vendor_code


class CallUnderWayError(CallscribeError):
    """An erasure was asked for while the callee may still be on the phone."""


class NotScheduledError(CallscribeError):
    """A cancellation was asked for, and the call is not scheduled, or not any more."""


class NothingToRetryError(CallscribeError):
    """None of the call's recordings can be tried again; ``reasons`` has one for each."""

    def __init__(self, detail: str, reasons: Sequence[FieldError] = ()) -> None:
        super().__init__(detail)
        self.reasons = tuple(reasons)


class NotReadyError(CallscribeError):
    """The transcript was asked for too early (``final`` False) or cannot exist (True)."""

    def __init__(self, detail: str, *, final: bool) -> None:
        super().__init__(detail)
        self.final = final


class UnauthenticatedError(CallscribeError):
    """The signature or secret of a callback is missing or wrong."""


class SecretMissingError(CallscribeError):
    """The stack's secret holds no value yet, or lacks a key: see docs/deploying.md."""


class RetryLaterError(CallscribeError):
    """Try again in ``seconds``; nothing is lost meanwhile."""

    def __init__(self, reason: str, *, seconds: int) -> None:
        super().__init__(reason)
        self.seconds = seconds


class VendorError(CallscribeError):
    """``vendor`` is Twilio or AssemblyAI; ``code`` the vendor's own, or the HTTP status.

    ``failure`` is what its refusal means in our words; None where no answer came.
    """

    def __init__(
        self,
        vendor: str,
        message: str,
        *,
        code: int | None = None,
        status: int | None = None,
        failure: Failure | None = None,
    ) -> None:
        super().__init__(message)
        self.vendor = vendor
        self.code = code
        self.status = status
        self.failure = failure


class VendorRefusedError(VendorError):
    """Refused for good: nothing was done."""


class VendorNotFoundError(VendorRefusedError):
    """It is not there, or not any more."""


class VendorRateLimitedError(VendorError):
    """Refused for now (429): nothing was done, and it may be asked again after a pause."""

    retry_after_seconds: int = 5


class VendorNotAskedError(VendorRateLimitedError):
    """This run asks this vendor nothing more: it did not answer, or has had its share of the time."""


class VendorOutcomeUnknownError(VendorError):
    """A timeout, a broken connection or a 5xx: it may or may not have been done."""
