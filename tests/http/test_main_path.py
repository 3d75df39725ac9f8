"""A phone call becomes a transcript, in both modes, and can be read in every way."""

from __future__ import annotations

import json
from base64 import b64decode
from datetime import UTC, datetime, timedelta
from xml.etree import ElementTree as ET

import pytest
import requests

from callscribe.adapters.dynamodb.store import DynamoDBStore
from callscribe.domain.calls import new_call_id
from callscribe.domain.times import format_timestamp
from cli.client import ApiError
from local.speech.clips import load_clips
from tests.support.entries import a_call
from tests.support.stack import Driver, call_is
from tests.support.waiting import wait_until

MESSAGE = load_clips()["callee_message"].text
DIALOGUE = load_clips()["callee_dialogue"].text


def test_message_becomes_a_transcript_that_is_read_in_every_way(driver: Driver) -> None:
    placed = driver.place(mode="message", metadata={"order": "17"})
    # its callbacks may be faster than the answer
    assert placed["status"] in ("queued", "initiated", "ringing", "in-progress", "completed")
    assert placed["call_sid"].startswith("CA")
    call = driver.at_rest(placed["call_id"])
    assert (call["status"], call["consent"]) == ("completed", None)
    assert call["metadata"] == {"order": "17"}
    [recording] = call["recordings"]
    assert recording["status"] == "completed"
    assert recording["text"] == MESSAGE
    assert recording["channels"] == 1
    assert recording["speech_model_used"] == "universal-3-5-pro"
    assert recording["error"] is None
    # by Twilio's SID as well
    shown = driver.api.get_call(placed["call_sid"])
    assert shown["call_id"] == placed["call_id"]
    txt, srt, vtt = (driver.api.get_transcript(call["call_id"], f) for f in ("txt", "srt", "vtt"))
    assert txt.startswith("[00:00:0")
    assert srt.startswith("1\n00:00:0")
    assert vtt.startswith("WEBVTT\n")
    assert all("neighbor" in text for text in (txt, srt, vtt))
    with pytest.raises(ApiError) as refused:
        driver.api.get_transcript(call["call_id"], "doc")
    assert refused.value.problem["errors"][0]["field"] == "format"
    # audio is to be had by a short-lived link
    [listed] = driver.ask("GET", f"/calls/{call['call_id']}/recordings")["recordings"]
    assert "X-Amz-Expires=300" in listed["audio_url"]
    audio = requests.get(listed["audio_url"], timeout=10).content
    assert audio[:4] == b"RIFF"
    peaks = driver.ask(
        "GET", f"/calls/{call['call_id']}/recordings/{listed['recording_sid']}/peaks"
    )
    [loudness] = [b64decode(channel) for channel in peaks["channels"]]
    # ten for each second of 16,000 bytes
    assert len(loudness) == -(-(len(audio) - 44) // 1600)
    assert max(loudness) > 20
    # what was said when
    said = driver.ask("GET", f"/calls/{call['call_id']}/transcript?words=true")
    [segment, *_] = said["recordings"][0]["segments"]
    assert len(segment["words"]) == len(segment["text"].split())
    assert segment["words"][0][0] == segment["start_ms"]


def test_call_that_ended_is_in_the_feed_of_changes_after_a_minute(driver: Driver) -> None:
    client = driver.stack.ministack.client("dynamodb")
    store = DynamoDBStore(client, driver.stack.connection.table_name)
    at = format_timestamp(datetime.now(UTC) - timedelta(seconds=61))
    made = a_call("busy", call_id=new_call_id(), created_at=at, updated_at=at)
    assert store.save(None, made)
    placed = driver.place(to=driver.phone("busy"))
    young = driver.follow(placed["call_id"], until=call_is("busy"))
    page = driver.ask("GET", f"/changes?since={at}&limit=200")
    [found] = [call for call in page["calls"] if call["call_id"] == made.call_id]
    assert (found["status"], found["transcript_status"]) == ("busy", "none")
    # the other one is too young, and in no page before the cursor
    assert young["call_id"] not in [call["call_id"] for call in page["calls"]]
    assert not page["more"]
    again = driver.ask("GET", f"/changes?since={page['next_cursor']}")
    assert made.call_id not in [call["call_id"] for call in again["calls"]]


def test_twiml_ends_and_every_record_has_an_action(driver: Driver) -> None:
    placed = driver.place()
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


def test_calls_that_nobody_answers_end_so_and_are_listed_by_day_and_status(driver: Driver) -> None:
    ends = {"busy": "busy", "no-answer": "no-answer", "fails": "failed"}
    placed = {end: driver.place(to=driver.phone(like))["call_id"] for like, end in ends.items()}
    for status, call_id in placed.items():
        call = driver.follow(call_id, until=call_is(status))
        assert [item for item in driver.items(call_id) if "due_at" in item] == []
        day = call["created_at"][:10]
        page = driver.ask("GET", f"/calls?date={day}&status={status}&limit=200")
        assert call_id in [found["call_id"] for found in page["calls"]]
        assert {found["status"] for found in page["calls"]} == {status}
    first = driver.ask("GET", "/calls?limit=1")
    second = driver.ask("GET", f"/calls?limit=1&cursor={first['next_cursor']}")
    [newest], [older] = first["calls"], second["calls"]
    assert newest["created_at"] >= older["created_at"]
    assert newest["call_id"] != older["call_id"]
    with pytest.raises(ApiError) as refused:
        driver.api.get_transcript(placed["busy"], "txt")
    assert refused.value.problem["type"] == "urn:callscribe:problem:no-transcript"
    before = driver.placed_at_twilio()
    with pytest.raises(ApiError) as refused:
        driver.ask("POST", f"/calls/{placed['busy']}/retry")
    assert "never dialed again" in refused.value.problem["detail"]
    assert driver.placed_at_twilio() == before
