"""What is said at each step of a call; tests/unit/test_consent.py has the rules of consent."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from callscribe.domain.calls import Call, CallState, call_id_for_sid
from callscribe.domain.consent import ConsentRules
from callscribe.domain.errors import RetryLaterError
from callscribe.domain.scripts import (
    GOODBYE,
    Gather,
    Hangup,
    Pause,
    Record,
    Say,
    Script,
    StartRecording,
)
from callscribe.ports.telephony import CallStatusUpdate
from callscribe.use_cases.answer_call import AnswerCall
from simulation.memory_store import MemoryCallStore
from tests.support.doubles import CountingTelemetry
from tests.support.entries import AT, CALL_ID, CALL_SID, a_call
from tests.support.gateways import InMemoryGateways, application
from tests.support.stores import ContendedStore

NOW = datetime.fromisoformat(AT).astimezone(UTC)
URL = "https://api.example"
HANGUP: Script = (Hangup(),)
GREETING = Say("Please leave a message.", "en-GB")
RECORD = Record(f"{URL}/twiml/{CALL_ID}/recorded", f"{URL}/recording-complete/{CALL_ID}", 120)


def consent(*, key_press: bool = False, **more: Any) -> dict[str, Any]:
    asked = ConsentRules().for_call("We record.", key_press=key_press, language="en-US")
    return {**(asked or {}), **more}


class House:
    def __init__(self, *calls: Call, store: MemoryCallStore | None = None, **settings: str) -> None:
        self.store = store or MemoryCallStore()
        for call in calls:
            self.store.save(None, call)
        self.telemetry = CountingTelemetry()
        gateways = InMemoryGateways(store=self.store, telemetry=self.telemetry, clock=lambda: NOW)
        inbound = {"INBOUND_SAY": GREETING.text, "DEFAULT_LANGUAGE": GREETING.language}
        self.answer: AnswerCall = application(gateways, **inbound | settings).answer_call

    def inbound(self, **more: Any) -> Script:
        news = CallStatusUpdate(
            call_sid=CALL_SID,
            status=CallState.RINGING,
            direction="inbound",
            from_number="+14155550100",
        )
        return self.answer.inbound(news, base_url=URL, **more)

    def consent(self) -> Any:
        return self.store.calls[CALL_ID].consent


def ringing(**more: Any) -> Call:
    values = {"status": "in-progress", "call_sid": CALL_SID, "base_url": URL, "say": "Hello."}
    return a_call(**(values | more))


@pytest.mark.parametrize(
    ("more", "script"),
    [
        ({"mode": "message"}, (Say("Hello."), RECORD, Hangup())),
        (
            {"mode": "message", "max_length_seconds": 30, "language": "de-DE", "voice": "Polly"},
            (Say("Hello.", "de-DE", "Polly"), replace(RECORD, max_length_seconds=30), Hangup()),
        ),
        (
            {"mode": "call", "pause_seconds": 9, "goodbye": "Bye."},
            (Say("Hello."), Pause(9), Say("Bye."), Hangup()),
        ),
    ],
)
def test_call_is_told_what_its_request_asked_for(more: dict[str, Any], script: Script) -> None:
    assert House(ringing(**more)).answer.opening(CALL_ID) == script


@pytest.mark.parametrize("key_press", [False, True])
def test_announcement_comes_first_and_is_written_before_it_is_said(key_press: bool) -> None:
    house = House(ringing(mode="message", consent=consent(key_press=key_press)))
    script = house.answer.opening(CALL_ID)
    said = Say("We record.")
    gated = (Gather(said, f"{URL}/twiml/{CALL_ID}/consent"), Hangup())
    assert script == (gated if key_press else (said, Say("Hello."), RECORD, Hangup()))
    assert (house.consent()["status"], house.consent()["announced_at"]) == ("announced", AT)
    # Twilio asks again: the same is said
    assert house.answer.opening(CALL_ID) == script


@pytest.mark.parametrize(
    ("mode", "begins"),
    [("message", Say("Hello.")), ("call", StartRecording(f"{URL}/recording-complete/{CALL_ID}"))],
)
@pytest.mark.parametrize(
    ("digits", "status"), [("1", "given"), ("2", "declined"), ("", "unanswered")]
)
def test_nothing_is_recorded_without_the_key(
    mode: str, begins: Say | StartRecording, digits: str, status: str
) -> None:
    house = House(ringing(mode=mode, consent=consent(key_press=True)))
    house.answer.opening(CALL_ID)
    script = house.answer.after_consent(CALL_ID, digits)
    polite_end: Script = (Say(GOODBYE), Hangup())
    assert script[0] == (begins if status == "given" else polite_end[0])
    assert script == polite_end or status == "given"
    assert (house.consent()["status"], house.consent()["answered_at"]) == (status, AT)
    # the first answer counts
    assert house.answer.after_consent(CALL_ID, "1") == script


def test_key_that_was_not_asked_for_records_nothing() -> None:
    house = House(ringing(mode="message"))
    assert house.answer.after_consent(CALL_ID, "1") == (Say(GOODBYE), Hangup())
    assert house.store.calls[CALL_ID] == ringing(mode="message")


@pytest.mark.parametrize("calls", [(), (a_call("erasing"),), (a_call("erased"),)])
def test_unknown_or_erased_call_is_hung_up(calls: tuple[Call, ...]) -> None:
    house = House(*calls)
    assert house.answer.opening(CALL_ID) == house.answer.after_consent(CALL_ID, "1") == HANGUP
    assert house.telemetry.counts == {"CallbackForUnknownCall": 2}


def test_of_two_requests_at_once_the_second_says_nothing_yet() -> None:
    call = ringing(mode="message", consent=consent(key_press=True))
    house = House(call, store=ContendedStore(lambda _, after: after))
    for ask in (house.answer.opening, lambda name: house.answer.after_consent(name, "2")):
        with pytest.raises(RetryLaterError):
            ask(CALL_ID)
    # asked again they find what was written, and say it
    assert isinstance(house.answer.opening(CALL_ID)[0], Gather)
    assert house.answer.after_consent(CALL_ID, "1") == (Say(GOODBYE), Hangup())


@pytest.mark.parametrize(
    ("calls", "words"),
    [((), GOODBYE), ((ringing(),), GOODBYE), ((ringing(goodbye="Bye."),), "Bye.")],
)
def test_after_a_message_there_is_no_other(calls: tuple[Call, ...], words: str) -> None:
    house = House(*calls)
    end = (Say(words), Hangup())
    assert house.answer.closing(CALL_ID) == house.answer.opening("x", recorded=CALL_ID) == end
    assert house.inbound(recorded=CALL_ID) == end
    # nothing is adopted at its end
    assert list(house.store.calls.values()) == list(calls)


def test_inbound_call_is_adopted_once_and_its_caller_leaves_a_message() -> None:
    house = House()
    script = house.inbound()
    assert (script[0], script[2]) == (GREETING, Hangup())
    assert isinstance(script[1], Record)
    [call] = house.store.calls.values()
    assert (call.call_id, call.call_sid) == (call_id_for_sid(CALL_SID), CALL_SID)
    assert (call.mode, call.direction, call.base_url) == ("message", "inbound", URL)
    assert house.inbound() == script
    assert house.store.calls == {call.call_id: call}


def test_inbound_caller_hears_the_announcement_before_the_greeting() -> None:
    house = House(CONSENT_ANNOUNCEMENT="We record.")
    script = house.inbound()
    assert script[:2] == (Say("We record.", GREETING.language), GREETING)
    [call] = house.store.calls.values()
    assert call.consent == {
        "announcement": "We record.",
        "language": GREETING.language,
        "key_press": False,
        "status": "announced",
        "announced_at": AT,
    }
    # asked for again, it is the same script
    assert house.inbound() == script


def test_inbound_caller_is_recorded_only_after_the_key() -> None:
    house = House(CONSENT_KEY_PRESS="yes")
    gather, end = house.inbound()
    assert isinstance(gather, Gather)
    assert end == Hangup()
    [call_id] = house.store.calls
    greeting, record, _ = house.answer.after_consent(call_id, "1")
    assert greeting == GREETING
    assert isinstance(record, Record)


def test_callback_that_was_faster_takes_no_greeting_from_the_caller() -> None:
    """A status callback adopted the call: it knows neither mode nor words."""
    house = House(ringing(say=None, direction="inbound"))
    assert house.inbound() == (GREETING, RECORD, Hangup())


def test_inbound_call_that_its_recording_adopted_can_go_on_after_the_key() -> None:
    """What adopted it did not know where Twilio is to ask for the next step."""
    known = ringing(say=None, base_url=None, consent=consent(key_press=True))
    house = House(known)
    assert isinstance(house.inbound()[0], Gather)
    assert house.answer.after_consent(CALL_ID, "1") == (GREETING, RECORD, Hangup())


def moving(status: CallState) -> ContendedStore:
    """A callback of the call's next status is written just before what was announced."""
    return ContendedStore(lambda call, _: replace(call, status=status))


def test_announcement_is_noted_although_the_status_moves() -> None:
    store = moving(CallState.COMPLETED)
    house = House(ringing(mode="message", consent=consent()), store=store)
    assert house.answer.opening(CALL_ID)[0] == Say("We record.")
    stands = store.calls[CALL_ID]
    assert (stands.status, house.consent()["status"]) == ("completed", "announced")


def test_nothing_is_noted_of_a_call_that_was_erased_meanwhile() -> None:
    house = House(ringing(mode="message", consent=consent()), store=moving(CallState.ERASING))
    with pytest.raises(RetryLaterError):
        house.answer.opening(CALL_ID)
    assert house.consent()["status"] == "pending"


@pytest.mark.parametrize("status", ["erasing", "erased"])
def test_caller_of_an_erased_call_is_hung_up(status: str) -> None:
    house = House(a_call(status, call_sid=CALL_SID))
    assert house.inbound() == HANGUP
