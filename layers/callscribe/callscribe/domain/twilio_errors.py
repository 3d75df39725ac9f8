"""Twilio's refusals of a call, and what to do about each (Twilio's error dictionary)."""

from __future__ import annotations

from dataclasses import dataclass

from callscribe.domain.errors import VendorError


@dataclass(frozen=True, slots=True)
class Refusal:
    """``http_status`` is what our caller is answered; ``field`` the request's field at fault."""

    code: str
    http_status: int
    message: str
    field: str | None = None
    retryable: bool = False


_TO_INVALID = Refusal("to_invalid", 400, "Twilio finds the number to call invalid: check it", "to")
_FROM_INVALID = Refusal(
    "from_invalid",
    400,
    "the number to call from is not this Twilio account's: buy it, or verify it as a caller id",
    "from",
)
_GEO = Refusal(
    "country_not_allowed",
    403,
    "this Twilio account may not call that country: allow it in the console under Voice, "
    "Geographic permissions",
    "to",
)
_BUSY = Refusal("twilio_busy", 429, "Twilio takes no more requests now: try again", retryable=True)
_ACCOUNT = Refusal(
    "twilio_account_inactive", 502, "the Twilio account is suspended or closed: see its console"
)

REFUSALS: dict[int, Refusal] = {
    20003: Refusal(
        "twilio_unauthorized",
        502,
        "Twilio does not accept this stack's credentials: store the right API key "
        "(docs/deploying.md) and check the account and its region",
    ),
    10001: _ACCOUNT,
    20005: _ACCOUNT,
    20403: _ACCOUNT,
    20429: _BUSY,
    10004: _BUSY,
    22005: Refusal(
        "twilio_queue_full", 429, "over a day of calls waits at Twilio already", retryable=True
    ),
    21201: _TO_INVALID,
    21211: _TO_INVALID,
    21217: _TO_INVALID,
    13223: _TO_INVALID,
    13224: _TO_INVALID,
    21214: Refusal(
        "to_unreachable", 400, "Twilio cannot reach the number to call: check it", "to", True
    ),
    21203: _GEO,
    21215: _GEO,
    13227: _GEO,
    21216: Refusal("to_blocked", 403, "Twilio blocks calls to this number", "to"),
    13225: Refusal("to_blocked", 403, "Twilio blocks calls to this number", "to"),
    21219: Refusal(
        "to_not_verified",
        403,
        "a trial account calls verified numbers only: verify this one in Twilio's console, or "
        "upgrade the account",
        "to",
    ),
    21210: _FROM_INVALID,
    21212: _FROM_INVALID,
    21213: _FROM_INVALID,
    21205: Refusal(
        "callback_url_refused",
        502,
        "Twilio refuses this stack's callback URL: check the PublicBaseUrl parameter",
    ),
}


_UNREACHABLE = Refusal(
    "twilio_unreachable", 503, "Twilio could not be reached: nobody was called", retryable=True
)


def explain_refusal(error: VendorError) -> Refusal:
    """What a refusal of Twilio means to our caller; never in Twilio's words, which hold numbers."""
    known = REFUSALS.get(error.code or 0)
    if known is not None:
        return known
    if error.status == 429:
        return _BUSY
    if error.status is None:
        return _UNREACHABLE
    if error.code is None:
        return Refusal("twilio_refused", 502, f"Twilio refused the call with HTTP {error.status}")
    page = f"https://www.twilio.com/docs/api/errors/{error.code}"
    return Refusal("twilio_refused", 502, f"Twilio refused the call with {error.code}: see {page}")
