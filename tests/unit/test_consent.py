"""What the stack asks of every call, inbound ones too, and what a request can add to it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest

from callscribe.adapters.twilio.twiml import render_twiml
from callscribe.domain.call_requests import LANGUAGES
from callscribe.domain.calls import CallState
from callscribe.domain.consent import STATUSES, ConsentRules, announced, answered
from callscribe.ports.telephony import CallStatusUpdate
from callscribe.use_cases.answer_call import AnswerCall
from local.template import TEMPLATE
from simulation.memory_store import MemoryCallStore
from tests.support.doubles import QuietTelemetry, ledger_of, track_call

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
SID = "CA" + "1" * 32


def use_case(rules: ConsentRules, store: MemoryCallStore | None = None) -> AnswerCall:
    store = store or MemoryCallStore()
    return AnswerCall(
        store=store,
        ledger=ledger_of(store, lambda: NOW),
        track=track_call(store, lambda: NOW),
        telemetry=QuietTelemetry(),
        clock=lambda: NOW,
        inbound_say="Please leave a message.",
        inbound_language="en-GB",
        inbound_consent=rules,
    )


def inbound(case: AnswerCall) -> str:
    news = CallStatusUpdate(call_sid=SID, status=CallState.IN_PROGRESS, direction="inbound")
    return render_twiml(case.inbound(news, base_url="https://api.example"))


def consent_of(case: AnswerCall) -> Any:
    [call] = cast(MemoryCallStore, case.store).calls.values()
    return call.consent


def test_inbound_caller_hears_the_announcement_before_the_greeting() -> None:
    case = use_case(ConsentRules(announcement="This call is recorded."))
    text = inbound(case)
    assert text.index("This call is recorded.") < text.index("Please leave") < text.index("<Record")
    assert consent_of(case) == {
        "announcement": "This call is recorded.",
        "language": "en-GB",
        "key_press": False,
        "status": "announced",
        "announced_at": "2026-11-21T12:00:00.000Z",
    }
    # asked for again, it is the same script
    assert inbound(case) == text


def test_inbound_caller_is_recorded_only_after_the_key() -> None:
    case = use_case(ConsentRules(key_press=True))
    text = inbound(case)
    assert "<Gather" in text
    assert "<Record" not in text
    [call_id] = cast(MemoryCallStore, case.store).calls
    after = render_twiml(case.after_consent(call_id, "1"))
    assert "Please leave a message." in after
    assert "<Record" in after
    assert consent_of(case)["status"] == "given"


def test_request_may_ask_for_more_and_never_for_less() -> None:
    rules = ConsentRules(announcement="The stack's words.", key_press=True)
    asked = rules.for_call(None, key_press=False, language="en-US")
    assert asked is not None
    assert (asked["announcement"], asked["key_press"]) == ("The stack's words.", True)
    other = rules.for_call("Other words.", key_press=False, language="en-US")
    assert other is not None
    assert (other["announcement"], other["key_press"]) == ("Other words.", True)
    assert ConsentRules().for_call(None, key_press=False, language="en-US") is None


@pytest.mark.parametrize(
    ("digits", "status"),
    [("1", "given"), ("2", "declined"), ("", "unanswered"), ("11", "declined")],
)
def test_first_answer_and_first_announcement_keep_their_time(digits: str, status: str) -> None:
    rules = ConsentRules(key_press=True)
    begun = rules.for_call(None, key_press=False, language="en-US")
    assert begun is not None
    said = announced(begun, lambda: NOW)
    assert announced(said, lambda: NOW + timedelta(hours=1)) == said
    told = answered(said, digits, lambda: NOW)
    assert told["status"] == status
    assert answered(told, "1", lambda: NOW + timedelta(hours=1)) == told
    assert {begun["status"], said["status"], told["status"]} <= set(STATUSES)


def test_default_language_is_one_that_can_be_asked_for() -> None:
    assert TEMPLATE["Parameters"]["DefaultLanguage"]["Default"] in LANGUAGES
