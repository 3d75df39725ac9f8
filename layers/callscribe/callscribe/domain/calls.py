"""A call: what it is, and which status may follow which."""

from __future__ import annotations

import hashlib
import re
import secrets
from dataclasses import dataclass, field
from typing import Any

CALL_ID = re.compile(r"[0-9a-f]{32}")
CALL_SID = re.compile(r"CA[0-9a-fA-F]{32}")

MODES = ("message", "call")
CALL_TERMINAL = frozenset({"completed", "busy", "no-answer", "failed", "canceled"})
# what is left of a call: asked to be erased, and nothing of it left anywhere. It keeps late callbacks
# from bringing the call back
ERASING, ERASED = "erasing", "erased"
ERASED_STATUSES = frozenset({ERASING, ERASED})

# Twilio sends callbacks in order but they arrive in any: a status only ever replaces a lower one.
_RANK = {
    "scheduled": 0,
    "placing": 1,
    "unknown": 1,
    "queued": 2,
    "initiated": 3,
    "ringing": 4,
    "in-progress": 5,
    **dict.fromkeys(sorted(CALL_TERMINAL), 6),
    ERASING: 7,
    ERASED: 8,
}
STATUSES = tuple(_RANK)


def statuses_before(status: str) -> frozenset[str]:
    """The statuses that ``status`` may replace.

    Raises:
        KeyError: not a status of ours.
    """
    rank = _RANK[status]
    return frozenset(name for name, other in _RANK.items() if other < rank)


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One phone call. Fields equal the table's attributes; None means absent.

    ``waiting_for`` and ``due_at`` are set together exactly while somebody still owes us news:
    they put the call in the sparse index that ``reconcile`` reads. ``overdue_since`` is when it was due
    first, where ``due_at`` was moved because nothing could be done. ``imported``: only an import named
    it, so that its recordings at Twilio may be another application's. ``erasure`` is the record of an
    erasure: who asked for it and when, when it was done, and of how many recordings and transcripts.
    ``claim_token`` is random: it tells one request's claim from another's that looks the same.
    ``refusal`` is Twilio's, ``{code, status}``, where it was the answer to the request: the
    same key is answered the same. Without it the answer was the call. ``own_announcement`` is what
    the request itself asked to be announced: it stays when the stack's rules change before the call
    is placed. ``cancellation`` says who canceled a scheduled call, and when. ``expires_at`` (epoch
    seconds) is when the call and its recordings may be deleted.
    """

    call_id: str
    status: str
    created_at: str
    updated_at: str
    direction: str = "outbound-api"
    mode: str | None = None
    call_sid: str | None = None
    account_sid: str | None = None
    to_number: str | None = None
    from_number: str | None = None
    say: str | None = None
    goodbye: str | None = None
    language: str | None = None
    voice: str | None = None
    consent: dict[str, Any] | None = None
    own_announcement: str | None = None
    pause_seconds: int | None = None
    max_length_seconds: int | None = None
    transcription: dict[str, Any] = field(default_factory=dict)
    metadata: dict[str, Any] = field(default_factory=dict)
    base_url: str | None = None
    place_at: str | None = None
    claimed_at: str | None = None
    claim_token: str | None = None
    placed_at: str | None = None
    answered_at: str | None = None
    ended_at: str | None = None
    duration_seconds: int | None = None
    answered_by: str | None = None
    sip_response_code: str | None = None
    request_hash: str | None = None
    asked_by: str | None = None
    imported: bool | None = None
    recordings_at_twilio: int | None = None
    error_code: str | None = None
    error_message: str | None = None
    error_retryable: bool | None = None
    twilio_code: int | None = None
    refusal: dict[str, Any] | None = None
    cancellation: dict[str, Any] | None = None
    erasure: dict[str, Any] | None = None
    expires_at: int | None = None
    reconcile_attempts: int = 0
    waiting_for: str | None = None
    due_at: str | None = None
    overdue_since: str | None = None

    @property
    def phone_number(self) -> str | None:
        """The number of the person at the other end."""
        return self.from_number if self.direction == "inbound" else self.to_number


def new_call_id() -> str:
    """A call_id nobody can guess: 128 random bits."""
    return secrets.token_hex(16)


def call_id_for_sid(call_sid: str) -> str:
    """Adopting one Twilio call twice, even at the same moment, gives one call."""
    return hashlib.sha256(f"call-sid\x1f{call_sid}".encode()).hexdigest()[:32]
