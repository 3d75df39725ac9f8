"""What Twilio says, by its API and by callback, in our words."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from callscribe.adapters.aws.sqs import read_status_update, write_status_update
from callscribe.adapters.twilio.callbacks import (
    pressed_key,
    read_call_status,
    read_recording_status,
    recorded_call_id,
)
from callscribe.adapters.twilio.errors import explain_absence
from callscribe.adapters.twilio.parameters import call_parameters
from callscribe.adapters.twilio.resources import read_call, read_recording
from callscribe.adapters.twilio.twiml import render_twiml
from callscribe.domain.callback_urls import CallbackUrls
from callscribe.domain.calls import Call, CallState
from callscribe.domain.errors import InvalidInputError
from callscribe.domain.scripts import opening_script, script_after_consent
from callscribe.ports.telephony import (
    CallStatusUpdate,
    RecordingStatusUpdate,
    VendorRecordingState,
)
from tests.support.fixtures import fixture

CALL_ID = "0" * 32
CALL_SID, RECORDING_SID = "CA" + "0" * 32, "RE" + "0" * 32
BEGUN, ENDED = (
    datetime(2026, 11, 21, 7, 0, tzinfo=UTC),
    datetime(2026, 11, 21, 7, 0, 20, tzinfo=UTC),
)
BEGUN_TEXT, ENDED_TEXT = "2026-11-21T07:00:00.000Z", "2026-11-21T07:00:20.000Z"


def call(**more: Any) -> SimpleNamespace:
    values = {
        "sid": CALL_SID,
        "status": "completed",
        "to": "+14155550100",
        "_from": "+15005550006",
        "direction": "inbound",
        "date_created": BEGUN,
        "start_time": BEGUN,
        "end_time": ENDED,
        "duration": "20",
    }
    return SimpleNamespace(**values | more)


def recording(**more: Any) -> SimpleNamespace:
    values = {
        "sid": RECORDING_SID,
        "call_sid": CALL_SID,
        "status": "completed",
        "channels": 2,
        "duration": "12",
        "date_created": BEGUN,
        "start_time": BEGUN,
        "source": "RecordVerb",
        "error_code": None,
    }
    return SimpleNamespace(**values | more)


def test_call_that_ended() -> None:
    assert read_call(call()) == CallStatusUpdate(
        call_sid=CALL_SID,
        status=CallState.COMPLETED,
        at=ENDED_TEXT,
        created_at=BEGUN_TEXT,
        answered_at=BEGUN_TEXT,
        ended_at=ENDED_TEXT,
        duration_seconds=20,
        to_number="+14155550100",
        from_number="+15005550006",
        direction="inbound",
    )


def test_call_that_was_not_answered_has_no_such_time() -> None:
    update = read_call(call(status="no-answer", duration="", end_time=None))
    assert (update.at, update.answered_at, update.ended_at) == (BEGUN_TEXT, None, None)
    assert update.duration_seconds is None


@pytest.mark.parametrize("word", ["forwarded", "erased", "scheduled", ""])
def test_status_of_a_call_that_is_no_word_of_twilios_is_not_known(word: str) -> None:
    assert read_call(call(status=word)).status is None
    assert read_call_status({"CallStatus": word}).status is None


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("in-progress", VendorRecordingState.IN_PROGRESS),
        *((word, VendorRecordingState.PROCESSING) for word in ("paused", "stopped", "processing")),
        ("completed", VendorRecordingState.COMPLETED),
        ("absent", VendorRecordingState.ABSENT),
        ("failed", VendorRecordingState.ABSENT),
        ("deleted", VendorRecordingState.DELETED),
        # a word that Twilio adds one day says only that the file is not there yet
        ("brand-new", VendorRecordingState.PROCESSING),
    ],
)
def test_status_of_a_recording(status: str, state: VendorRecordingState) -> None:
    assert read_recording(recording(status=status)).status is state


def test_recording_that_is_not_there_yet_has_no_length() -> None:
    update = read_recording(recording(status="processing", duration="-1", channels=None))
    assert (update.duration_seconds, update.channels, update.started_at) == (None, None, BEGUN_TEXT)


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (16101, "recording_too_short"),
        (16102, "recording_silent"),
        (16104, "recording_encryption_failed"),
        (16105, "recording_encryption_failed"),
        (16106, "recording_encryption_failed"),
        (16109, "recording_encrypted"),
        (99999, "recording_absent"),
    ],
)
def test_absence_of_a_recording_is_explained(code: int, expected: str) -> None:
    failure = read_recording(recording(status="absent", error_code=code)).failure
    assert failure is not None
    assert (failure.code, failure.retryable) == (expected, False)
    assert ("99999" in failure.message) is (code == 99999)


@pytest.mark.parametrize("code", [None, 0])
def test_no_code_explains_nothing(code: int | None) -> None:
    assert explain_absence(code) is None


def test_documented_callbacks_are_read() -> None:
    ours = fixture("twilio-callbacks")
    ended = read_call_status(ours["status_callback_completed"])
    assert (ended.status, ended.duration_seconds) == (CallState.COMPLETED, 33)
    assert ended.at == "2026-11-21T09:30:33.000Z"
    update = read_recording_status(ours["recording_completed"], call_id=None, base_url="https://x")
    assert update == RecordingStatusUpdate(
        recording_sid=RECORDING_SID,
        call_sid=CALL_SID,
        status=VendorRecordingState.COMPLETED,
        channels=1,
        duration_seconds=30,
        started_at="2026-11-21T09:30:01.000Z",
        source="RecordVerb",
        base_url="https://x",
    )


@pytest.mark.parametrize("value", ["", "-1", "1e5", "\u0663", "9" * 5000, "Fri, 99 Nov 2026"])
def test_value_that_cannot_be_read_counts_as_absent(value: str) -> None:
    told = read_call_status({"CallSid": CALL_SID, "CallDuration": value, "Timestamp": value})
    assert (told.duration_seconds, told.at) == (None, None)


@pytest.mark.parametrize(
    ("form", "call_id", "fields"),
    [
        ({}, None, ["RecordingSid", "CallSid"]),
        ({"RecordingSid": "RE1", "CallSid": "CA1"}, "x", ["RecordingSid", "CallSid", "call_id"]),
        ({"RecordingSid": RECORDING_SID}, None, ["CallSid"]),
    ],
)
def test_recording_callback_without_names_is_refused(
    form: dict[str, str], call_id: str | None, fields: list[str]
) -> None:
    with pytest.raises(InvalidInputError) as refused:
        read_recording_status(form, call_id=call_id, base_url="https://x")
    assert [error.field for error in refused.value.errors] == fields


@pytest.mark.parametrize(
    ("url", "call_id"),
    [
        (f"https://x/twiml/{CALL_ID}/recorded#rc=5&rp=all", CALL_ID),
        (f"https://x/twiml/{CALL_ID}/recorded", CALL_ID),
        (f"https://x/twiml/{CALL_ID}", None),
        (f"https://x/twiml/{CALL_ID}/recorded/more", None),
        ("", None),
    ],
)
def test_end_of_a_script_that_failed_names_its_call(url: str, call_id: str | None) -> None:
    assert recorded_call_id({"ErrorUrl": url}) == call_id


def an_outbound_call(mode: str, **more: Any) -> Call:
    at = BEGUN_TEXT
    values: dict[str, Any] = {"call_id": CALL_ID, "created_at": at, "updated_at": at}
    values |= {"mode": mode, "base_url": "https://api.example", **more}
    return Call(status=CallState.PLACING, **values)


@pytest.mark.parametrize(("mode", "count"), [("message", 3), ("call", 4)])
def test_every_url_of_a_call_asks_for_all_retries(mode: str, count: int) -> None:
    parameters = call_parameters(an_outbound_call(mode), "")
    urls = [value for value in parameters.values() if "://" in str(value)]
    assert [url.partition("#")[2] for url in urls] == ["rc=5&rp=all"] * count


@pytest.mark.parametrize("mode", ["message", "call"])
def test_every_url_of_a_script_asks_for_all_retries(mode: str) -> None:
    consent = {"announcement": "Recorded.", "key_press": True, "status": "given"}
    call = an_outbound_call(mode, consent=consent)
    urls = CallbackUrls("https://api.example")
    document = render_twiml((*opening_script(call, urls), *script_after_consent(call, urls)))
    given = re.findall(r'"(https://[^"]+)"', document)
    assert len(given) == (3 if mode == "message" else 2)
    assert all(url.endswith("#rc=5&amp;rp=all") for url in given)


def test_key_that_was_pressed() -> None:
    assert [pressed_key({"Digits": "1"}), pressed_key({})] == ["1", ""]


def test_message_of_the_queue_comes_back_as_it_was() -> None:
    update = read_recording(recording(status="absent", error_code=16101))
    assert read_status_update(write_status_update(update)) == update


@pytest.mark.parametrize("word", ["failed", "stopped"])
def test_message_of_an_earlier_version_is_asked_about_anew(word: str) -> None:
    body = f'{{"recording_sid": "{RECORDING_SID}", "status": "{word}", "error_code": 16101}}'
    assert read_status_update(body).status is VendorRecordingState.PROCESSING
