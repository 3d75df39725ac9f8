"""Consent: what was announced, in which language, when; and no recording before the key."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from typing import Any

import pytest

from tests.support.stack import Driver, call_is

ANNOUNCEMENT = "Dieser Anruf wird aufgezeichnet. Wenn Sie einverstanden sind, drücken Sie die 1."


def xml(text: str) -> ET.Element:
    return ET.fromstring(text)  # noqa: S314 - our own application's


def documents(driver: Driver, call_sid: str) -> list[ET.Element]:
    """The TwiML that Twilio was given, in order."""
    return [xml(text) for text in driver.twilio.account.calls[call_sid].documents]


def recordings_at_twilio(driver: Driver, call_sid: str) -> list[Any]:
    return [r for r in driver.twilio.account.recordings.values() if r.call_sid == call_sid]


def ended(driver: Driver, call_id: str) -> dict[str, Any]:
    return driver.follow(call_id, call_is("completed"))


def test_announcement_is_said_first_and_kept_with_the_call(driver: Driver) -> None:
    placed = driver.place(
        say="Guten Tag.",
        goodbye="Auf Wiederhören.",
        language="de-DE",
        consent={"announcement": "Dieser Anruf wird aufgezeichnet."},
    )
    call = driver.follow(placed["call_id"])
    consent = call["consent"]
    assert {k: v for k, v in consent.items() if k != "announced_at"} == {
        "announcement": "Dieser Anruf wird aufgezeichnet.",
        "language": "de-DE",
        "key_press": False,
        "status": "announced",
    }
    assert call["created_at"] < consent["announced_at"]
    ended(driver, placed["call_id"])
    opening, closing = documents(driver, call["call_sid"])
    said = [(say.text, say.get("language"), say.get("voice")) for say in opening.iter("Say")]
    assert said == [
        ("Dieser Anruf wird aufgezeichnet.", "de-DE", "alice"),
        ("Guten Tag.", "de-DE", "alice"),
    ]
    assert [say.text for say in closing.iter("Say")] == ["Auf Wiederhören."]


@pytest.mark.parametrize("mode", ["message", "call"])
def test_one_gives_consent_and_only_then_recording_begins(driver: Driver, mode: str) -> None:
    placed = driver.place(
        to=driver.phone(presses="1"),
        mode=mode,
        consent={"announcement": ANNOUNCEMENT, "key_press": True},
        language="de-DE",
    )
    call = driver.follow(placed["call_id"])
    assert call["consent"]["status"] == "given"
    assert call["consent"]["announced_at"] <= call["consent"]["answered_at"]
    assert call["recordings"][0]["status"] == "completed"
    assert call["recordings"][0]["channels"] == (2 if mode == "call" else 1)
    opening, after, *_ = documents(driver, call["call_sid"])
    assert [child.tag for child in opening] == ["Gather", "Hangup"]
    assert opening.find("Gather/Say") is not None
    assert after[0].tag == ("Start" if mode == "call" else "Say")
    # Twilio itself was not told to record from the beginning, and did not
    at_twilio = driver.twilio.account.calls[call["call_sid"]]
    assert at_twilio.parameter("Record") == ""
    [recording] = recordings_at_twilio(driver, call["call_sid"])
    assert recording.source == ("StartCallRecordingTwiML" if mode == "call" else "RecordVerb")


@pytest.mark.parametrize(
    ("mode", "presses", "status"), [("message", "2", "declined"), ("call", "", "unanswered")]
)
def test_without_consent_nothing_is_recorded(
    driver: Driver, mode: str, presses: str, status: str
) -> None:
    placed = driver.place(
        to=driver.phone(presses=presses), mode=mode, consent={"key_press": True}, goodbye="Bye."
    )
    call = ended(driver, placed["call_id"])
    assert call["consent"]["status"] == status
    assert "press 1" in call["consent"]["announcement"]
    assert recordings_at_twilio(driver, call["call_sid"]) == []
    after = documents(driver, call["call_sid"])[-1]
    assert [child.tag for child in after] == ["Say", "Hangup"]
    assert after[0].text == "Bye."
