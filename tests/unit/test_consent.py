"""What the stack asks of every call, and what a request can add to it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from callscribe.domain.call_requests import LANGUAGES
from callscribe.domain.consent import STATUSES, ConsentRules, announced, answered
from local.template import TEMPLATE

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


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
