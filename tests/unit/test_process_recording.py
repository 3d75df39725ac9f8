"""The worker: from Twilio's word of a recording to a job, any number of times, from any step on."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from callscribe.domain.calls import CallState, call_id_for_sid
from callscribe.domain.errors import (
    RetryLaterError,
    VendorError,
    VendorOutcomeUnknownError,
    VendorRateLimitedError,
    VendorRefusedError,
)
from callscribe.domain.failures import Failure
from callscribe.domain.peaks import Peaks
from callscribe.domain.recordings import Recording, RecordingState
from callscribe.domain.times import format_timestamp
from callscribe.domain.transcription_jobs import AudioReference, JobStatus, TranscriptionJob
from callscribe.ports.storage import StoredAudio
from callscribe.ports.telephony import (
    CallStatusUpdate,
    RecordingStatusUpdate,
    VendorRecordingState,
)
from callscribe.use_cases.process_recording import ProcessRecording
from simulation.memory_store import MemoryCallStore
from tests.support.doubles import CountingTelemetry, Recorder
from tests.support.entries import CALL_ID, CALL_SID, RECORDING_SID, a_call, a_recording
from tests.support.gateways import InMemoryGateways, application
from tests.support.stores import ContendedStore

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
BASE_URL = "https://api.example"
AUDIO = AudioReference("https://bucket/audio.wav?signed", "bucket/audio.wav")
KEY = f"audio/{CALL_ID}/{RECORDING_SID}.wav"
TOO_SHORT = Failure("recording_too_short", "too short", retryable=False)
UNKNOWN = VendorOutcomeUnknownError("AssemblyAI", "no answer")


def a_job(transcript_id: str = "one", location: str = AUDIO.location) -> TranscriptionJob:
    return TranscriptionJob(
        vendor="AssemblyAI",
        transcript_id=transcript_id,
        status=JobStatus.QUEUED,
        audio_location=location,
    )


def notice(status: str = "completed", **more: Any) -> RecordingStatusUpdate:
    values: dict[str, Any] = {"recording_sid": RECORDING_SID, "call_id": CALL_ID}
    return RecordingStatusUpdate(status=VendorRecordingState(status), **(values | more))


class House:
    """Everything goes well unless a test says otherwise."""

    def __init__(
        self, recording: Recording | None = None, *, store: MemoryCallStore | None = None
    ) -> None:
        self.store = store or MemoryCallStore()
        options = {"language_code": "de"}
        self.store.save(None, a_call(base_url=BASE_URL, transcription=options, expires_at=9**12))
        if recording is not None:
            self.store.save(None, recording)
        self.audio, self.transcriber, self.telephony = Recorder(), Recorder(), Recorder()
        self.events, self.telemetry, secrets = Recorder(), CountingTelemetry(), Recorder()
        self.documents = Recorder()
        self.audio.answers["copy"] = StoredAudio(size_bytes=1000, channels=1)
        self.transcriber.answers |= {"prepare_audio": AUDIO, "submit": a_job(), "list_since": []}
        secrets.answers["value"] = "secret"
        gateways = InMemoryGateways(
            store=self.store,
            telemetry=self.telemetry,
            audio=self.audio,
            documents=self.documents,
            transcriber=self.transcriber,
            telephony=self.telephony,
            event_publisher=self.events,
            secrets=secrets,
            clock=lambda: NOW,
        )
        self.work: ProcessRecording = application(gateways).process_recording

    def process(self, update: RecordingStatusUpdate | None = None) -> Recording:
        self.work.process(update or notice())
        return self.recording

    def put_off(self) -> RetryLaterError:
        with pytest.raises(RetryLaterError) as caught:
            self.work.process(notice())
        return caught.value

    @property
    def recording(self) -> Recording:
        return self.store.recordings[CALL_ID, RECORDING_SID]


def stored(**more: Any) -> Recording:
    return a_recording("stored", **({"audio_key": KEY, "channels": 1, "claims": 1} | more))


def claimed(minutes_ago: float = 10, **more: Any) -> Recording:
    """A claim without an answer, so old."""
    at = format_timestamp(NOW - timedelta(minutes=minutes_ago))
    values = {"audio_path": AUDIO.location, "attempts": 1, "submitted_at": at}
    return replace(stored(**(values | more)), status=RecordingState.SUBMITTING)


def test_recording_is_kept_stored_and_submitted_at_one_go() -> None:
    house = House()
    stands = house.process(notice(channels=2, duration_seconds=7, source="RecordVerb"))
    assert (stands.status, stands.transcript_id, stands.transcript_status) == (
        "submitted",
        "one",
        "queued",
    )
    assert (stands.audio_key, stands.audio_path) == (KEY, AUDIO.location)
    # what the file has counts, not what Twilio said of it
    assert (stands.channels, stands.duration_seconds, stands.source) == (1, 7, "RecordVerb")
    assert (stands.attempts, stands.claims, stands.expires_at) == (1, 1, 9**12)
    ((request,),) = house.transcriber.given[1:]
    assert (request.audio, request.channels, request.callback_secret) == (AUDIO, 1, "secret")
    assert request.options == {"language_code": "de"}
    assert request.callback_url == f"{BASE_URL}/transcript-complete/{CALL_ID}/{RECORDING_SID}"
    # the same message once more changes nothing
    assert house.process() == stands
    assert house.transcriber.asked == ["prepare_audio", "submit"]
    assert house.telemetry.counts == {
        "RecordingReceived": 1,
        "RecordingStored": 1,
        "TranscriptSubmitted": 1,
    }


@pytest.mark.parametrize("status", ["submitted", "completed", "silent", "absent", "error"])
@pytest.mark.parametrize("told", ["completed", "absent", "deleted"])
def test_recording_that_is_further_on_is_left_alone(status: str, told: str) -> None:
    recording = a_recording(status)
    house = House(recording)
    assert house.process(notice(told)) == recording
    assert house.audio.asked == house.transcriber.asked == house.events.asked == []


def test_recording_that_is_stored_goes_on_although_twilio_has_deleted_it() -> None:
    house = House(stored())
    assert house.process(notice("deleted")).status == "submitted"
    assert house.audio.asked == []


@pytest.mark.parametrize("status", ["in-progress", "processing"])
def test_recording_that_is_not_finished_is_not_absent(status: str) -> None:
    house = House()
    with pytest.raises(RetryLaterError):
        house.process(notice(status))
    assert house.store.recordings == {}


@pytest.mark.parametrize(
    ("told", "failure", "status", "code"),
    [
        ("absent", None, "absent", "recording_absent"),
        ("absent", TOO_SHORT, "absent", "recording_too_short"),
        ("deleted", None, "error", "recording_deleted"),
    ],
)
def test_unavailable_recording_ends_by_name(
    told: str, failure: Failure | None, status: str, code: str
) -> None:
    house = House()
    stands = house.process(notice(told, failure=failure))
    assert (stands.status, stands.error_code) == (status, code)
    assert house.events.asked == ["publish"]


@pytest.mark.parametrize("status", ["erasing", "erased", None])
def test_nothing_is_kept_of_a_call_that_is_unknown_or_erased(status: str | None) -> None:
    house = House()
    house.store.calls.clear()
    if status:
        house.store.save(None, a_call(status))
    house.work.process(notice())
    assert house.store.recordings == {}
    assert house.audio.asked == []
    unknown = {} if status else {"CallbackForUnknownCall": 1}
    assert house.telemetry.counts == unknown


def test_recording_of_a_call_made_elsewhere_has_its_call_adopted() -> None:
    house = House()
    house.telephony.answers["get_call"] = CallStatusUpdate(
        call_sid=CALL_SID, status=CallState.COMPLETED, to_number="+14155550100"
    )
    update = notice(call_id=None, call_sid=CALL_SID, base_url=BASE_URL, imported=True)
    house.work.process(update)
    call = house.store.calls[call_id_for_sid(CALL_SID)]
    assert (call.call_sid, call.status, call.imported) == (CALL_SID, "completed", True)
    assert call.base_url == BASE_URL
    assert house.store.recordings[call.call_id, RECORDING_SID].status == "submitted"


def test_recording_of_a_call_of_which_twilio_does_not_tell_waits() -> None:
    house = House()
    house.telephony.answers["get_call"] = VendorOutcomeUnknownError("Twilio", "no answer")
    with pytest.raises(RetryLaterError, match="Twilio does not tell") as caught:
        house.work.process(notice(call_id=None, call_sid=CALL_SID))
    assert caught.value.seconds == 60
    assert house.store.recordings == {}


def test_audio_that_is_not_there_yet_is_copied_later() -> None:
    house = House()
    house.audio.answers["copy"] = RetryLaterError("not yet", seconds=30)
    assert house.put_off().seconds == 30
    assert house.recording.status == "received"
    house.audio.answers["copy"] = StoredAudio(size_bytes=1, channels=2)
    assert house.process().channels == 2


def test_peaks_are_stored_beside_the_audio_before_the_recording_says_so() -> None:
    house = House()
    assert (house.process().peaks_key, house.documents.asked) == (None, [])
    house = House()
    peaks = Peaks((b"\0\1",))
    house.audio.answers["copy"] = StoredAudio(size_bytes=1, channels=1, peaks=peaks)
    house.documents.answers["put"] = RetryLaterError("S3 is busy", seconds=5)
    house.put_off()
    assert house.recording.status == "received"
    house.documents.answers.clear()
    key = f"audio/{CALL_ID}/{RECORDING_SID}.peaks.json.gz"
    assert house.process().peaks_key == key
    assert house.documents.given == [(key, peaks.to_document())] * 2


def test_audio_that_twilio_refuses_ends_the_recording_with_what_to_check() -> None:
    house = House()
    house.audio.answers["copy"] = VendorRefusedError("Twilio", "401 Unauthorized", status=401)
    failure = house.process().failure
    assert failure is not None
    assert (failure.code, failure.retryable) == ("audio_refused", True)
    assert failure.message == "401 Unauthorized: check the stack's Twilio API key"
    assert (house.events.asked, house.transcriber.asked) == (["publish"], [])


@pytest.mark.parametrize("error", [UNKNOWN, VendorRateLimitedError("AssemblyAI", "busy")])
def test_audio_that_cannot_be_handed_over_now_is_no_attempt(error: VendorError) -> None:
    house = House(stored())
    house.transcriber.answers["prepare_audio"] = error
    assert house.put_off().seconds == 30
    assert house.recording == stored()


def test_busy_vendor_is_asked_later_and_it_was_no_attempt() -> None:
    house = House(stored())
    error = house.transcriber.answers["submit"] = VendorRateLimitedError("AssemblyAI", "busy")
    error.retry_after_seconds = 77
    assert house.put_off().seconds == 77
    stands = house.recording
    # the claim stays counted, so that a write which expects it never meets a later one
    assert (stands.status, stands.attempts, stands.claims) == ("stored", 0, 2)


@pytest.mark.parametrize("failure", [Failure("options_refused", "they contradict", False), None])
def test_refusal_ends_the_recording_in_our_words_or_in_the_vendors(failure: Failure | None) -> None:
    house = House(stored())
    house.transcriber.answers["submit"] = VendorRefusedError("AssemblyAI", "no", failure=failure)
    stands = house.process()
    told = failure or Failure("vendor_error", "AssemblyAI: no", retryable=False)
    assert (stands.status, stands.failure, stands.attempts) == ("error", told, 1)
    assert house.events.asked == ["publish"]


def test_submission_without_an_answer_is_looked_up_and_not_repeated() -> None:
    house = House(stored())
    house.transcriber.answers["submit"] = UNKNOWN
    # when the look-up may begin
    assert house.put_off().seconds == 250
    assert house.recording.status == "submitting"
    assert house.put_off().seconds == 60
    assert house.transcriber.asked == ["prepare_audio", "submit"]


@pytest.mark.parametrize(("minutes", "asks"), [(3.9, False), (4, True)])
def test_claim_is_looked_up_once_no_worker_can_be_submitting(minutes: float, asks: bool) -> None:
    house = House(claimed(minutes))
    house.transcriber.answers["list_since"] = UNKNOWN
    assert house.put_off().seconds == 60
    assert house.transcriber.asked == (["list_since"] if asks else [])
    assert house.recording == claimed(minutes)


def test_submission_that_arrived_is_found_and_the_first_one_counts() -> None:
    house = House(claimed())
    newest_first = [a_job("two"), a_job("one"), a_job("zero", "another's audio")]
    house.transcriber.answers["list_since"] = newest_first
    stands = house.process()
    assert (stands.status, stands.transcript_id, stands.attempts) == ("submitted", "one", 1)
    assert house.transcriber.asked == ["list_since"]
    assert house.telemetry.counts == {"SubmissionFound": 1, "TranscriptSubmitted": 1}


def test_submission_that_never_arrived_is_made_again_and_was_no_attempt() -> None:
    house = House(claimed())
    house.transcriber.answers["list_since"] = [a_job("zero", "another's audio")]
    stands = house.process()
    assert (stands.status, stands.attempts, stands.claims) == ("submitted", 1, 2)
    assert house.transcriber.asked == ["list_since", "prepare_audio", "submit"]


@pytest.mark.parametrize("recording", [None, stored()])
def test_of_two_workers_one_submits(recording: Recording | None) -> None:
    # the other takes the same step just before ours
    house = House(recording, store=ContendedStore(lambda _, after: after))
    assert house.process().status == "submitting"
    assert "submit" not in house.transcriber.asked
