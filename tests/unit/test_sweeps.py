"""The windows of the sweeps, and what each scan makes of an entry of its list."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any, cast

import pytest

from callscribe.domain.calls import Call, CallState
from callscribe.domain.errors import VendorNotAskedError, VendorRefusedError
from callscribe.domain.recordings import Recording, RecordingState
from callscribe.domain.sweeps import (
    HandledEntry,
    Outcome,
    Sweep,
    SweepKind,
    SweepStatus,
    advanced,
    first_window,
    next_window,
    restarted,
)
from callscribe.domain.times import format_timestamp
from callscribe.domain.transcription_jobs import JobStatus, TranscriptionJob
from callscribe.ports.telephony import (
    CallStatusUpdate,
    RecordingStatusUpdate,
    VendorRecordingState,
)
from callscribe.use_cases.sweeps.calls import ScanCalls
from callscribe.use_cases.sweeps.recordings import ScanRecordings
from callscribe.use_cases.sweeps.scan import is_erased
from callscribe.use_cases.sweeps.transcripts import ScanTranscripts
from simulation.memory_store import MemoryCallStore
from tests.support import entries
from tests.support.doubles import Recorder
from tests.support.entries import CALL_ID, CALL_SID, RECORDING_SID, a_recording
from tests.support.gateways import InMemoryGateways, application
from tests.support.sweeping import BUCKET, NOW, OURS

WINDOW = first_window(SweepKind.RECORDINGS, NOW)


def ago(**span: float) -> str:
    return format_timestamp(NOW - timedelta(**span))


def test_first_window_is_the_last_day() -> None:
    assert (WINDOW.since, WINDOW.until) == (ago(days=1), ago())
    assert (WINDOW.sweep_id, WINDOW.status) == ("recordings", SweepStatus.RUNNING)


def test_next_window_joins_up_with_an_overlap() -> None:
    window = next_window(WINDOW, NOW + timedelta(days=9))
    assert window.since == ago(minutes=30)
    assert window.until == ago(days=-9)
    assert window.created_at == WINDOW.created_at


def test_page_is_counted_and_reaches_back_to_the_oldest_that_is_not_done() -> None:
    handled = [
        HandledEntry(Outcome.KNOWN, ago(hours=9)),
        HandledEntry(Outcome.FOUND, ago(hours=8), is_unmapped=True),
        HandledEntry(Outcome.SKIPPED, ago(hours=7)),
        HandledEntry(Outcome.UNFINISHED, ago(hours=5)),
        HandledEntry(Outcome.UNWANTED, ago(hours=6)),
    ]
    after = advanced(WINDOW, handled, "next", NOW)
    assert (after.seen, after.known, after.found, after.skipped) == (5, 1, 1, 3)
    assert (after.unmapped, after.unfinished_since) == (1, ago(hours=6))
    assert (after.status, after.cursor) == (SweepStatus.RUNNING, "next")
    ended = advanced(after, [HandledEntry(Outcome.UNFINISHED, ago(hours=1))], None, NOW)
    assert (ended.status, ended.seen, ended.unfinished_since) == ("completed", 6, ago(hours=6))


def test_entry_without_a_time_reaches_back_to_the_beginning() -> None:
    after = advanced(WINDOW, [HandledEntry(Outcome.UNFINISHED)], None, NOW)
    assert after.unfinished_since == WINDOW.since


def test_window_that_is_begun_again_has_counted_nothing() -> None:
    after = advanced(WINDOW, [HandledEntry(Outcome.UNFINISHED, ago(hours=1))], "next", NOW)
    assert restarted(after, NOW) == replace(WINDOW, restarts=1)


def a_call(status: CallState = CallState.RINGING) -> Call:
    return entries.a_call(status, call_sid=CALL_SID)


class House:
    """A table with what a test puts into it, and the three scans."""

    def __init__(self, *entries: Call | Recording, adoption: str = "own") -> None:
        self.store = MemoryCallStore()
        for entry in entries:
            self.store.save(None, cast(Any, entry))
        self.finish, self.queue = Recorder(), Recorder()
        self.transcriber, self.telephony = Recorder(), Recorder()
        gateways = InMemoryGateways(store=self.store, queue=self.queue, clock=lambda: NOW)
        app = application(
            gateways, BUCKET_NAME=BUCKET, PUBLIC_BASE_URL=OURS, ADOPT_RECORDINGS=adoption
        )
        scans: Any = app.reconcile.sweep.scans
        self.calls: ScanCalls = scans[SweepKind.CALLS]
        self.recordings: ScanRecordings = replace(
            scans[SweepKind.RECORDINGS], telephony=self.telephony, finish=self.finish
        )
        self.transcripts: ScanTranscripts = replace(
            scans[SweepKind.TRANSCRIPTS], transcriber=self.transcriber, finish=self.finish
        )


@pytest.mark.parametrize(
    ("entries", "outcome", "status"),
    [
        ([], Outcome.SKIPPED, None),
        ([a_call(CallState.BUSY)], Outcome.KNOWN, "busy"),
        ([a_call(CallState.ERASED)], Outcome.KNOWN, "erased"),
        ([a_call(CallState.RINGING)], Outcome.FOUND, "completed"),
    ],
)
def test_scan_of_ended_calls(entries: list[Call], outcome: Outcome, status: str | None) -> None:
    house = House(*entries)
    ended = CallStatusUpdate(call_sid=CALL_SID, status=CallState.COMPLETED)
    assert house.calls.handle(ended, WINDOW, 0) == HandledEntry(outcome)
    stands = house.store.get_call(CALL_ID)
    assert (stands and stands.status) == status


def at_twilio(
    status: VendorRecordingState = VendorRecordingState.COMPLETED, **more: Any
) -> RecordingStatusUpdate:
    update = RecordingStatusUpdate(
        recording_sid=RECORDING_SID, call_sid=CALL_SID, status=status, created_at=ago(hours=1)
    )
    return replace(update, **more)


@pytest.mark.parametrize(
    ("entries", "update", "adoption", "outcome"),
    [
        ([a_call(), a_recording(RecordingState.STORED)], at_twilio(), "own", Outcome.KNOWN),
        ([a_call()], at_twilio(), "own", Outcome.FOUND),
        ([a_call()], at_twilio(created_at=ago(minutes=1)), "own", Outcome.FOUND),
        ([a_call()], at_twilio(VendorRecordingState.PROCESSING), "own", Outcome.UNFINISHED),
        ([a_call()], at_twilio(VendorRecordingState.DELETED), "own", Outcome.SKIPPED),
        ([a_call(CallState.ERASED)], at_twilio(), "own", Outcome.UNWANTED),
        ([], at_twilio(), "own", Outcome.SKIPPED),
        ([], at_twilio(created_at=ago(minutes=1)), "own", Outcome.SKIPPED),
        ([], at_twilio(), "account", Outcome.FOUND),
        ([], at_twilio(created_at=ago(minutes=1)), "account", Outcome.UNFINISHED),
        ([], at_twilio(VendorRecordingState.PROCESSING), "account", Outcome.UNFINISHED),
        ([], at_twilio(VendorRecordingState.DELETED), "account", Outcome.SKIPPED),
    ],
)
def test_scan_of_recordings(
    entries: list[Call | Recording],
    update: RecordingStatusUpdate,
    adoption: str,
    outcome: Outcome,
) -> None:
    house = House(*entries, adoption=adoption)
    handled = house.recordings.handle(update, WINDOW, 5)
    assert (handled.outcome, handled.created_at) == (outcome, update.created_at)
    assert handled.is_unmapped == (outcome is Outcome.FOUND and update.created_at == ago(hours=1))
    assert house.queue.asked == (["put"] if outcome is Outcome.FOUND else [])
    assert house.finish.asked == (["keep"] if outcome is Outcome.KNOWN else [])


@pytest.mark.parametrize("status", CallState)
def test_leftovers_are_those_of_a_call_that_is_known_to_be_erased(status: CallState) -> None:
    store = MemoryCallStore()
    store.save(None, a_call(status))
    assert is_erased(store, CALL_ID) == (status in (CallState.ERASING, CallState.ERASED))
    # it may have expired: that is no word of an erasure
    assert not is_erased(store, "b" * 32)


def test_import_takes_what_is_young_or_strange_as_well() -> None:
    house = House()
    sweep = replace(WINDOW, kind=SweepKind.IMPORT)
    young = at_twilio(created_at=ago(minutes=1))
    assert house.recordings.handle(young, sweep, 0).outcome is Outcome.FOUND
    ((queued,),) = house.queue.given
    assert (queued.imported, queued.call_id, queued.base_url) == (True, None, OURS)


@pytest.mark.parametrize(
    ("wanted", "asked"),
    [
        ({}, "page_recordings"),
        ({"wanted_call_sid": CALL_SID}, "list_recordings"),
        ({"wanted_recording_sid": RECORDING_SID}, "get_recording"),
    ],
)
def test_import_may_be_of_one_call_or_one_recording(wanted: dict[str, str], asked: str) -> None:
    house = House()
    sweep: Sweep = replace(WINDOW, kind=SweepKind.IMPORT, **cast(Any, wanted))
    house.recordings.page(sweep)
    assert house.telephony.asked == [asked]


def a_job(status: JobStatus = JobStatus.COMPLETED, **more: Any) -> TranscriptionJob:
    job = TranscriptionJob(
        vendor="a vendor",
        transcript_id="one",
        status=status,
        audio_location=f"{BUCKET}.s3.amazonaws.com/audio/{CALL_ID}/{RECORDING_SID}.wav",
        created_at=ago(hours=1),
    )
    return replace(job, **more)


WEBHOOK = f"{OURS}/transcript-complete/{CALL_ID}/{RECORDING_SID}"
SUBMITTED = a_recording(RecordingState.SUBMITTED, transcript_id="one")
ANOTHER = a_recording(RecordingState.COMPLETED, transcript_id="another")
PAST = a_recording(RecordingState.SUBMITTED, past_transcript_ids=["one"])
DONE = a_recording(RecordingState.COMPLETED, transcript_id="one")


@pytest.mark.parametrize(
    ("entries", "job", "outcome", "does"),
    [
        ([a_call(), SUBMITTED], a_job(audio_location="elsewhere.example/x"), "skipped", []),
        ([a_call(), SUBMITTED], a_job(), "found", ["from_webhook"]),
        ([a_call(), SUBMITTED], a_job(JobStatus.PROCESSING), "unfinished", []),
        ([a_call(), PAST], a_job(), "skipped", []),
        ([a_call(), DONE], a_job(), "known", []),
        ([a_call(), ANOTHER], a_job(), "found", ["get", "delete"]),
        ([a_call()], a_job(), "skipped", []),
        ([a_call(CallState.ERASED)], a_job(), "unwanted", ["get"]),
    ],
)
def test_scan_of_transcripts(
    entries: list[Call | Recording], job: TranscriptionJob, outcome: str, does: list[str]
) -> None:
    house = House(*entries)
    house.transcriber.answers["get"] = replace(job, callback_url=WEBHOOK)
    handled = house.transcripts.handle(job, WINDOW, 0)
    assert handled == HandledEntry(Outcome(outcome), job.created_at)
    assert house.transcriber.asked + house.finish.asked == does


def test_job_that_the_vendor_refuses_does_not_keep_the_others_waiting() -> None:
    house = House(a_call(), ANOTHER)
    house.transcriber.answers["get"] = VendorRefusedError("a vendor", "no", status=400)
    assert house.transcripts.handle(a_job(), WINDOW, 0).outcome is Outcome.UNFINISHED


def test_vendor_that_may_not_be_asked_ends_the_sweep_for_now() -> None:
    house = House(a_call(), ANOTHER)
    house.transcriber.answers["get"] = VendorNotAskedError("a vendor", "had its share")
    with pytest.raises(VendorNotAskedError):
        house.transcripts.handle(a_job(), WINDOW, 0)


def test_unwanted_entries_are_deleted_where_they_are() -> None:
    house = House()
    house.recordings.delete(at_twilio())
    house.transcripts.delete(a_job())
    assert (house.telephony.given, house.transcriber.given) == ([(RECORDING_SID,)], [("one",)])
