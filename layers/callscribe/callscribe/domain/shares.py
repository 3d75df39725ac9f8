"""Links to one call, for a person without an account.

A link ends in ``#`` and a token: the call_id and 256 random bits. Browsers send nothing of what comes
after ``#``, so no log on the way has it; the page sends it in a header. Only its hash is stored.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from callscribe.domain.errors import FieldError, InvalidInputError
from callscribe.domain.request_fields import read_object

SHARE_ID = re.compile(r"[0-9a-f]{32}")
DEFAULT_HOURS = 7 * 24
MAX_HOURS = 30 * 24
_TOKEN = re.compile(r"[0-9a-f]{96}")
# looked up in the place of what is no token, so that its refusal takes as long as any other's
_NO_TOKEN = "0" * 96


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """A link to one call. ``share_id`` is the first half of the SHA-256 of its token.

    ``expires_at`` in epoch seconds, as DynamoDB's TTL wants it. ``opened`` counts how often the page
    read the call, ``requests`` every request that was answered with something of it.
    """

    call_id: str
    share_id: str
    created_at: str
    created_by: str
    expires_at: int
    show_numbers: bool
    opened: int = 0
    requests: int = 0
    last_used_at: str | None = None


@dataclass(frozen=True, slots=True)
class ShareRequest:
    """What ``POST /calls/{call_id}/shares`` asks for."""

    lasts: timedelta
    show_numbers: bool

    def expires_at(self, now: datetime, call_expires_at: int | None) -> int:
        """Epoch seconds; not after the call itself expires."""
        wanted = int((now + self.lasts).timestamp())
        return min(wanted, call_expires_at or wanted)


def read_share_request(body: object) -> ShareRequest:
    """Raises InvalidInputError, with every mistake at once."""
    request, errors = read_object(
        body, ("expires_in_hours", "show_numbers"), example='{"expires_in_hours": 24}'
    )
    hours = request.get("expires_in_hours", DEFAULT_HOURS)
    if not _is_hours(hours):
        message = f"must be a whole number from 1 to {MAX_HOURS}"
        errors.append(FieldError("expires_in_hours", message))
    show_numbers = request.get("show_numbers", False)
    if not isinstance(show_numbers, bool):
        errors.append(FieldError("show_numbers", "must be true or false"))
    if errors:
        raise InvalidInputError(errors)
    return ShareRequest(timedelta(hours=hours), show_numbers)


def _is_hours(value: Any) -> bool:
    return type(value) is int and 1 <= value <= MAX_HOURS


def new_token(call_id: str, secret: str) -> str:
    """What the link ends in. ``secret``: 64 random hexadecimal digits."""
    return call_id + secret


def link_url(base_url: str, token: str) -> str:
    """The page, which is the same for every link, and what it alone gets to see."""
    return f"{base_url}/shared#{token}"


def share_id_of(token: str) -> str:
    """Half of its hash: nobody finds another token for it, and it is as short as a call_id."""
    return hashlib.sha256(token.encode()).hexdigest()[:32]


def read_token(token: str) -> tuple[str, str]:
    """call_id and share_id. Of what is no token those of a share that cannot be."""
    token = token if _TOKEN.fullmatch(token) else _NO_TOKEN
    return token[:32], share_id_of(token)
