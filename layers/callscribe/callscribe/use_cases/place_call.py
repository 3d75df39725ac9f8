"""Places a call at most once: claimed in the table first, then Twilio is asked, once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from callscribe.domain.call_requests import (
    CallDefaults,
    CallRequest,
    check_call_request,
    check_place_at,
)
from callscribe.domain.callback_urls import public_base_url
from callscribe.domain.calls import ERASED_STATUSES, Call, CallState, failed
from callscribe.domain.deadlines import Deadlines
from callscribe.domain.errors import (
    CallRefusedError,
    ConflictError,
    DialingRefusedError,
    NotFoundError,
    RetryLaterError,
)
from callscribe.domain.failures import Failure
from callscribe.domain.idempotency import fingerprint, key_digest
from callscribe.domain.retention import Retention
from callscribe.domain.times import Clock, format_timestamp, parse_timestamp
from callscribe.ports.messaging import Schedules
from callscribe.ports.storage import CallStore, KeyStore
from callscribe.ports.telemetry import Telemetry
from callscribe.ports.transcription import TranscriptionOptions
from callscribe.use_cases.dial_call import DialCall
from callscribe.use_cases.guard_dialing import GuardDialing
from callscribe.use_cases.ledger import Ledger

_MISSED = Failure(
    "missed_its_time",
    "it could not be placed at its time, nor within the time after it (call.too-late)",
    retryable=True,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who asks, where, and with which key. ``principal`` is a user or role without its session,
    ``signed_by`` the same with it; ``base_url`` the API's own; ``function_arn`` is what a schedule is
    to invoke, and ``scheduled_time`` when a recurring one was to fire."""

    principal: str
    signed_by: str
    base_url: str
    function_arn: str
    idempotency_key: str | None = None
    scheduled_time: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceCall:
    """The use case behind ``POST /calls`` and the schedules."""

    store: CallStore
    ledger: Ledger
    keys: KeyStore
    dial: DialCall
    schedules: Schedules
    guard: GuardDialing
    telemetry: Telemetry
    clock: Clock
    deadlines: Deadlines
    defaults: CallDefaults
    transcription_options: TranscriptionOptions
    retention: Retention
    new_id: Callable[[], str]
    # PublicBaseUrl; empty: the API's own
    public_base_url: str = ""

    def from_request(self, body: object, caller: Caller) -> Call:
        """Checks the form, looks up the key, judges, claims and places.

        The same Idempotency-Key with the same body is answered as it was the first time, whatever
        has become of the call, of the rules and of ``place_at`` since. A request that was judged and
        refused has left nothing behind: its key may be used again.

        Raises:
            InvalidInputError: nothing was done.
            ConflictError: the key was used for another request.
            DialingRefusedError: the fraud guard said no; Twilio was not asked.
            CallRefusedError: Twilio said no, or could not be reached; the call stands as failed.
        """
        call = self._from_request(body, caller)
        self.telemetry.info("call asked", call_id=call.call_id, asked_by=caller.signed_by)
        return call

    def _from_request(self, body: object, caller: Caller) -> Call:
        request = check_call_request(
            body, defaults=self.defaults, check_options=self.transcription_options.check
        )
        wanted_id = self.new_id()
        call_id = self._id_of_key(wanted_id, request, caller)
        # a key that was used before: what was let through once stays its answer
        before = self.store.get_call(call_id) if call_id != wanted_id else None
        if before is not None:
            return self._placed_before(before, fingerprint(body), caller)
        check_place_at(request, self.clock(), self.retention)
        call = self._new_call(call_id, request, fingerprint(body), caller)
        if self._is_too_late(caller.scheduled_time):
            call = failed(call, _MISSED, self.clock())
        else:
            self._let_through(call)
        added = self.ledger.add(call)
        if added is None:
            before = self.store.get_call(call_id)
            return self._placed_before(before, fingerprint(body), caller)
        match added.status:
            case CallState.SCHEDULED:
                return self._scheduled(added, caller)
            case CallState.PLACING:
                return self.dial.dial(added)
        self._say_missed(added)
        return added

    def from_schedule(self, call_id: str) -> Call:
        """Places a call whose time has come, by the rules of this moment.

        Harmless when the schedule fires twice, or for a call that was canceled or erased. One whose
        time is over (``call.too-late``) is not placed: it fails, and says so.

        Raises NotFoundError, DialingRefusedError, and what ``from_request`` raises of Twilio.
        """
        call = self.store.get_call(call_id)
        if call is None:
            raise NotFoundError(f"no call {call_id}")
        if call.status != CallState.SCHEDULED:
            return call
        if self._is_too_late(call.place_at):
            self._say_missed(call)
            return self._not_placed(call, _MISSED)
        try:
            self.guard.check(call)
            self.guard.acquire_slot(call)
        except DialingRefusedError as error:
            self._not_placed(call, error.failure)
            raise
        claim = replace(
            call,
            status=CallState.PLACING,
            claimed_at=format_timestamp(self.clock()),
            claim_token=self.new_id(),
            # PublicBaseUrl may have changed since the call was asked for
            base_url=self._base_url(call.base_url or ""),
            consent=self.defaults.consent.when_placed(
                call.consent, call.own_announcement, call.language or self.defaults.language
            ),
        )
        claimed = self.ledger.save(call, claim)
        if claimed is None:
            return self.store.get_call(call_id) or call
        return self.dial.dial(claimed)

    def _let_through(self, call: Call) -> None:
        """Raises DialingRefusedError."""
        self.guard.check(call)
        if call.place_at:
            # among those under way it counts when it is placed
            self.guard.count_of_the_day(call)
        else:
            self.guard.count(call)

    def _is_too_late(self, planned: str | None) -> bool:
        if planned is None:
            return False
        return self.clock() > parse_timestamp(planned) + self.deadlines["call.too-late"]

    def _say_missed(self, call: Call) -> None:
        self.telemetry.warn("call missed its time", call_id=call.call_id, place_at=call.place_at)

    def _not_placed(self, call: Call, failure: Failure) -> Call:
        saved = self.ledger.save(call, failed(call, failure, self.clock()))
        return saved or self.store.get_call(call.call_id) or call

    def _id_of_key(self, wanted_id: str, request: CallRequest, caller: Caller) -> str:
        """The call_id that the caller's key stands for; ``wanted_id`` where it is new, or none."""
        if caller.idempotency_key is None:
            return wanted_id
        now = self.clock()
        # place_at is judged only after the key: what lies too far ahead is kept no longer than allowed
        last = parse_timestamp(request.place_at) if request.place_at else now
        last = min(max(now, last), now + self.retention.max_lead)
        return self.keys.bind_key(
            key_digest("call", caller.principal, caller.idempotency_key),
            wanted_id,
            now=int(now.timestamp()),
            expires_at=self.retention.expires_at(last),
        )

    def _new_call(
        self, call_id: str, request: CallRequest, request_hash: str, caller: Caller
    ) -> Call:
        now = self.clock()
        # a scheduled call is kept as long after its own time
        last = parse_timestamp(request.place_at) if request.place_at else now
        return Call(
            call_id=call_id,
            status=CallState.SCHEDULED if request.place_at else CallState.PLACING,
            created_at=format_timestamp(now),
            updated_at=format_timestamp(now),
            mode=request.mode,
            to_number=request.to_number,
            from_number=request.from_number,
            say=request.say,
            goodbye=request.goodbye,
            language=request.language,
            voice=request.voice,
            consent=request.consent,
            own_announcement=request.own_announcement,
            pause_seconds=request.pause_seconds,
            max_length_seconds=request.max_length_seconds,
            transcription=request.transcription,
            metadata=dict(request.metadata),
            place_at=request.place_at,
            request_hash=request_hash,
            base_url=caller.base_url if request.place_at else self._base_url(caller.base_url),
            asked_by=caller.principal,
            claimed_at=None if request.place_at else format_timestamp(now),
            claim_token=self.new_id(),
            expires_at=self.retention.expires_at(last),
        )

    def _base_url(self, own: str) -> str:
        return public_base_url(self.public_base_url, own)

    def _scheduled(self, call: Call, caller: Caller) -> Call:
        """The call stands, and is overdue after its time: without its schedule `reconcile` places it."""
        target_arn = caller.function_arn
        try:
            self.schedules.place_call_at(call.call_id, call.place_at or "", target_arn=target_arn)
        except RetryLaterError as error:
            self.telemetry.warn("call not scheduled", call_id=call.call_id, reason=str(error))
        return call

    def _placed_before(self, call: Call | None, request_hash: str, caller: Caller) -> Call:
        if call is not None and call.status in ERASED_STATUSES:
            raise ConflictError("the call of this Idempotency-Key was erased: take a new key")
        if call is None or call.request_hash != request_hash:
            raise ConflictError("this Idempotency-Key was used for another request")
        if call.refusal is not None and call.error_code and call.status == CallState.FAILED:
            failure = Failure(call.error_code, call.error_message or "", bool(call.error_retryable))
            raise CallRefusedError(failure, vendor_code=call.refusal.get("code"))
        # the request before may have ended between the claim and the schedule; naming it twice is
        # harmless
        return self._scheduled(call, caller) if call.status == CallState.SCHEDULED else call
