"""A call: what it is, and which status may follow which."""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from callscribe.domain.failures import Failure
from callscribe.domain.times import format_timestamp

CALL_ID = re.compile(r"[0-9a-f]{32}")
CALL_SID = re.compile(r"CA[0-9a-fA-F]{32}")

MODES = ("message", "call")


class CallState(StrEnum):
    """Where a call is. From ``queued`` to the ends these are Twilio's own words.

    ``unknown``: Twilio's answer to the request never came. ``erasing`` and ``erased`` are tombstones.
    """

    SCHEDULED = "scheduled"
    PLACING = "placing"
    UNKNOWN = "unknown"
    QUEUED = "queued"
    INITIATED = "initiated"
    RINGING = "ringing"
    IN_PROGRESS = "in-progress"
    COMPLETED = "completed"
    BUSY = "busy"
    NO_ANSWER = "no-answer"
    FAILED = "failed"
    CANCELED = "canceled"
    ERASING = "erasing"
    ERASED = "erased"


STATUSES = tuple(CallState)
CALL_TERMINAL = frozenset(
    {
        CallState.COMPLETED,
        CallState.BUSY,
        CallState.NO_ANSWER,
        CallState.FAILED,
        CallState.CANCELED,
    }
)
# what is left of a call: asked to be erased, and nothing of it left anywhere. It keeps late callbacks
# from bringing the call back
ERASING, ERASED = CallState.ERASING, CallState.ERASED
ERASED_STATUSES = frozenset({ERASING, ERASED})
# of which nothing more is to come from the phone: what the feed of changes tells of
ENDED_STATUSES = CALL_TERMINAL | ERASED_STATUSES
# Twilio sends callbacks in order but they arrive in any: a status may be skipped, and only ever
# replaces an earlier one
_AT_VENDOR = (CallState.QUEUED, CallState.INITIATED, CallState.RINGING, CallState.IN_PROGRESS)
_ANY_AT_VENDOR = CALL_TERMINAL.union(_AT_VENDOR)
# the states that each state may become
CALL_TRANSITIONS: Mapping[CallState, frozenset[CallState]] = {
    # should Twilio tell of a call whose claim was lost here, Twilio is right, and nothing dials it again
    CallState.SCHEDULED: _ANY_AT_VENDOR | {CallState.PLACING, CallState.ERASING},
    CallState.PLACING: _ANY_AT_VENDOR | {CallState.UNKNOWN},
    CallState.UNKNOWN: _ANY_AT_VENDOR,
    CallState.QUEUED: CALL_TERMINAL.union(_AT_VENDOR[1:]),
    CallState.INITIATED: CALL_TERMINAL.union(_AT_VENDOR[2:]),
    CallState.RINGING: CALL_TERMINAL.union(_AT_VENDOR[3:]),
    CallState.IN_PROGRESS: CALL_TERMINAL,
    CallState.COMPLETED: frozenset({CallState.ERASING}),
    CallState.BUSY: frozenset({CallState.ERASING}),
    CallState.NO_ANSWER: frozenset({CallState.ERASING}),
    CallState.CANCELED: frozenset({CallState.ERASING}),
    # that a call never reached Twilio is our conclusion, and Twilio knows better
    CallState.FAILED: (_ANY_AT_VENDOR - {CallState.FAILED}) | {CallState.ERASING},
    CallState.ERASING: frozenset({CallState.ERASED}),
    CallState.ERASED: frozenset(),
}


def statuses_before(status: CallState) -> frozenset[CallState]:
    """The statuses that ``status`` may replace when Twilio tells of it."""
    found = {before for before, later in CALL_TRANSITIONS.items() if status in later}
    return frozenset(found) - {CallState.FAILED}


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One phone call. Fields equal the table's attributes; None means absent.

    ``due_at`` is set exactly while news of the call is expected: it puts the call in the sparse
    index that ``reconcile`` reads. ``overdue_since`` is when it was due
    first, where ``due_at`` was moved because nothing could be done. ``imported``: only an import named
    it, so that its recordings at Twilio may be another application's. ``erasure`` is the record of an
    erasure: who asked for it and when, when it was done, and of how many recordings and transcripts.
    ``claim_token`` is random: it tells one request's claim from another's that looks the same.
    ``refusal`` is Twilio's, ``{code, status}``, where it was the answer to the request: the
    same key is answered the same. Without it the answer was the call. ``own_announcement`` is what
    the request itself asked to be announced: it stays when the stack's rules change before the call
    is placed. ``cancellation`` says who canceled a scheduled call, and when. ``expires_at`` (epoch
    seconds) is when the call and its recordings may be deleted. ``outcomes``: by recording_sid, how far
    its transcript is; only the writes of recordings change it, and with it ``updated_at``.
    """

    call_id: str
    status: CallState
    created_at: str
    updated_at: str
    direction: str = "outbound-api"
    mode: str | None = None
    call_sid: str | None = None
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
    request_hash: str | None = None
    asked_by: str | None = None
    imported: bool | None = None
    error_code: str | None = None
    error_message: str | None = None
    error_retryable: bool | None = None
    twilio_code: int | None = None
    refusal: dict[str, Any] | None = None
    cancellation: dict[str, Any] | None = None
    erasure: dict[str, Any] | None = None
    expires_at: int | None = None
    outcomes: dict[str, str] = field(default_factory=dict)
    reconcile_attempts: int = 0
    due_at: str | None = None
    overdue_since: str | None = None

    @property
    def phone_number(self) -> str | None:
        """The number of the person at the other end."""
        return self.from_number if self.direction == "inbound" else self.to_number

    def may_become(self, status: CallState) -> bool:
        """Whether the call may move on to another state, by the table above.

        A failure is final where Twilio told of it, which a ``call_sid`` shows.
        """
        if self.status == CallState.FAILED and self.call_sid is not None:
            return status == CallState.ERASING
        return status in CALL_TRANSITIONS[self.status]


def failed(call: Call, failure: Failure, now: datetime) -> Call:
    """A call that never rang, or of which no more will be known."""
    return replace(
        call,
        status=CallState.FAILED,
        ended_at=format_timestamp(now),
        error_code=failure.code,
        error_message=failure.message,
        error_retryable=failure.retryable,
    )


def canceled(call: Call, failure: Failure, now: datetime, *, by: str) -> Call:
    """A scheduled call that will not be placed."""
    record = {"canceled_at": format_timestamp(now), "canceled_by": by}
    return replace(failed(call, failure, now), status=CallState.CANCELED, cancellation=record)


def tombstone(call: Call, now: datetime, *, by: str, recordings: int, transcripts: int) -> Call:
    """What stays of a call that is to be erased: ids, times, and who asked."""
    at = format_timestamp(now)
    return Call(
        call_id=call.call_id,
        status=CallState.ERASING,
        created_at=call.created_at,
        updated_at=at,
        direction=call.direction,
        call_sid=call.call_sid,
        erasure={
            "asked_at": at,
            "asked_by": by,
            "recordings": recordings,
            "transcripts": transcripts,
        },
        expires_at=call.expires_at,
    )


def erased(call: Call, now: datetime) -> Call:
    """A tombstone of a call of which nothing is left anywhere."""
    record = {**(call.erasure or {}), "erased_at": format_timestamp(now)}
    return replace(call, status=CallState.ERASED, erasure=record)


def new_call_id() -> str:
    """A call_id that cannot be guessed: 128 random bits."""
    return secrets.token_hex(16)


def call_id_for_sid(call_sid: str) -> str:
    """Adopting one Twilio call twice, even at the same moment, gives one call."""
    return hashlib.sha256(f"call-sid\x1f{call_sid}".encode()).hexdigest()[:32]
