"""The ends of a recording: what a webhook or a look at the job leads to, and the event of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from callscribe.domain.calls import Call
from callscribe.domain.errors import (
    RetryLaterError,
    VendorNotAskedError,
    VendorNotFoundError,
    VendorOutcomeUnknownError,
)
from callscribe.domain.failures import Failure
from callscribe.domain.recordings import Recording, RecordingState
from callscribe.domain.times import format_timestamp
from callscribe.domain.transcription_jobs import JobStatus, TranscriptionJob
from callscribe.domain.transcripts import Transcript
from callscribe.ports.telephony import RecordingStatusUpdate, VendorRecordingState
from callscribe.use_cases.finish_recording import MAX_TEXT_BYTES, FinishRecording
from simulation.memory_store import MemoryCallStore
from tests.support.doubles import CountingTelemetry, Recorder
from tests.support.entries import CALL_ID, RECORDING_SID, a_call, a_recording, put
from tests.support.gateways import InMemoryGateways, application
from tests.support.stores import ContendedStore

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
AUDIO = "bucket/audio.wav"
NO_FETCH = Failure("download_error", "it could not be fetched", retryable=True)
NO_SPEECH = Failure("no_speech", "no speech in this recording", retryable=False)
UNREADABLE = Failure("unreadable_transcript", "not of its form", retryable=True)


def ago(**span: float) -> str:
    return format_timestamp(NOW - timedelta(**span))


def submitted(**more: Any) -> Recording:
    values: dict[str, Any] = {
        "transcript_id": "one",
        "transcript_status": "queued",
        "audio_key": "audio",
        "audio_path": AUDIO,
        "attempts": 1,
        "submitted_at": ago(minutes=10),
        "due_at": ago(minutes=0),
    }
    return a_recording(**({"status": "submitted"} | values | more))


def heard(text: str) -> Transcript:
    return Transcript("one", text, 0.9, 7, "en_us", "universal-2", ("quiet",), ())


def a_job(status: JobStatus, **more: Any) -> TranscriptionJob:
    values: dict[str, Any] = {"transcript_id": "one", "audio_location": AUDIO}
    return TranscriptionJob(vendor="AssemblyAI", status=status, **(values | more))


def completed(text: str = "Good morning.", **more: Any) -> TranscriptionJob:
    return a_job(JobStatus.COMPLETED, transcript=heard(text), document={"text": text}, **more)


def failed(failure: Failure, status: JobStatus = JobStatus.ERROR) -> TranscriptionJob:
    return a_job(status, failure=failure)


class House:
    def __init__(
        self,
        recording: Recording,
        job: TranscriptionJob | Exception | None = None,
        *,
        store: MemoryCallStore | None = None,
        vendor_copies: str = "keep",
        **call: Any,
    ) -> None:
        self.store = store or MemoryCallStore()
        self.call = a_call(**call)
        put(self.store, self.call, recording)
        self.queue, self.documents, self.events = Recorder(), Recorder(), Recorder()
        self.transcriber, self.telemetry = Recorder(), CountingTelemetry()
        self.transcriber.answers["get"] = job
        gateways = InMemoryGateways(
            store=self.store,
            telemetry=self.telemetry,
            queue=self.queue,
            documents=self.documents,
            event_publisher=self.events,
            transcriber=self.transcriber,
            clock=lambda: NOW,
        )
        self.finish: FinishRecording = application(
            gateways, VENDOR_COPIES=vendor_copies
        ).finish_recording

    def webhook(self, transcript_id: str = "one") -> Recording:
        self.finish.from_webhook(CALL_ID, RECORDING_SID, transcript_id)
        return self.recording

    def ask_again(self) -> Recording:
        self.finish.ask_again(self.call, self.recording)
        return self.recording

    @property
    def recording(self) -> Recording:
        return self.store.recordings[CALL_ID, RECORDING_SID]

    @property
    def announced(self) -> list[str]:
        return [recording.status for _, recording in self.events.given]


def test_transcript_is_stored_whole_and_told_of_once() -> None:
    house = House(submitted(), completed())
    stands = house.webhook()
    assert (stands.status, stands.text, stands.confidence) == ("completed", "Good morning.", 0.9)
    assert (stands.language_code, stands.speech_model_used) == ("en_us", "universal-2")
    assert (stands.audio_duration_seconds, stands.warnings) == (7, ["quiet"])
    assert (stands.transcript_status, stands.text_truncated) == ("completed", None)
    assert stands.transcript_key == f"transcripts/{CALL_ID}/{RECORDING_SID}/one.json.gz"
    assert house.documents.given == [(stands.transcript_key, {"text": "Good morning."})]
    assert (stands.event_pending, stands.due_at) == (None, None)
    # the webhook comes once more
    assert house.webhook() == stands
    assert house.announced == ["completed"]
    assert house.transcriber.asked == ["get"]
    assert house.telemetry.counts == {"TranscriptCompleted": 1}


@pytest.mark.parametrize(
    ("job", "status", "failure"),
    [
        (completed(" \n"), "silent", NO_SPEECH),
        (failed(NO_SPEECH), "silent", NO_SPEECH),
        # it was paid for: no other is asked for unless a person says so
        (failed(UNREADABLE, JobStatus.COMPLETED), "error", UNREADABLE),
        (failed(replace(NO_FETCH, retryable=False)), "error", replace(NO_FETCH, retryable=False)),
    ],
)
def test_job_without_words_ends_the_recording_by_name(
    job: TranscriptionJob, status: str, failure: Failure
) -> None:
    house = House(submitted(), job)
    stands = house.webhook()
    assert (stands.status, stands.failure) == (status, failure)
    assert (house.announced, house.queue.asked) == ([status], [])


@pytest.mark.parametrize(
    ("attempts", "allowed", "again"), [(2, 3, True), (3, 3, False), (3, 6, True)]
)
def test_failure_of_the_vendor_is_tried_again_as_often_as_is_allowed(
    attempts: int, allowed: int, again: bool
) -> None:
    house = House(submitted(attempts=attempts, attempts_allowed=allowed), failed(NO_FETCH))
    stands = house.webhook()
    if again:
        assert (stands.status, stands.transcript_id) == ("stored", None)
        assert stands.past_transcript_ids == ["one"]
        assert (house.queue.asked, house.announced) == (["put"], [])
    else:
        assert (stands.status, stands.failure, stands.failed_at) == ("error", NO_FETCH, ago())
        assert (house.queue.asked, house.announced) == ([], ["error"])


@pytest.mark.parametrize(("letter", "kept"), [("a", MAX_TEXT_BYTES), ("ü", MAX_TEXT_BYTES // 2)])
def test_text_is_cut_to_what_an_item_holds_at_a_whole_character(letter: str, kept: int) -> None:
    whole = House(submitted(), completed(letter * kept)).webhook()
    assert (whole.text, whole.text_truncated) == (letter * kept, None)
    # an odd byte before: the last character would be cut in two
    house = House(submitted(), completed("a" + letter * kept))
    stands = house.webhook()
    assert (stands.text, stands.text_truncated) == ("a" + letter * (kept - 1), True)
    ((_, document),) = house.documents.given
    assert len(document["text"]) == kept + 1


@pytest.mark.parametrize(
    ("recording", "transcript_id", "job", "asked"),
    [
        (submitted(), "another", completed(), []),
        (submitted(), "one", VendorNotFoundError("AssemblyAI", "no such", status=404), ["get"]),
        # the answer to the submission was lost: the job must name our audio, and not be given up
        (submitted(transcript_id=None), "one", completed(audio_location="another"), ["get"]),
        (submitted(transcript_id=None, past_transcript_ids=["one"]), "one", completed(), ["get"]),
    ],
)
def test_webhook_of_another_job_is_not_believed(
    recording: Recording, transcript_id: str, job: Any, asked: list[str]
) -> None:
    house = House(recording, job)
    assert house.webhook(transcript_id) == recording
    assert (house.transcriber.asked, house.announced) == (asked, [])
    assert house.telemetry.counts == {"WebhookMismatch": 1}


@pytest.mark.parametrize("status", ["submitting", "stored"])
def test_webhook_finds_the_submission_whose_answer_was_lost(status: str) -> None:
    stands = House(submitted(status=status, transcript_id=None), completed()).webhook()
    assert (stands.status, stands.transcript_id) == ("completed", "one")


@pytest.mark.parametrize(
    "known", [{"status": "erasing"}, {"status": "erased"}, {"call_id": "b" * 32}]
)
def test_webhook_of_an_unknown_or_erased_call_asks_nothing(known: dict[str, Any]) -> None:
    house = House(submitted(), completed(), **known)
    assert house.webhook() == submitted()
    assert house.transcriber.asked == []
    assert house.telemetry.counts == {"WebhookForUnknownRecording": 1}


def test_webhook_that_cannot_be_checked_comes_again() -> None:
    house = House(submitted(), VendorOutcomeUnknownError("AssemblyAI", "no answer"))
    with pytest.raises(VendorOutcomeUnknownError):
        house.webhook()
    assert house.recording == submitted()


def test_event_that_cannot_be_sent_is_still_owed() -> None:
    house = House(submitted(), completed())
    house.events.answers["publish"] = RetryLaterError("the bus is busy", seconds=5)
    with pytest.raises(RetryLaterError):
        house.webhook()
    owed = house.recording
    assert (owed.status, owed.event_pending) == ("completed", True)
    assert owed.due_at == format_timestamp(NOW + timedelta(minutes=2))
    # it is sent by the next one who comes by
    house.events.answers.clear()
    assert house.webhook().event_pending is None
    assert house.announced == ["completed", "completed"]


@pytest.mark.parametrize(
    ("vendor_copies", "job", "due_at"),
    [
        ("delete", completed(), format_timestamp(NOW + timedelta(minutes=10))),
        ("delete", completed(""), format_timestamp(NOW + timedelta(minutes=10))),
        # what failed may be tried again from them
        ("delete", failed(UNREADABLE, JobStatus.COMPLETED), None),
        ("keep", completed(), None),
    ],
)
def test_copies_at_the_vendors_are_due_after_the_event(
    vendor_copies: str, job: TranscriptionJob, due_at: str | None
) -> None:
    stands = House(submitted(), job, vendor_copies=vendor_copies).webhook()
    assert (stands.event_pending, stands.due_at) == (None, due_at)


def ended_first(before: Any, _: Any) -> Recording | None:
    """Another writer ends the recording first."""
    return replace(before, status=RecordingState.SILENT) if before.status == "submitted" else None


@pytest.mark.parametrize("job", [completed(), failed(NO_FETCH), failed(UNREADABLE)])
def test_loser_of_a_race_changes_and_announces_nothing(job: TranscriptionJob) -> None:
    house = House(submitted(), job, store=ContendedStore(ended_first))
    # its webhook comes again, and finds the end
    with pytest.raises(RetryLaterError):
        house.webhook()
    assert house.webhook().status == "silent"
    assert (house.announced, house.queue.asked, house.telemetry.counts) == ([], [], {})


@pytest.mark.parametrize(
    ("hours", "status", "failure"),
    [(47.9, "submitted", None), (48.1, "error", "transcript_overdue")],
)
@pytest.mark.parametrize("told", [JobStatus.QUEUED, JobStatus.PROCESSING])
def test_job_that_runs_is_looked_at_later_until_its_time_is_up(
    hours: float, status: str, failure: str | None, told: JobStatus
) -> None:
    house = House(submitted(submitted_at=ago(hours=hours)), a_job(told))
    stands = house.ask_again()
    assert (stands.status, stands.error_code) == (status, failure)
    if failure is None:
        assert (stands.transcript_status, stands.reconcile_attempts) == (told, 1)
        # twice the wait of before
        assert stands.due_at == format_timestamp(NOW + timedelta(minutes=20))


@pytest.mark.parametrize(
    ("attempts", "status", "failure"), [(2, "stored", None), (3, "error", "transcript_lost")]
)
def test_job_that_the_vendor_has_lost_is_made_again_as_often_as_is_allowed(
    attempts: int, status: str, failure: str | None
) -> None:
    gone = VendorNotFoundError("AssemblyAI", "no such transcript", status=404)
    house = House(submitted(attempts=attempts), gone)
    stands = house.ask_again()
    assert (stands.status, stands.error_code) == (status, failure)
    assert len(house.queue.asked) == (failure is None)
    assert house.telemetry.counts["UnmappedItems"] == 1


@pytest.mark.parametrize(("hours", "ends"), [(47.9, False), (48.1, True)])
def test_vendor_that_only_answers_errors_is_waited_for_until_its_time_is_up(
    hours: float, ends: bool
) -> None:
    error = VendorOutcomeUnknownError("AssemblyAI", "AssemblyAI answered 500", status=500)
    recording = submitted(submitted_at=ago(hours=hours))
    house = House(recording, error)
    if not ends:
        with pytest.raises(VendorOutcomeUnknownError):
            house.ask_again()
        assert house.recording == recording
        return
    failure = house.ask_again().failure
    assert failure is not None
    assert (failure.code, failure.retryable) == ("transcript_unavailable", True)


def test_vendor_that_was_not_asked_ends_nothing_however_late_it_is() -> None:
    late = submitted(submitted_at=ago(hours=100))
    house = House(late, VendorNotAskedError("AssemblyAI", "it had its share of the time"))
    with pytest.raises(VendorNotAskedError):
        house.ask_again()
    assert house.recording == late


def test_what_twilio_knows_fills_in_what_is_lacking() -> None:
    house = House(submitted(channels=2))
    told = RecordingStatusUpdate(
        recording_sid=RECORDING_SID,
        status=VendorRecordingState.COMPLETED,
        channels=1,
        duration_seconds=0,
        started_at=ago(hours=1),
        source="RecordVerb",
    )
    house.finish.keep(house.recording, told)
    stands = house.recording
    assert (stands.channels, stands.duration_seconds) == (2, 0)
    assert (stands.started_at, stands.source) == (ago(hours=1), "RecordVerb")
    house.finish.keep(stands, replace(told, duration_seconds=9))
    assert house.recording == stands


def test_event_says_of_which_call_it_is() -> None:
    house = House(submitted(), completed(), metadata={"customer": "7"})
    house.webhook()
    ((call, _),) = house.events.given
    assert isinstance(call, Call)
    assert call.metadata == {"customer": "7"}
