"""Twilio's error codes in our words (Twilio's error dictionary); its own words hold phone numbers."""

from __future__ import annotations

from callscribe.domain.errors import (
    VendorError,
    VendorNotFoundError,
    VendorOutcomeUnknownError,
    VendorRateLimitedError,
    VendorRefusedError,
)
from callscribe.domain.failures import Failure

_TO_INVALID = Failure(
    "to_invalid", "Twilio finds the number to call invalid: check it", retryable=False
)
_FROM_INVALID = Failure(
    "from_invalid",
    "the number to call from is not this Twilio account's: buy it, or verify it as a caller id",
    retryable=False,
)
_GEO = Failure(
    "country_not_allowed",
    "this Twilio account may not call that country: allow it in the console under Voice, "
    "Geographic permissions",
    retryable=False,
)
_BLOCKED = Failure("to_blocked", "Twilio blocks calls to this number", retryable=False)
_BUSY = Failure("twilio_busy", "Twilio takes no more requests now: try again", retryable=True)
_ACCOUNT = Failure(
    "twilio_account_inactive",
    "the Twilio account is suspended or closed: see its console",
    retryable=False,
)

REFUSALS: dict[int, Failure] = {
    20003: Failure(
        "twilio_unauthorized",
        "Twilio does not accept this stack's credentials: store the right API key "
        "(docs/deploying.md) and check the account and its region",
        retryable=False,
    ),
    10001: _ACCOUNT,
    20005: _ACCOUNT,
    20403: _ACCOUNT,
    20429: _BUSY,
    10004: _BUSY,
    22005: Failure(
        "twilio_queue_full", "over a day of calls waits at Twilio already", retryable=True
    ),
    21201: _TO_INVALID,
    21211: _TO_INVALID,
    21217: _TO_INVALID,
    13223: _TO_INVALID,
    13224: _TO_INVALID,
    21214: Failure(
        "to_unreachable", "Twilio cannot reach the number to call: check it", retryable=True
    ),
    21203: _GEO,
    21215: _GEO,
    13227: _GEO,
    21216: _BLOCKED,
    13225: _BLOCKED,
    21219: Failure(
        "to_not_verified",
        "a trial account calls verified numbers only: verify this one in Twilio's console, or "
        "upgrade the account",
        retryable=False,
    ),
    21210: _FROM_INVALID,
    21212: _FROM_INVALID,
    21213: _FROM_INVALID,
    21205: Failure(
        "callback_url_refused",
        "Twilio refuses this stack's callback URL: check the PublicBaseUrl parameter",
        retryable=False,
    ),
}


_NOT_ENCRYPTED = "recording_encryption_failed"
ABSENCES = {
    16101: Failure("recording_too_short", "the recording is too short to be kept", retryable=False),
    16102: Failure(
        "recording_silent", "nothing was said, so Twilio kept no recording", retryable=False
    ),
    16104: Failure(_NOT_ENCRYPTED, "Twilio could not encrypt it", retryable=False),
    16105: Failure(
        _NOT_ENCRYPTED, "Twilio has no valid public key to encrypt it with", retryable=False
    ),
    16106: Failure(_NOT_ENCRYPTED, "Twilio failed inside while encrypting", retryable=False),
    16109: Failure(
        "recording_encrypted", "an encrypted recording is available as WAV only", retryable=False
    ),
}


def explain_absence(code: int | None) -> Failure | None:
    """Why there is no recording: the ErrorCode of one that is absent or failed; 0 says nothing."""
    if not code:
        return None
    message = f"Twilio has no recording (Twilio error {code})"
    return ABSENCES.get(code) or Failure("recording_absent", message, retryable=False)


def explain_answer(status: int | None, code: int | None) -> VendorError:
    """The error for an answer of HTTP ``status`` with Twilio's own ``code``; None: it has none."""
    message = f"Twilio answered {status}, code {code}"
    failure = explain_refusal(code, status)
    return _kind(status)("Twilio", message, code=code, status=status, failure=failure)


def _kind(status: int | None) -> type[VendorError]:
    if status == 429:
        return VendorRateLimitedError
    if status == 404:
        return VendorNotFoundError
    if status is None or not 400 <= status < 500:
        return VendorOutcomeUnknownError
    return VendorRefusedError


def explain_refusal(code: int | None, status: int | None) -> Failure:
    """Why Twilio refused a request: from its error code, or from the HTTP status without one."""
    known = REFUSALS.get(code or 0)
    if known is not None:
        return known
    if status == 429:
        return _BUSY
    if code is None:
        return Failure(
            "twilio_refused", f"Twilio refused the call with HTTP {status}", retryable=False
        )
    page = f"https://www.twilio.com/docs/api/errors/{code}"
    return Failure(
        "twilio_refused", f"Twilio refused the call with {code}: see {page}", retryable=False
    )
