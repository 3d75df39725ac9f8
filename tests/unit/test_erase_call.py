"""Erasing a call at both vendors, in the bucket and in the table, however often it is begun."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from callscribe.domain.calls import Call
from callscribe.domain.errors import (
    RetryLaterError,
    VendorError,
    VendorNotFoundError,
    VendorOutcomeUnknownError,
)
from callscribe.domain.recordings import Recording
from callscribe.domain.times import format_timestamp
from callscribe.domain.transcription_jobs import JobStatus, TranscriptionJob
from callscribe.ports.telephony import RecordingStatusUpdate, VendorRecordingState
from callscribe.use_cases.erase_call import EraseCall
from simulation.memory_store import MemoryCallStore
from tests.support.doubles import CountingTelemetry
from tests.support.entries import (
    CALL_ID,
    CALL_SID,
    RECORDING_SID,
    a_call,
    a_recording,
    a_share,
    put,
)
from tests.support.gateways import InMemoryGateways, application

ASKED = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
OTHER_SID = "RE" + "2" * 32
DOWN = VendorOutcomeUnknownError("Twilio", "Twilio answered 500", status=500)


class Places:
    """Everything that is somewhere: both vendors and the bucket, by name."""

    def __init__(self, *names: str) -> None:
        self.names = set(names)
        self.jobs: list[TranscriptionJob] = []
        # what raises, by the beginning of a name
        self.trouble: dict[str, Exception] = {}

    def _delete(self, name: str) -> None:
        for begin, error in self.trouble.items():
            if name.startswith(begin):
                raise error
        if name not in self.names:
            raise VendorNotFoundError("a vendor", f"no {name}", status=404)
        self.names.remove(name)

    delete = delete_recording = delete_call = _delete

    def list_recordings(self, call_sid: str) -> list[RecordingStatusUpdate]:
        done = VendorRecordingState.COMPLETED
        return [
            RecordingStatusUpdate(recording_sid=name, status=done, call_sid=call_sid)
            for name in sorted(self.names)
            if name.startswith("RE")
        ]

    def list_since(self, _: str) -> list[TranscriptionJob]:
        return self.jobs

    def erase(self, call_id: str) -> int:
        assert call_id == CALL_ID
        found = {name for name in self.names if name.startswith("audio")}
        if "audio" in self.trouble:
            raise self.trouble["audio"]
        self.names -= found
        return len(found)


class House:
    def __init__(self, *names: str, recordings: tuple[Recording, ...] = (), **more: Any) -> None:
        self.now = ASKED
        self.store, self.places = MemoryCallStore(), Places(*names)
        asked = {"asked_at": format_timestamp(ASKED), "recordings": 1}
        self.call = a_call(**{"status": "erasing", "call_sid": CALL_SID, "erasure": asked} | more)
        put(self.store, self.call, *recordings)
        self.telemetry = CountingTelemetry()
        gateways = InMemoryGateways(
            store=self.store,
            telemetry=self.telemetry,
            documents=self.places,
            telephony=self.places,
            transcriber=self.places,
            clock=lambda: self.now,
        )
        self.erase: EraseCall = application(gateways).erase_call

    def look(self, minutes: float) -> Call:
        """The call as it stands after a look so long after it was asked for."""
        self.now = ASKED + timedelta(minutes=minutes)
        self.erase.erase_once(self.store.calls[CALL_ID])
        return self.store.calls[CALL_ID]


EVERYWHERE = (CALL_SID, RECORDING_SID, "transcript-1", "transcript-2", "audio/1", "audio/2")


def transcribed(**more: Any) -> Recording:
    ids: dict[str, Any] = {"transcript_id": "transcript-2", "past_transcript_ids": ["transcript-1"]}
    return a_recording("completed", **(ids | more))


def test_everything_goes_at_the_first_look_and_it_is_said_at_a_later_one() -> None:
    house = House(*EVERYWHERE, recordings=(transcribed(),))
    call = house.look(1)
    assert (house.places.names, house.store.recordings) == (set(), {})
    # a worker may run until twenty minutes after it was asked for
    assert (call.status, call.due_at) == ("erasing", "2026-11-21T08:21:00.000Z")
    call = house.look(21)
    assert (call.status, call.due_at) == ("erased", None)
    assert call.erasure == {
        "asked_at": "2026-11-21T08:00:00.000Z",
        "erased_at": "2026-11-21T08:21:00.000Z",
        "recordings": 1,
    }
    assert house.telemetry.counts == {"CallErased": 1}


@pytest.mark.parametrize(("minutes", "status"), [(19.9, "erasing"), (20, "erased")])
def test_call_of_which_nothing_is_found_is_erased_once_no_worker_can_run(
    minutes: float, status: str
) -> None:
    assert House().look(minutes).status == status


@pytest.mark.parametrize("left", ["audio/late", RECORDING_SID, CALL_SID])
def test_what_a_worker_left_meanwhile_asks_for_one_more_look(left: str) -> None:
    house = House(left)
    assert house.look(30).status == "erasing"
    assert house.places.names == set()
    assert house.look(60).status == "erased"


def test_links_go_expired_ones_too_and_those_of_another_call_stay() -> None:
    house = House()
    other = a_share(call_id="b" * 32)
    for share in (a_share(), a_share(share_id="6" * 32, expires_at=1), other):
        house.store.add_share(share)
    # a link that was made meanwhile may have company on its way
    assert house.look(30).status == "erasing"
    assert list(house.store.shares.values()) == [other]
    assert house.look(60).status == "erased"


def test_recording_that_a_worker_added_meanwhile_asks_for_one_more_look() -> None:
    house = House(recordings=(a_recording("received"),))
    assert house.look(30).status == "erasing"
    assert house.store.recordings == {}
    assert house.look(60).status == "erased"


@pytest.mark.parametrize(
    ("where", "error", "left"),
    [
        # the items say which transcripts there are: they stay as long as these
        ("transcript", VendorOutcomeUnknownError("AssemblyAI", "no answer"), "transcript-1"),
        ("RE", DOWN, RECORDING_SID),
        ("CA", DOWN, CALL_SID),
        ("audio", RetryLaterError("S3 is busy", seconds=5), "audio/1"),
    ],
)
def test_trouble_at_one_place_does_not_keep_the_rest(
    where: str, error: Exception, left: str
) -> None:
    house = House(*EVERYWHERE, recordings=(transcribed(),))
    house.places.trouble[where] = error
    with pytest.raises(type(error)):
        house.look(30)
    assert left in house.places.names
    gone = {"transcript": "audio/1", "RE": "transcript-1", "CA": "audio/1", "audio": CALL_SID}
    assert gone[where] not in house.places.names
    assert bool(house.store.recordings) == (where == "transcript")
    assert house.store.calls[CALL_ID] == house.call
    # and the next look ends it
    house.places.trouble.clear()
    house.look(40)
    assert house.places.names == set()
    assert house.look(60).status == "erased"


@pytest.mark.parametrize("call_sid", [None, "none yet"])
def test_call_that_never_was_at_twilio_is_not_looked_for_there(call_sid: str | None) -> None:
    house = House(call_sid=call_sid)
    house.places.trouble[""] = AssertionError("Twilio was asked")
    assert house.look(20).status == "erased"


def a_job(transcript_id: str, location: str) -> TranscriptionJob:
    return TranscriptionJob(
        vendor="AssemblyAI",
        transcript_id=transcript_id,
        status=JobStatus.QUEUED,
        audio_location=location,
    )


def test_submission_without_an_answer_is_looked_up_once_it_must_have_ended() -> None:
    under_way = a_recording("submitting", audio_path="ours", submitted_at=format_timestamp(ASKED))
    house = House("transcript-9", "transcript-8", recordings=(under_way,))
    house.places.jobs = [a_job("transcript-9", "ours"), a_job("transcript-8", "another's")]
    house.look(3.9)
    assert house.store.recordings.keys() == {(CALL_ID, RECORDING_SID)}
    assert house.places.names == {"transcript-9", "transcript-8"}
    house.look(4)
    assert house.store.recordings == {}
    assert house.places.names == {"transcript-8"}


def test_recording_that_was_just_claimed_again_keeps_its_item() -> None:
    """Removed under the worker's hands, it could not be found by the next look."""
    read = a_recording("stored")
    house = House(recordings=(replace(read, claims=1),))

    class Earlier(MemoryCallStore):
        def get_call_with_recordings(self, _: str) -> tuple[Call, list[Recording]]:
            return house.call, [read]

    earlier = Earlier()
    earlier.calls, earlier.recordings = house.store.calls, house.store.recordings
    replace(house.erase, store=earlier).erase_once(house.call)
    assert house.store.recordings.keys() == {(CALL_ID, RECORDING_SID)}
    assert house.store.calls[CALL_ID].status == "erasing"


@pytest.mark.parametrize(
    ("imported", "kept"), [(None, {OTHER_SID}), (True, {OTHER_SID, RECORDING_SID})]
)
@pytest.mark.parametrize("gone_before", [set(), {"transcript-2"}, set(EVERYWHERE)])
def test_copies_at_the_vendors_go_but_no_recording_of_an_import(
    imported: bool | None, kept: set[str], gone_before: set[str]
) -> None:
    recording = transcribed(due_at=format_timestamp(ASKED))
    names = {RECORDING_SID, OTHER_SID, "transcript-1", "transcript-2"} - gone_before
    house = House(*names, recordings=(recording,), status="completed", imported=imported)
    house.erase.copies(house.call, recording)
    assert house.places.names == kept - gone_before
    assert house.store.recordings[CALL_ID, RECORDING_SID] == replace(recording, due_at=None)
    assert house.telemetry.counts == {"VendorCopiesDeleted": 1}


@pytest.mark.parametrize("where", ["RE", "transcript-1"])
def test_copies_that_cannot_be_deleted_now_are_looked_at_again(where: str) -> None:
    recording = transcribed(due_at=format_timestamp(ASKED))
    house = House(*EVERYWHERE, recordings=(recording,), status="completed")
    house.places.trouble[where] = DOWN
    with pytest.raises(VendorError):
        house.erase.copies(house.call, recording)
    assert house.store.recordings[CALL_ID, RECORDING_SID] == recording
    assert house.telemetry.counts == {}
