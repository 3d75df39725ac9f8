"""Asks Twilio for a claimed call, and writes down what became of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

from callscribe.domain.calls import Call, CallState, failed, statuses_before
from callscribe.domain.errors import (
    CallRefusedError,
    RetryLaterError,
    VendorOutcomeUnknownError,
    VendorRateLimitedError,
    VendorRefusedError,
)
from callscribe.domain.failures import Failure
from callscribe.domain.times import Clock, format_timestamp
from callscribe.ports.storage import CallStore
from callscribe.ports.telemetry import Telemetry
from callscribe.ports.telephony import CallStatusUpdate, Telephony
from callscribe.use_cases.ledger import Ledger

_UNREACHABLE = Failure(
    "twilio_unreachable", "Twilio could not be reached: no call was placed", retryable=True
)


@dataclass(frozen=True, slots=True, kw_only=True)
class DialCall:
    """What a request and a schedule do alike, once the call is claimed."""

    store: CallStore
    ledger: Ledger
    telephony: Telephony
    telemetry: Telemetry
    clock: Clock

    def dial(self, call: Call) -> Call:
        """Asks Twilio once for a call that is claimed: nothing else may dial it.

        Returns:
            The call as it stands then; in ``unknown`` where no answer came.

        Raises:
            CallRefusedError: Twilio said no, or could not be reached; the call stands as failed.
            RetryLaterError: and that could not be written.
        """
        try:
            placed = self.telephony.place_call(call)
        except VendorOutcomeUnknownError as error:
            return self._kept(call, partial(self._outcome_unknown, call, error))
        except (VendorRefusedError, VendorRateLimitedError) as error:
            raise self._refused(call, error) from error
        rings = replace(call, call_sid=placed.call_sid, status=_state(placed))
        return self._kept(rings, partial(self._placed, call, placed))

    def _kept(self, call: Call, write: Callable[[], Call]) -> Call:
        """Once Twilio was asked, a table that is busy is no reason to answer "try again": a caller who
        asks without a key would have a second phone ring. A callback or a look-up writes it later."""
        try:
            return write()
        except RetryLaterError as error:
            self.telemetry.warn("call not written", call_id=call.call_id, reason=str(error))
            return call

    def _placed(self, call: Call, placed: CallStatusUpdate) -> Call:
        now = format_timestamp(self.clock())
        queued = replace(call, call_sid=placed.call_sid, placed_at=now, status=_state(placed))
        saved = self.ledger.save(call, queued, only_from=statuses_before(queued.status))
        if saved is None:
            self._add_to_newer(queued)
        self.telemetry.count("CallPlaced")
        self.telemetry.info("call placed", call_id=call.call_id, call_sid=placed.call_sid)
        return saved or self.store.get_call(call.call_id) or call

    def _add_to_newer(self, queued: Call) -> None:
        """A callback was faster than Twilio's answer, and lacks when the call was placed."""
        newer = self.store.get_call(queued.call_id)
        if newer is not None and newer.call_sid in (None, queued.call_sid):
            known = replace(newer, call_sid=queued.call_sid, placed_at=queued.placed_at)
            self.ledger.save(newer, known, only_from=tuple(CallState), unchanged=["call_sid"])

    def _outcome_unknown(self, call: Call, error: VendorOutcomeUnknownError) -> Call:
        """Never redialed: a callback that carries our id, or a look-up, tells what happened."""
        self.ledger.save(call, replace(call, status=CallState.UNKNOWN))
        self.telemetry.count("CallOutcomeUnknown")
        self.telemetry.warn("call outcome unknown", call_id=call.call_id, reason=str(error))
        return self.store.get_call(call.call_id) or call

    def _refused(
        self, call: Call, error: VendorRefusedError | VendorRateLimitedError
    ) -> CallRefusedError:
        failure = error.failure or _UNREACHABLE
        # no client waits for the answer of one that was scheduled: its request was accepted
        refusal = None if call.place_at else {"code": error.code, "status": error.status}
        ended = failed(call, failure, self.clock())
        self.ledger.save(call, replace(ended, twilio_code=error.code, refusal=refusal))
        self.telemetry.count("CallRefused")
        self.telemetry.warn("call refused", call_id=call.call_id, twilio_code=error.code)
        return CallRefusedError(failure, vendor_code=error.code)


def _state(placed: CallStatusUpdate) -> CallState:
    """Twilio answers "queued", and some day perhaps with a word that is not known here."""
    return placed.status or CallState.QUEUED
