"""A phone call becomes a transcript, in both modes, and can be read in every way."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from xml.etree import ElementTree as ET

import pytest
import requests

from callscribe.domain.times import format_timestamp
from cli.client import ApiError
from local.speech.clips import load_clips
from tests.support.stack import Driver, call_is
from tests.support.waiting import wait_until

MESSAGE = load_clips()["callee_message"].text
DIALOGUE = load_clips()["callee_dialogue"].text


def test_message_becomes_a_transcript(driver: Driver) -> None:
    placed = driver.place(mode="message", metadata={"order": "17"})
    # its callbacks may be faster than the answer
    assert placed["status"] in ("queued", "initiated", "ringing", "in-progress", "completed")
    assert placed["call_sid"].startswith("CA")
    call = driver.at_rest(placed["call_id"])
    assert call["status"] == "completed"
    assert call["metadata"] == {"order": "17"}
    [recording] = call["recordings"]
    assert recording["status"] == "completed"
    assert recording["text"] == MESSAGE
    assert recording["channels"] == 1
    assert recording["speech_model_used"] == "universal-3-5-pro"
    assert recording["error"] is None


def test_whole_call_is_recorded_on_two_channels(driver: Driver) -> None:
    placed = driver.place(mode="call", pause_seconds=12)
    call = driver.follow(placed["call_id"])
    [recording] = call["recordings"]
    assert recording["channels"] == 2
    transcript = json.loads(driver.api.get_transcript(placed["call_id"], "json"))
    segments = transcript["recordings"][0]["segments"]
    assert {segment["channel"] for segment in segments} == {"1", "2"}
    assert DIALOGUE in [segment["text"] for segment in segments]
    starts = [segment["start_ms"] for segment in segments]
    assert starts == sorted(starts)


def test_every_format_tells_the_same_words(driver: Driver) -> None:
    call_id = driver.place()["call_id"]
    driver.follow(call_id)
    txt, srt, vtt = (driver.api.get_transcript(call_id, form) for form in ("txt", "srt", "vtt"))
    assert "Good morning." in txt
    assert txt.startswith("[00:00:0")
    assert srt.startswith("1\n00:00:0")
    assert " --> " in srt
    assert vtt.startswith("WEBVTT\n")
    for text in (srt, vtt):
        assert "neighbor" in text


def test_audio_is_to_be_had_by_a_short_lived_link(driver: Driver) -> None:
    call_id = driver.place()["call_id"]
    driver.follow(call_id)
    answer = driver.api.send("GET", f"/calls/{call_id}/recordings").json()
    audio = requests.get(answer["recordings"][0]["audio_url"], timeout=10)
    assert audio.content[:4] == b"RIFF"
    assert "X-Amz-Expires=300" in answer["recordings"][0]["audio_url"]


def test_call_is_readable_by_twilios_sid(driver: Driver) -> None:
    placed = driver.place()
    by_sid = driver.api.get_call(placed["call_sid"])
    assert by_sid["call_id"] == placed["call_id"]


@pytest.mark.parametrize(
    ("behavior", "status"), [("busy", "busy"), ("no-answer", "no-answer"), ("fails", "failed")]
)
def test_calls_that_nobody_answers_end_so(driver: Driver, behavior: str, status: str) -> None:
    placed = driver.place(to=driver.phone(behavior))
    call = driver.follow(placed["call_id"], until=call_is("busy", "no-answer", "failed"))
    assert call["status"] == status
    with pytest.raises(ApiError) as refused:
        driver.api.get_transcript(placed["call_id"], "txt")
    assert refused.value.problem["type"] == "urn:callscribe:problem:no-transcript"
    assert [item for item in driver.items(placed["call_id"]) if "due_at" in item] == []


def test_transcript_that_is_not_ready_says_so(driver: Driver) -> None:
    # the phone still rings when it is asked for
    driver.in_real_time()
    placed = driver.place(to=driver.phone(ring_seconds=600))
    with pytest.raises(ApiError) as refused:
        driver.api.get_transcript(placed["call_id"], "txt")
    assert refused.value.status == 409
    assert refused.value.problem["type"] == "urn:callscribe:problem:transcript-not-ready"


def test_twiml_ends_and_every_record_has_an_action(driver: Driver) -> None:
    placed = driver.place()
    driver.follow(placed["call_id"])
    call = driver.twilio.account.calls[placed["call_sid"]]
    wait_until(lambda: call.status == "completed")
    documents = [ET.fromstring(text) for text in call.documents]  # noqa: S314 - our own documents
    assert [len(document.findall("Record")) for document in documents] == [1, 0]
    record = documents[0].find("Record")
    assert record is not None
    assert record.get("action", "").split("#")[0].endswith("/recorded")
    assert documents[1][-1].tag == "Hangup"
    assert call.executed == ["Say", "Record", "Say", "Hangup"]
    assert not [n for n in driver.twilio.account.notifications if n["call_sid"] == call.sid]


def test_same_idempotency_key_is_the_same_call(driver: Driver) -> None:
    request = {"to": driver.phone()}
    before = driver.placed_at_twilio()
    first = driver.api.place_call(request, idempotency_key="order-17")
    again = driver.api.place_call(request, idempotency_key="order-17")
    assert again["call_id"] == first["call_id"]
    assert driver.placed_at_twilio() == before + 1
    other = driver.refused({"to": driver.phone()}, **{"Idempotency-Key": "order-17"})
    assert other["http"] == 422
    assert other["type"] == "urn:callscribe:problem:idempotency-key-reused"


def test_list_pages_through_all_calls_newest_first(driver: Driver) -> None:
    """Those of today and yesterday; tests/unit/test_read_calls.py goes on to the first day."""
    for _ in range(5):
        driver.place(to=driver.phone("busy"))
    yesterday = format_timestamp(datetime.now(UTC) - timedelta(days=1))[:10]
    # a few pages, however many calls other tests have left
    limit = min(len(calls_since(driver, yesterday)) // 4, 200)
    seen: list[str] = []
    pages, cursor, is_full = 0, "", True
    while is_full:
        page = driver.api.send("GET", f"/calls?limit={limit}{cursor}").json()
        seen += [call["call_id"] for call in page["calls"] if call["created_at"] >= yesterday]
        pages += 1
        is_full = len(page["calls"]) == limit
        cursor = f"&cursor={page['next_cursor']}"
    assert pages >= 4
    assert seen == calls_since(driver, yesterday)


def calls_since(driver: Driver, day: str) -> list[str]:
    """What the table has, newest first."""
    found = [i for i in driver.items() if i["item"] == "CALL" and i["created_at"] >= day]
    found.sort(key=lambda item: (item["created_at"], item["call_id"]), reverse=True)
    return [item["call_id"] for item in found]


def test_list_by_date_and_status(driver: Driver) -> None:
    placed = driver.place(to=driver.phone("busy"))
    call = driver.follow(placed["call_id"], until=call_is("busy"))
    day = call["created_at"][:10]
    page = driver.api.send("GET", f"/calls?date={day}&status=busy&limit=200").json()
    assert placed["call_id"] in [found["call_id"] for found in page["calls"]]
    assert {found["status"] for found in page["calls"]} == {"busy"}
    empty = driver.api.send("GET", "/calls?date=2026-01-02").json()
    assert empty == {"calls": [], "next_cursor": None}
