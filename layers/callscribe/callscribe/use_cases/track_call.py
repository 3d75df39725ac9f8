"""Keeps a call's status, from callbacks in any order, and adopts calls that we never placed."""

from __future__ import annotations

from dataclasses import dataclass, replace

from callscribe.domain.calls import (
    CALL_TERMINAL,
    ERASED_STATUSES,
    Call,
    CallState,
    call_id_for_sid,
)
from callscribe.domain.differences import known
from callscribe.domain.errors import RetryLaterError, VendorNotFoundError
from callscribe.domain.retention import Retention
from callscribe.domain.times import Clock, format_timestamp
from callscribe.ports.storage import CallStore
from callscribe.ports.telemetry import Telemetry
from callscribe.ports.telephony import CallStatusUpdate, Telephony
from callscribe.use_cases.ledger import Ledger

# a concurrent writer may get between our read and our write: the request that placed the call, its other
# callbacks, a look-up; each of them does so once
_ROUNDS = 8
# of the calls to one number: one of which Twilio may have rung without our knowing is a young one
_NEWEST = 50
_ANSWER_MISSING = (CallState.PLACING, CallState.UNKNOWN)


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackCall:
    """One forward-only conditional write for each piece of news; late or repeated: nothing."""

    store: CallStore
    ledger: Ledger
    telemetry: Telemetry
    clock: Clock
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
        if call.status in ERASED_STATUSES:
            return True
        told = _filled_in(call, _spelled_out(news, news.at))
        return told == call or self.ledger.fill_in(call, told) is not None

    def adopt(
        self,
        news: CallStatusUpdate,
        *,
        base_url: str | None,
        mode: str | None = None,
        imported: bool | None = None,
    ) -> Call:
        """The call with this call_sid; made from the news where the call is unknown."""
        known = self.store.find_call_id(news.call_sid)
        call_id = known or call_id_for_sid(news.call_sid)
        call = self.store.get_call(call_id)
        if call is not None:
            return call
        now = self.clock()
        adopted = Call(
            call_id=call_id,
            status=news.status or CallState.QUEUED,
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
        )
        if self.ledger.add(adopted):
            self.telemetry.count("CallAdopted")
        return self.store.get_call(call_id) or adopted

    def own_call(self, news: CallStatusUpdate) -> Call | None:
        """The call of ours that an unknown one at Twilio is, or may be: its SID has just been found, or
        it is still without one because Twilio's answer was lost."""
        if news.direction == "inbound" or news.to_number is None:
            return None
        newest = self.store.find_calls_with(news.to_number, limit=_NEWEST, newest_first=True)
        for call in filter(None, map(self.store.get_call, newest)):
            searched = call.call_sid is None and call.status in _ANSWER_MISSING
            if call.call_sid == news.call_sid or (
                searched and call.from_number == news.from_number
            ):
                return call
        return None

    def _move(self, call: Call, news: CallStatusUpdate, status: CallState) -> bool:
        told = _spelled_out(news, news.at or format_timestamp(self.clock()))
        saved = self.ledger.save(call, _moved(call, told, status), unchanged=["call_sid"])
        return saved is not None


def _spelled_out(news: CallStatusUpdate, at: str | None) -> CallStatusUpdate:
    """With the times that its status implies, where they are not said."""
    begun = at if news.status == CallState.IN_PROGRESS else None
    ended = at if news.status in CALL_TERMINAL else None
    return replace(news, answered_at=news.answered_at or begun, ended_at=news.ended_at or ended)


def _moved(call: Call, news: CallStatusUpdate, status: CallState) -> Call:
    """The call further on. What the news says counts, but for when it was answered first."""
    moved = replace(
        call,
        status=status,
        call_sid=news.call_sid,
        duration_seconds=known(news.duration_seconds, call.duration_seconds),
        answered_by=news.answered_by or call.answered_by,
        answered_at=call.answered_at or news.answered_at,
        ended_at=news.ended_at or call.ended_at,
        reconcile_attempts=0,
        error_code=None,
        error_message=None,
        error_retryable=None,
        twilio_code=None,
    )
    return _with_numbers(moved, news)


def _filled_in(call: Call, news: CallStatusUpdate) -> Call:
    """The call with what it lacks and the news says; what it has stays."""
    told = replace(
        call,
        duration_seconds=known(call.duration_seconds, news.duration_seconds),
        answered_by=call.answered_by or news.answered_by,
        answered_at=call.answered_at or news.answered_at,
        ended_at=call.ended_at or news.ended_at,
    )
    return _with_numbers(told, news)


def _with_numbers(call: Call, news: CallStatusUpdate) -> Call:
    """The numbers and the direction go together."""
    if call.to_number is not None or call.from_number is not None or not news.to_number:
        return call
    return replace(
        call,
        to_number=news.to_number,
        from_number=news.from_number,
        direction=news.direction or call.direction,
    )


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
