"""Another transcription vendor is a package of its own: the use cases stay as they are."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from callscribe.domain.calls import Call
from callscribe.domain.errors import InvalidInputError, NotReadyError, RetryLaterError
from callscribe.domain.recordings import Recording
from callscribe.domain.rendering.formats import FORMATS
from callscribe.ports.storage import StoredAudio
from callscribe.ports.telephony import RecordingStatusUpdate, VendorRecordingState
from callscribe.use_cases.place_call import Caller
from tests.support.entries import CALL_ID, RECORDING_SID, a_call
from tests.support.gateways import InMemoryGateways, application
from tests.support.second_vendor import Stenograph, StenographOptions, read_transcript

KEY = f"audio/{CALL_ID}/{RECORDING_SID}.wav"


class Outside:
    """A queue, a bucket, a bus, secrets and Twilio's audio."""

    def __init__(self) -> None:
        self.updates: list[RecordingStatusUpdate] = []
        self.objects: dict[str, Any] = {}
        self.published: list[str] = []

    def put(self, to: Any, document: Mapping[str, Any] | None = None, **_: int) -> None:
        if isinstance(to, RecordingStatusUpdate):
            self.updates.append(to)
        else:
            self.objects[to] = document

    def get(self, key: str) -> Any:
        return self.objects[key]

    def erase(self, call_id: str) -> int:
        gone = [key for key in self.objects if call_id in key]
        return len([self.objects.pop(key) for key in gone])

    def copy(self, _: str, *, channels: int | None, key: str) -> StoredAudio:
        self.objects[key] = "audio"
        return StoredAudio(size_bytes=1000, channels=channels or 1)

    def publish(self, _: Call, recording: Recording) -> None:
        self.published.append(recording.status)

    def value(self, *_: str) -> str:
        return "secret"


class House:
    def __init__(self) -> None:
        self.now = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
        self.outside: Any = Outside()
        self.stenograph = Stenograph(lambda: self.now)
        self.gateways = InMemoryGateways(
            documents=self.outside,
            queue=self.outside,
            audio=self.outside,
            event_publisher=self.outside,
            secrets=self.outside,
            transcriber=self.stenograph,
            transcription_options=StenographOptions(),
            read_transcript=read_transcript,
            clock=lambda: self.now,
        )
        self.app = application(self.gateways, VENDOR_COPIES="keep")
        call = a_call(base_url="https://api.example", transcription={"dialect": "en-x-broad"})
        self.gateways.store.save(None, call)

    def hear(self) -> None:
        """The callback of a recording."""
        update = RecordingStatusUpdate(
            recording_sid=RECORDING_SID,
            call_id=CALL_ID,
            status=VendorRecordingState.COMPLETED,
            channels=1,
        )
        self.app.receive_recording.receive(update)

    def work(self) -> None:
        """Everything that is on the queue now."""
        updates, self.outside.updates = self.outside.updates, []
        for update in updates:
            self.app.process_recording.process(update)

    def ring(self, number: str) -> None:
        """Stenograph's callback."""
        self.app.finish_recording.from_webhook(CALL_ID, RECORDING_SID, number)

    @property
    def recording(self) -> Recording:
        recording: Recording = self.gateways.store.recordings[CALL_ID, RECORDING_SID]
        return recording


@pytest.fixture
def house() -> House:
    return House()


def submitted(house: House) -> str:
    house.hear()
    house.work()
    (number,) = house.stenograph.sheets
    return number


def test_recording_becomes_a_transcript_in_every_format(house: House) -> None:
    number = submitted(house)
    sheet = house.stenograph.sheets[number]
    assert (house.recording.status, house.recording.transcript_id) == ("submitted", number)
    assert sheet["ring"] == f"https://api.example/transcript-complete/{CALL_ID}/{RECORDING_SID}"
    house.stenograph.type(number, (0.5, 2, "Good evening."), (2.5, 4, "Come by on Friday."))
    house.ring(number)
    assert (house.recording.status, house.outside.published) == ("completed", ["completed"])
    assert house.recording.text == "Good evening. Come by on Friday."
    document = house.outside.objects[house.recording.transcript_key]
    assert "one-time-code" not in json.dumps(document)
    transcript = house.app.read_calls.transcript(CALL_ID)
    shown = {name: export.render(transcript) for name, export in FORMATS.items()}
    assert "[00:00:02.500] Come by on Friday." in shown["txt"]
    assert "00:00:00,500 --> 00:00:04,000\nGood evening. Come by on Friday." in shown["srt"]
    assert "00:00:00.500 --> 00:00:04.000" in shown["vtt"]
    (part,) = json.loads(shown["json"])["recordings"]
    assert (part["transcript_id"], part["language_code"]) == (number, "en-x-broad")


def test_its_failure_is_told_in_its_words(house: House) -> None:
    number = submitted(house)
    house.stenograph.tear(number, "out of paper")
    house.ring(number)
    failure = house.recording.failure
    assert failure is not None
    assert (house.recording.status, failure.message) == ("error", "Stenograph: out of paper")
    with pytest.raises(NotReadyError, match="out of paper"):
        house.app.read_calls.transcript(CALL_ID)


def test_submission_whose_answer_was_lost_is_found_and_not_paid_for_twice(house: House) -> None:
    house.stenograph.loses_answer = True
    house.hear()
    update = house.outside.updates[0]
    with pytest.raises(RetryLaterError, match="Stenograph may have it"):
        house.work()
    house.now += timedelta(minutes=30)
    house.app.process_recording.process(update)
    assert list(house.stenograph.sheets) == ["sheet-1"]
    assert (house.recording.status, house.recording.transcript_id) == ("submitted", "sheet-1")


def test_callback_of_another_recording_is_not_believed(house: House) -> None:
    number = submitted(house)
    other = house.stenograph.sheets["other"] = dict(house.stenograph.sheets[number], no="other")
    other["tape"] = "tape://shelf/audio/another.wav#code"
    house.stenograph.type("other", (0, 1, "Not yours."))
    house.ring("other")
    assert (house.recording.status, house.recording.transcript_id) == ("submitted", number)


def test_transcript_that_it_lost_is_asked_for_once_more(house: House) -> None:
    number = submitted(house)
    call = house.gateways.store.calls[CALL_ID]
    house.stenograph.delete(number)
    house.app.finish_recording.ask_again(call, house.recording)
    assert (house.recording.status, house.recording.past_transcript_ids) == ("stored", [number])
    assert len(house.outside.updates) == 1


def test_options_are_its_own(house: House) -> None:
    caller = Caller(
        principal="me", base_url="https://api.example", function_arn="arn", signed_by="me"
    )
    body = {"to": "+14155550100", "transcription": {"punctuate": True}}
    with pytest.raises(InvalidInputError, match=r"transcription\.punctuate: is unknown to Steno"):
        house.app.place_call.from_request(body, caller)
