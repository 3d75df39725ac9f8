"""What a caller is told when the table is busy at the worst moment."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, cast

import pytest

from callscribe.domain.call_requests import CallDefaults
from callscribe.domain.calls import Call
from callscribe.domain.deadlines import Deadlines
from callscribe.domain.problems import RetryLaterError, VendorUnknownError
from callscribe.ports import VendorCall
from callscribe.use_cases.place_call import Caller, PlaceCall
from simulation.memory_store import MemoryCallStore
from tests.support.doubles import queued_at_twilio

NOW = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
SID = "CA" + "1" * 32


class BusyStore(MemoryCallStore):
    """Refuses changes, as a throttled table does."""

    def change_call(self, *_: object, **__: object) -> bool:
        raise RetryLaterError("the table is busy", seconds=5)


class Telephony:
    def __init__(self, *, answers: bool = True) -> None:
        self.placed: list[Call] = []
        self._answers = answers

    def place_call(self, call: Call) -> VendorCall:
        self.placed.append(call)
        if not self._answers:
            raise VendorUnknownError("Twilio", "no answer")
        return queued_at_twilio(call, SID)


class Schedules:
    def __init__(self, *, fails: int = 0) -> None:
        self.made: list[str] = []
        self._fails = fails

    def place_call_at(self, call_id: str, place_at: str, *, target_arn: str) -> None:
        if self._fails:
            self._fails -= 1
            raise RetryLaterError(f"Scheduler is busy: {place_at} {target_arn}", seconds=5)
        self.made.append(call_id)


class Quiet:
    """A guard that lets everything through, and telemetry that nobody reads."""

    def __getattr__(self, _: str) -> Any:
        return lambda *_, **__: None


def use_case(store: MemoryCallStore, telephony: Telephony, schedules: Schedules) -> PlaceCall:
    return PlaceCall(
        store=store,
        telephony=cast(Any, telephony),
        schedules=schedules,
        guard=cast(Any, Quiet()),
        telemetry=cast(Any, Quiet()),
        clock=lambda: NOW,
        deadlines=Deadlines(),
        defaults=CallDefaults(from_number="+15005550006", speech_models=("universal-2",)),
    )


def ask(case: PlaceCall, *, key: str | None = None, **body: Any) -> Call:
    request: Mapping[str, Any] = {"to": "+14155550100", **body}
    caller = Caller(
        principal="me", base_url="https://api.example", function_arn="arn", idempotency_key=key
    )
    return case.from_request(request, caller)


@pytest.mark.parametrize(
    ("answers", "status", "sid"), [(True, "queued", SID), (False, "placing", None)]
)
def test_caller_without_a_key_is_not_told_to_try_again_once_twilio_was_asked(
    answers: bool, status: str, sid: str | None
) -> None:
    telephony = Telephony(answers=answers)
    store = BusyStore()
    call = ask(use_case(store, telephony, Schedules()))
    assert (call.status, call.call_sid) == (status, sid)
    assert len(telephony.placed) == 1
    # and the claim still waits for whoever finds out
    assert store.calls[call.call_id].status == "placing"
    assert store.calls[call.call_id].due_at is not None


def test_request_that_ended_between_claim_and_schedule_is_made_whole_by_its_key() -> None:
    schedules = Schedules(fails=1)
    case = use_case(MemoryCallStore(), Telephony(), schedules)
    with pytest.raises(RetryLaterError):
        ask(case, key="k", place_at="2026-11-22T08:00:00Z")
    call = ask(case, key="k", place_at="2026-11-22T08:00:00Z")
    assert call.status == "scheduled"
    assert schedules.made == [call.call_id]
