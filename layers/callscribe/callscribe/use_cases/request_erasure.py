"""A call is to be erased: from this moment on it cannot be read, and ``reconcile`` erases it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from callscribe.domain.calls import ERASED_STATUSES, Call, CallState, tombstone
from callscribe.domain.dialing.phone_numbers import phone_number_error
from callscribe.domain.errors import (
    CallUnderWayError,
    FieldError,
    InvalidInputError,
    RetryLaterError,
)
from callscribe.domain.recordings import Recording
from callscribe.domain.request_fields import read_object
from callscribe.domain.retention import Retention
from callscribe.domain.times import Clock
from callscribe.ports.storage import CallStore
from callscribe.ports.telemetry import Telemetry
from callscribe.use_cases.find_call import find_call
from callscribe.use_cases.ledger import Ledger

# what one request marks at most; it can be sent again
MOST_AT_ONCE = 200


@dataclass(frozen=True, slots=True)
class Erasures:
    """The call_ids that are erased, and those that have not ended; ``more``: send the request again."""

    erasing: list[str]
    under_way: list[str]
    more: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestErasure:
    """Writes tombstones; ``reconcile`` carries the erasures out."""

    store: CallStore
    ledger: Ledger
    telemetry: Telemetry
    clock: Clock
    retention: Retention

    def request(self, call_id_or_sid: str, *, asked_by: str) -> Call:
        """Puts a tombstone in the place of the call; asking twice changes nothing.

        Raises:
            NotFoundError: no such call.
            CallUnderWayError: it has not ended.
            RetryLaterError: it changed at the same moment.
        """
        call, recordings = find_call(self.store, call_id_or_sid, even_erased=True)
        if call.status in ERASED_STATUSES:
            return call
        if not call.may_become(CallState.ERASING):
            raise CallUnderWayError(f"the call is {call.status}: erase it after its end")
        marked = self.ledger.save(call, self._tombstone(call, recordings, asked_by))
        if marked is None:
            raise RetryLaterError("the call has just changed", seconds=1)
        self.telemetry.count("ErasureRequested")
        self.telemetry.info("erasure asked", call_id=call.call_id, asked_by=asked_by)
        return marked

    def request_for_number(self, body: object, *, asked_by: str) -> Erasures:
        """The same for every call to or from a phone number. Raises InvalidInputError."""
        request, errors = read_object(
            body, ("phone_number",), example='{"phone_number": "+14155550100"}'
        )
        number = request.get("phone_number")
        if message := phone_number_error(number, must_exist=False):
            errors.append(FieldError("phone_number", message))
        if errors:
            raise InvalidInputError(errors)
        call_ids = self.store.find_calls_with(str(number), limit=MOST_AT_ONCE + 1)
        erasing, under_way = [], []
        for call_id in call_ids[:MOST_AT_ONCE]:
            try:
                self.request(call_id, asked_by=asked_by)
                erasing.append(call_id)
            except CallUnderWayError:
                under_way.append(call_id)
        more = len(call_ids) > MOST_AT_ONCE
        return Erasures(erasing, under_way, more)

    def _tombstone(self, call: Call, recordings: list[Recording], asked_by: str) -> Call:
        now = self.clock()
        transcripts = sum(
            len(r.past_transcript_ids) + (r.transcript_id is not None) for r in recordings
        )
        marked = tombstone(
            call, now, by=asked_by, recordings=len(recordings), transcripts=transcripts
        )
        # as long from now on, and never sooner than what it stands for
        return replace(marked, expires_at=max(self.retention.expires_at(now), call.expires_at or 0))
