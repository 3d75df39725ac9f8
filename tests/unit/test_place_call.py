"""A request is one call: by its key, at its time, by the rules of the moment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from callscribe.adapters.twilio.errors import explain_refusal
from callscribe.domain.calls import Call, CallState, failed
from callscribe.domain.consent import ConsentRules
from callscribe.domain.errors import (
    CallRefusedError,
    ConflictError,
    DialingRefusedError,
    InvalidInputError,
    RetryLaterError,
    VendorError,
    VendorOutcomeUnknownError,
    VendorRateLimitedError,
    VendorRefusedError,
)
from callscribe.domain.failures import Failure
from callscribe.domain.retention import Retention
from callscribe.domain.times import Clock
from callscribe.ports.telephony import CallStatusUpdate
from callscribe.use_cases.place_call import Caller, PlaceCall
from simulation.memory_store import MemoryCallStore
from tests.support.doubles import queued_at_twilio
from tests.support.gateways import InMemoryGateways, application

NOW = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
SID = "CA" + "1" * 32


def refusal(status: int | None, code: int | None = None) -> VendorError:
    kind = VendorRateLimitedError if status in (None, 429) else VendorRefusedError
    failure = explain_refusal(code, status) if status else None
    return kind("Twilio", "in its own words", code=code, status=status, failure=failure)


class Telephony:
    def __init__(self, *, answers: bool = True, refuses: Exception | None = None) -> None:
        self.placed: list[Call] = []
        self._answers = answers
        self._refuses = refuses

    def place_call(self, call: Call) -> CallStatusUpdate:
        self.placed.append(call)
        if self._refuses:
            raise self._refuses
        if not self._answers:
            raise VendorOutcomeUnknownError("Twilio", "no answer")
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
    """A guard that lets everything through."""

    def __getattr__(self, _: str) -> Any:
        return lambda *_, **__: None


def use_case(
    store: MemoryCallStore,
    telephony: Telephony,
    schedules: Schedules,
    *,
    clock: Clock = lambda: NOW,
    **more: Any,
) -> PlaceCall:
    gateways = InMemoryGateways(store=store, telephony=telephony, schedules=schedules, clock=clock)
    case = application(gateways, PUBLIC_BASE_URL="", RETENTION_DAYS="30").place_call
    return replace(case, **{"guard": Quiet()} | more)


def ask(case: PlaceCall, *, key: str | None = None, by: str = "me", **body: Any) -> Call:
    request: Mapping[str, Any] = {"to": "+14155550100", **body}
    caller = Caller(
        principal=by,
        signed_by=by,
        base_url="https://api.example",
        function_arn="arn",
        idempotency_key=key,
    )
    return case.from_request(request, caller)


def test_request_that_ended_between_claim_and_schedule_is_made_whole_by_its_key() -> None:
    schedules = Schedules()
    case = use_case(MemoryCallStore(), Telephony(), schedules)
    first = ask(case, key="k", place_at="2026-11-22T08:00:00Z")
    schedules.made.clear()
    assert ask(case, key="k", place_at="2026-11-22T08:00:00Z").status == "scheduled"
    assert schedules.made == [first.call_id]


class Guard(Quiet):
    """Lets nothing through from the moment that it is told."""

    def __init__(self) -> None:
        self.refuses = False

    def check(self, _: Call) -> None:
        if self.refuses:
            raise DialingRefusedError(Failure("dialing_stopped", "stopped", retryable=True))


def test_key_is_looked_up_before_the_time_is_judged() -> None:
    """An hour later ``place_at`` lies in the past: the call was dialed all the same."""
    store, telephony, moment = MemoryCallStore(), Telephony(), [NOW]
    case = use_case(store, telephony, Schedules(), clock=lambda: moment[0])
    first = ask(case, key="k", place_at="2026-11-21T08:30:00Z")
    moment[0] += timedelta(minutes=31)
    assert case.from_schedule(first.call_id).status == "queued"
    again = ask(case, key="k", place_at="2026-11-21T08:30:00Z")
    assert (again.call_id, again.status) == (first.call_id, "queued")
    assert len(telephony.placed) == 1
    with pytest.raises(InvalidInputError, match="future"):
        ask(case, key="another", place_at="2026-11-21T08:30:00Z")


def test_same_body_is_the_same_request_when_the_stacks_parameters_have_changed() -> None:
    store, telephony = MemoryCallStore(), Telephony()
    case = use_case(store, telephony, Schedules())
    first = ask(case, key="k")
    rules = ConsentRules(announcement="This call is recorded.")
    later = replace(case, defaults=replace(case.defaults, language="de-DE", consent=rules))
    assert ask(later, key="k").call_id == first.call_id
    with pytest.raises(ConflictError):
        ask(later, key="k", say="Something else")
    assert len(telephony.placed) == 1


def test_id_of_a_call_tells_nothing_of_its_key() -> None:
    """Whoever knows caller and key must not be able to name the call, or to take its id before it."""
    first, second = (
        ask(use_case(MemoryCallStore(), Telephony(), Schedules()), key="k") for _ in range(2)
    )
    assert first.call_id != second.call_id


def test_key_is_its_callers_own() -> None:
    case = use_case(MemoryCallStore(), Telephony(), Schedules())
    assert ask(case, key="k").call_id != ask(case, key="k", by="another").call_id


def test_key_of_a_request_that_was_refused_may_be_used_again() -> None:
    guard, telephony = Guard(), Telephony()
    case = use_case(MemoryCallStore(), telephony, Schedules(), guard=guard)
    guard.refuses = True
    for _ in range(2):
        with pytest.raises(DialingRefusedError):
            ask(case, key="k")
    guard.refuses = False
    # nothing stands under the key: not even the body is held against it
    assert ask(case, key="k", say="Something else").status == "queued"
    assert len(telephony.placed) == 1


def test_call_that_was_accepted_stays_the_answer_whatever_became_of_it() -> None:
    """Accepted with an unknown outcome; ten minutes later it turns out that no call was made."""
    store = MemoryCallStore()
    case = use_case(store, Telephony(answers=False), Schedules())
    first = ask(case, key="k")
    assert first.status == "unknown"
    lost = Failure("never_reached_twilio", "it never arrived there", True)
    store.save(first, failed(first, lost, NOW))
    again = ask(case, key="k")
    assert (again.call_id, again.status) == (first.call_id, "failed")
    assert again.error_code == "never_reached_twilio"


def test_call_that_was_let_through_stays_the_answer_while_dialing_is_stopped() -> None:
    guard = Guard()
    case = use_case(MemoryCallStore(), Telephony(), Schedules(), guard=guard)
    first = ask(case, key="k")
    guard.refuses = True
    assert ask(case, key="k") == first


def test_key_of_an_erased_call_places_no_other() -> None:
    store, telephony = MemoryCallStore(), Telephony()
    case = use_case(store, telephony, Schedules())
    call = ask(case, key="k")
    store.save(call, replace(call, status=CallState.ERASED))
    with pytest.raises(ConflictError, match="erased"):
        ask(case, key="k")
    assert len(telephony.placed) == 1


@pytest.mark.parametrize("by_whom", ["guard", "twilio"])
def test_scheduled_call_that_was_refused_at_its_time_stays_the_answer(by_whom: str) -> None:
    guard = Guard()
    telephony = Telephony(refuses=refusal(400, 21211) if by_whom == "twilio" else None)
    case = use_case(MemoryCallStore(), telephony, Schedules(), guard=guard)
    first = ask(case, key="k", place_at="2026-11-22T08:00:00Z")
    guard.refuses = by_whom == "guard"
    with pytest.raises((DialingRefusedError, CallRefusedError)):
        case.from_schedule(first.call_id)
    again = ask(case, key="k", place_at="2026-11-22T08:00:00Z")
    assert (again.call_id, again.status) == (first.call_id, "failed")
    assert again.error_code in ("dialing_stopped", "to_invalid")


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (refusal(400, 21211), "to_invalid"),
        (refusal(400, 21999), "twilio_refused"),
        (refusal(429), "twilio_busy"),
        (refusal(None), "twilio_unreachable"),
    ],
)
def test_refusal_of_twilio_is_repeated_as_it_was(error: VendorError, code: str) -> None:
    telephony = Telephony(refuses=error)
    case = use_case(MemoryCallStore(), telephony, Schedules())
    answers = []
    for _ in range(2):
        with pytest.raises(CallRefusedError) as caught:
            ask(case, key="k")
        answers.append((caught.value.failure, caught.value.vendor_code))
    assert answers[0] == answers[1]
    assert answers[0][0].code == code
    assert len(telephony.placed) == 1


OWN, CUSTOM, NEXT = "https://api.example", "https://calls.example.com", "https://next.example/v1"


@pytest.mark.parametrize(("configured", "given"), [(CUSTOM, CUSTOM), (f"{NEXT}/", NEXT), ("", OWN)])
def test_public_base_url_is_what_twilio_is_given(configured: str, given: str) -> None:
    """Whoever asks, a recurring schedule too, which knows the API's own URL alone."""
    telephony = Telephony()
    case = use_case(MemoryCallStore(), telephony, Schedules())
    ask(replace(case, public_base_url=configured))
    assert [call.base_url for call in telephony.placed] == [given]


@pytest.mark.parametrize(("then", "now", "given"), [(CUSTOM, NEXT, NEXT), (CUSTOM, "", OWN)])
def test_scheduled_call_goes_by_the_public_base_url_of_the_moment(
    then: str, now: str, given: str
) -> None:
    telephony, store = Telephony(), MemoryCallStore()
    case = use_case(store, telephony, Schedules())
    call = ask(replace(case, public_base_url=then), place_at="2026-11-22T08:00:00Z")
    replace(case, public_base_url=now).from_schedule(call.call_id)
    assert [placed.base_url for placed in telephony.placed] == [given]
    # what the call's later URLs are made of: the next instructions, the webhook
    assert store.calls[call.call_id].base_url == given


@pytest.mark.parametrize(
    ("days", "place_at", "holds"),
    [
        (7, "2026-11-28T08:00:00Z", True),
        (7, "2026-11-28T08:00:01Z", False),
        (365, "2027-11-21T08:00:00Z", True),
        (36500, "2027-11-21T08:00:01Z", False),
    ],
)
def test_call_is_scheduled_no_further_ahead_than_it_is_kept(
    days: int, place_at: str, holds: bool
) -> None:
    store = MemoryCallStore()
    case = use_case(store, Telephony(), Schedules(), retention=Retention(days))
    if holds:
        call = ask(case, place_at=place_at)
        due = datetime.fromisoformat(place_at) + timedelta(days=days)
        assert call.expires_at == int(due.timestamp())
    else:
        with pytest.raises(InvalidInputError, match=rf"{min(days, 365)} days ahead.*RetentionDays"):
            ask(case, place_at=place_at)


def test_call_is_kept_from_its_request_on_where_it_is_placed_at_once() -> None:
    call = ask(use_case(MemoryCallStore(), Telephony(), Schedules()))
    assert call.expires_at == int((NOW + timedelta(days=30)).timestamp())


def test_key_of_a_call_at_the_end_of_time_is_refused_like_any_other() -> None:
    """The key is bound before place_at is judged: its own expiry must not overflow."""
    case = use_case(MemoryCallStore(), Telephony(), Schedules())
    with pytest.raises(InvalidInputError, match="RetentionDays"):
        ask(case, key="k", place_at="9999-12-31T23:59:59Z")
