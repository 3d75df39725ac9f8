"""Keeps a call's status, from callbacks in any order, and adopts calls that we never placed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from callscribe.domain.calls import (
    CALL_TERMINAL,
    ERASED_STATUSES,
    Call,
    CallState,
    call_id_for_sid,
)
from callscribe.domain.deadlines import Deadlines
from callscribe.domain.errors import RetryLaterError, VendorNotFoundError
from callscribe.domain.retention import Retention
from callscribe.domain.times import Clock, format_timestamp
from callscribe.ports.storage import CallStore
from callscribe.ports.telemetry import Telemetry
from callscribe.ports.telephony import CallStatusUpdate, Telephony

# a concurrent writer may get between our read and our write: whoever placed the call, its other
# callbacks, a look-up; each of them does so once
_ROUNDS = 8
# of the calls to one number: one of which Twilio may have rung without our knowing is a young one
_NEWEST = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackCall:
    """One forward-only conditional write for each piece of news; late or repeated: nothing."""

    store: CallStore
    telemetry: Telemetry
    clock: Clock
    deadlines: Deadlines
    retention: Retention

    def receive(self, news: CallStatusUpdate, *, call_id: str | None, base_url: str) -> None:
        """A status callback: of a call of ours, or without ``call_id`` of one that we never placed.

        A status that the vendor adds one day changes nothing: the call is looked up later.

        Raises:
            RetryLaterError: it is not written, and must not be acknowledged.
        """
        if news.status is None:
            self.telemetry.warn("unknown call status", call_sid=news.call_sid)
            return
        if call_id is None:
            call_id = self.adopt(news, base_url=base_url).call_id
        self.apply(call_id, news)

    def apply(self, call_id: str, news: CallStatusUpdate) -> bool:
        """True where the news moved the call forward.

        Raises:
            RetryLaterError: others changed the call each time; nothing of the news is kept yet.
        """
        for _ in range(_ROUNDS):
            call = self.store.get_call(call_id)
            if call is None:
                # ours are written before Twilio is asked: this one was erased since
                self.telemetry.count("CallbackForUnknownCall")
                return False
            if call.call_sid not in (None, news.call_sid):
                self.telemetry.count("CallSidMismatch")
                self.telemetry.warn("news of another call", call_id=call_id, call_sid=news.call_sid)
                return False
            if news.status is None or not _may_become(call, news.status):
                if self.keep(call, news):
                    return False
            elif self._move(call, news, news.status):
                self.telemetry.info("call status", call_id=call_id, status=news.status)
                return True
        raise RetryLaterError("the call keeps changing", seconds=1)

    def keep(self, call: Call, news: CallStatusUpdate) -> bool:
        """Fills in what the call lacks, whatever its status; what it has stays.

        False where the call changed meanwhile.
        """
        missing = _missing(call, news)
        if call.status in ERASED_STATUSES or not missing:
            return True
        return self.store.change_call(
            call.call_id,
            {**missing, "updated_at": format_timestamp(self.clock())},
            only_from=[call.status],
            expected={name: getattr(call, name) for name in missing},
        )

    def adopt(
        self,
        news: CallStatusUpdate,
        *,
        base_url: str | None,
        mode: str | None = None,
        imported: bool | None = None,
    ) -> Call:
        """The call with this call_sid; made from the news where nobody knows it yet."""
        known = self.store.find_call_id(news.call_sid)
        call_id = known or call_id_for_sid(news.call_sid)
        call = self.store.get_call(call_id)
        if call is not None:
            return call
        now = self.clock()
        status = news.status or CallState.QUEUED
        adopted = Call(
            call_id=call_id,
            status=status,
            created_at=format_timestamp(now),
            updated_at=format_timestamp(now),
            call_sid=news.call_sid,
            mode=mode,
            direction=news.direction or "outbound-api",
            to_number=news.to_number,
            from_number=news.from_number,
            duration_seconds=news.duration_seconds,
            answered_at=news.answered_at,
            ended_at=news.ended_at,
            base_url=base_url,
            imported=imported,
            expires_at=self.retention.expires_at(now),
            **self.deadlines.of_call(call_id, status, now),
        )
        if self.store.add_call(adopted):
            self.telemetry.count("CallAdopted")
        return self.store.get_call(call_id) or adopted

    def own_call(self, news: CallStatusUpdate) -> Call | None:
        """The call of ours that an unknown one at Twilio is, or may be: its SID has just been found, or
        it is still without one because Twilio's answer was lost."""
        if news.direction == "inbound" or news.to_number is None:
            return None
        newest = self.store.find_calls_with(news.to_number, limit=_NEWEST, newest_first=True)
        for call in filter(None, map(self.store.get_call, newest)):
            searched = call.call_sid is None and call.status in ("placing", "unknown")
            if call.call_sid == news.call_sid or (
                searched and call.from_number == news.from_number
            ):
                return call
        return None

    def _move(self, call: Call, news: CallStatusUpdate, status: CallState) -> bool:
        return self.store.change_call(
            call.call_id,
            self._changes(call, news, status),
            only_from=[call.status],
            expected={"call_sid": call.call_sid},
        )

    def _changes(self, call: Call, news: CallStatusUpdate, status: CallState) -> dict[str, Any]:
        now = self.clock()
        at = news.at or format_timestamp(now)
        return {
            **_missing(call, news),
            "status": status,
            "call_sid": news.call_sid,
            "updated_at": format_timestamp(now),
            "reconcile_attempts": 0,
            **dict.fromkeys(("error_code", "error_message", "error_retryable", "twilio_code")),
            **_given(replace(news, at=at, answered_at=call.answered_at or news.answered_at)),
            **self.deadlines.of_call(call.call_id, status, now),
        }


def _given(news: CallStatusUpdate) -> dict[str, Any]:
    """What the news says of a call that it moves."""
    facts = {
        "duration_seconds": news.duration_seconds,
        "answered_by": news.answered_by,
        "answered_at": news.answered_at or (news.at if news.status == "in-progress" else None),
        "ended_at": news.ended_at or (news.at if news.status in CALL_TERMINAL else None),
    }
    return {name: value for name, value in facts.items() if value is not None}


def _missing(call: Call, news: CallStatusUpdate) -> dict[str, Any]:
    """What the news says and the call does not; the numbers and the direction go together."""
    missing = {n: v for n, v in _given(news).items() if getattr(call, n) is None}
    if call.to_number is None and call.from_number is None and news.to_number:
        missing |= {
            "to_number": news.to_number,
            "from_number": news.from_number,
            "direction": news.direction or call.direction,
        }
    return missing


def _may_become(call: Call, status: CallState) -> bool:
    """Forward only; but of its own failure Twilio tells more than our conclusion that it never got
    the call."""
    is_told = call.status == status == CallState.FAILED and call.call_sid is None
    return is_told or call.may_become(status)


def adopt_by_sid(
    track: TrackCall,
    telephony: Telephony,
    call_sid: str,
    *,
    base_url: str | None,
    imported: bool | None = None,
) -> Call:
    """Adopts a call of which only the SID is known: the rest is asked of Twilio.

    A call that Twilio has forgotten is kept as what its recording proves: it took place.
    Raises VendorRateLimitedError, VendorOutcomeUnknownError, VendorRefusedError, and RetryLaterError
    while it may be a call of ours that reconciliation has not found at Twilio yet.
    """
    known = track.store.find_call_id(call_sid)
    call = track.store.get_call(known or call_id_for_sid(call_sid))
    if call is not None:
        return call
    try:
        news = telephony.get_call(call_sid)
    except VendorNotFoundError:
        news = CallStatusUpdate(call_sid=call_sid, status=CallState.COMPLETED)
    own = track.own_call(news)
    if own is not None and own.call_sid is None:
        raise RetryLaterError("one of our calls to this number is still looked for", seconds=60)
    if own is not None:
        return own
    return track.adopt(news, base_url=base_url, imported=imported)
