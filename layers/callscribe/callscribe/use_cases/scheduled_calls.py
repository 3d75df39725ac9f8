"""Calls that are to be placed later: listed, and canceled, one or all of a caller's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from callscribe.domain.calls import Call, CallState, canceled
from callscribe.domain.cursors import read_scheduled_cursor, write_scheduled_cursor
from callscribe.domain.errors import FieldError, InvalidInputError, NotScheduledError
from callscribe.domain.failures import Failure
from callscribe.domain.request_fields import read_object
from callscribe.domain.times import Clock
from callscribe.domain.views import call_summary
from callscribe.ports.storage import CallStore
from callscribe.ports.telemetry import Telemetry
from callscribe.use_cases.find_call import find_call
from callscribe.use_cases.ledger import Ledger

DEFAULT_LIMIT = 50
# of a page, and of what one request cancels: it can be sent again
MAX_LIMIT = 200
_CANCELED = Failure(
    "canceled_by_request", "canceled before it was placed: nobody was called", retryable=False
)
_FIELDS = ("caller", "limit", "cursor")


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduledCalls:
    store: CallStore
    ledger: Ledger
    telemetry: Telemetry
    clock: Clock

    def page(self, query: Mapping[str, str], *, principal: str) -> dict[str, Any]:
        """A page of calls that are to be placed, soonest first. Raises InvalidInputError."""
        limit = _limit(query)
        after = read_scheduled_cursor(query["cursor"]) if "cursor" in query else None
        caller = _caller(query.get("caller"), principal)
        found = self.store.list_scheduled(after=after, caller=caller, limit=limit + 1)
        shown, cursor = found[:limit], None
        if len(found) > limit:
            cursor = write_scheduled_cursor(shown[-1].place_at or "", shown[-1].call_id)
        return {
            "calls": [{**call_summary(call), "asked_by": call.asked_by} for call in shown],
            "next_cursor": cursor,
        }

    def cancel(self, call_id_or_sid: str, *, principal: str) -> dict[str, Any]:
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
        return call_summary(call)

    def cancel_all(self, body: object, *, principal: str) -> dict[str, Any]:
        """The same for all scheduled calls of one caller.

        Returns:
            ``canceled``, a list of call_ids, and whether there are ``more`` than one request takes
            up: send it again.

        Raises:
            InvalidInputError
        """
        example = '{"caller": "arn:aws:iam::123456789012:user/name"}'
        request, errors = read_object(body, ("caller",), example=example)
        caller = request.get("caller")
        if not isinstance(caller, str) or not caller:
            errors.append(FieldError("caller", "must be a caller's ARN, or me"))
        if errors:
            raise InvalidInputError(errors)
        wanted = _caller(str(caller), principal)
        found = self.store.list_scheduled(after=None, caller=wanted, limit=MAX_LIMIT + 1)
        stand = [self._canceled(call, principal) for call in found[:MAX_LIMIT]]
        done = [call.call_id for call in stand if call.cancellation is not None]
        return {"canceled": done, "more": len(found) > MAX_LIMIT}

    def _canceled(self, call: Call, principal: str) -> Call:
        """The call as it stands then: placed, where its time came first."""
        wanted = canceled(call, _CANCELED, self.clock(), by=principal)
        saved = self.ledger.save(call, wanted)
        if saved is not None:
            self.telemetry.info("call canceled", call_id=call.call_id, canceled_by=principal)
        return saved or self.store.get_call(call.call_id) or call


def _limit(query: Mapping[str, str]) -> int:
    known = ", ".join(_FIELDS)
    errors = [
        FieldError(name, f"is not known; the parameters are {known}")
        for name in query
        if name not in _FIELDS
    ]
    text = query.get("limit", str(DEFAULT_LIMIT))
    # Python refuses to read a number of thousands of digits
    limit = int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else 0
    if not 1 <= limit <= MAX_LIMIT:
        errors.append(FieldError("limit", f"must be a whole number from 1 to {MAX_LIMIT}"))
    if errors:
        raise InvalidInputError(errors)
    return limit


def _caller(text: str | None, principal: str) -> str | None:
    return principal if text == "me" else text
