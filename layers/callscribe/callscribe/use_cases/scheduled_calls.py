"""Calls that are to be placed later: listed, and canceled, one or all of a caller's."""

from __future__ import annotations

from dataclasses import dataclass

from callscribe.domain.calls import Call, CallState, canceled
from callscribe.domain.errors import FieldError, InvalidInputError, NotScheduledError
from callscribe.domain.failures import Failure
from callscribe.domain.request_fields import read_object
from callscribe.domain.times import Clock
from callscribe.ports.storage import CallStore
from callscribe.ports.telemetry import Telemetry
from callscribe.use_cases.find_call import find_call
from callscribe.use_cases.ledger import Ledger

# what one request cancels; it can be sent again
MOST_AT_ONCE = 200
_CANCELED = Failure("canceled_by_request", "canceled before it was placed", retryable=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduledListQuery:
    """Calls of one ``caller`` or of all; ``after``, (place_at, call_id), is where a page before ended."""

    limit: int
    caller: str | None = None
    after: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class ScheduledPage:
    """Calls, soonest first; ``next`` is (place_at, call_id) of the last one, None at the end."""

    calls: list[Call]
    next: tuple[str, str] | None


@dataclass(frozen=True, slots=True)
class Cancellations:
    """The call_ids that were canceled, and whether there are more than one request handles."""

    canceled: list[str]
    more: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduledCalls:
    """Lists and cancels calls that are to be placed later."""

    store: CallStore
    ledger: Ledger
    telemetry: Telemetry
    clock: Clock

    def page(self, query: ScheduledListQuery) -> ScheduledPage:
        """A page of calls that are to be placed."""
        found = self.store.list_scheduled(
            after=query.after, caller=query.caller, limit=query.limit + 1
        )
        shown = found[: query.limit]
        if len(found) == len(shown):
            return ScheduledPage(shown, None)
        return ScheduledPage(shown, (shown[-1].place_at or "", shown[-1].call_id))

    def cancel(self, call_id_or_sid: str, *, principal: str) -> Call:
        """Cancels a call before it is placed; asking twice changes nothing.

        Raises:
            NotFoundError: no such call.
            NotScheduledError: it is being placed, or was.
        """
        call, _ = find_call(self.store, call_id_or_sid)
        if call.status == CallState.SCHEDULED:
            call = self._canceled(call, principal)
        if call.cancellation is None:
            raise NotScheduledError(f"the call is {call.status}: only a scheduled one is canceled")
        return call

    def cancel_all(self, body: object, *, principal: str) -> Cancellations:
        """The same for all scheduled calls of one caller. Raises InvalidInputError."""
        example = '{"caller": "arn:aws:iam::123456789012:user/name"}'
        request, errors = read_object(body, ("caller",), example=example)
        caller = request.get("caller")
        if not isinstance(caller, str) or not caller:
            errors.append(FieldError("caller", "must be a caller's ARN, or me"))
        if errors:
            raise InvalidInputError(errors)
        wanted = named_caller(str(caller), principal)
        found = self.store.list_scheduled(after=None, caller=wanted, limit=MOST_AT_ONCE + 1)
        stand = [self._canceled(call, principal) for call in found[:MOST_AT_ONCE]]
        done = [call.call_id for call in stand if call.cancellation is not None]
        return Cancellations(done, more=len(found) > MOST_AT_ONCE)

    def _canceled(self, call: Call, principal: str) -> Call:
        """The call as it stands then: placed, where its time came first."""
        wanted = canceled(call, _CANCELED, self.clock(), by=principal)
        saved = self.ledger.save(call, wanted)
        if saved is not None:
            self.telemetry.info("call canceled", call_id=call.call_id, canceled_by=principal)
        return saved or self.store.get_call(call.call_id) or call


def named_caller(text: str | None, principal: str) -> str | None:
    """``me`` is the caller; None stays None."""
    return principal if text == "me" else text
