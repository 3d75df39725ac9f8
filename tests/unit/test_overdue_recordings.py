"""What becomes of a recording of which no news came in time."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from callscribe.domain.calls import CallState
from callscribe.domain.errors import RetryLaterError, VendorNotFoundError
from callscribe.domain.recordings import Recording, RecordingState
from callscribe.domain.times import format_timestamp
from callscribe.ports.telephony import RecordingStatusUpdate, VendorRecordingState
from callscribe.use_cases.overdue.recordings import AdvanceRecording
from simulation.memory_store import MemoryCallStore
from tests.support.doubles import Recorder
from tests.support.entries import CALL_ID, RECORDING_SID, a_call, a_recording, put
from tests.support.gateways import InMemoryGateways, application

NOW = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)


def ago(**span: float) -> str:
    return format_timestamp(NOW - timedelta(**span))


class Twilio:
    """What Twilio says of the recording; None: it has no such recording."""

    def __init__(self, status: VendorRecordingState | None = None) -> None:
        self.status = status

    def get_recording(self, recording_sid: str) -> RecordingStatusUpdate:
        if self.status is None:
            raise VendorNotFoundError("Twilio", "no such recording", status=404)
        return RecordingStatusUpdate(recording_sid=recording_sid, status=self.status)


class House:
    def __init__(self, at_twilio: VendorRecordingState | None = None) -> None:
        self.store = MemoryCallStore()
        self.finish, self.erase, self.queue = Recorder(), Recorder(), Recorder()
        gateways = InMemoryGateways(store=self.store, queue=self.queue, clock=lambda: NOW)
        recordings: Any = application(gateways).reconcile.overdue.recordings
        self.advance: AdvanceRecording = replace(
            recordings, telephony=Twilio(at_twilio), finish=self.finish, erase=self.erase
        )

    def after(
        self, status: RecordingState, *, call: CallState = CallState.COMPLETED, **more: Any
    ) -> Recording:
        """The recording as it stands once an overdue one of this status had its turn."""
        times = dict.fromkeys(("created_at", "updated_at"), ago(minutes=30))
        values = {**times, "due_at": ago(minutes=1)}
        put(self.store, a_call(call, **times), a_recording(status, **values | more))
        self.advance.advance(CALL_ID, RECORDING_SID)
        return self.store.recordings[CALL_ID, RECORDING_SID]


def test_recording_that_the_table_does_not_show_yet_is_looked_at_again() -> None:
    with pytest.raises(RetryLaterError):
        House().advance.advance(CALL_ID, RECORDING_SID)


def test_recording_of_an_erased_call_is_left_to_the_erasure() -> None:
    house = House()
    stands = house.after(RecordingState.RECEIVED, call=CallState.ERASING)
    assert stands.due_at is None
    assert house.finish.asked == house.queue.asked == []


def test_event_that_is_still_owed_is_sent() -> None:
    house = House()
    house.after(RecordingState.COMPLETED, event_pending=True)
    assert (house.finish.asked, house.erase.asked) == (["publish_event"], [])


def test_vendors_copies_go_after_the_event() -> None:
    house = House()
    house.after(RecordingState.COMPLETED)
    assert (house.finish.asked, house.erase.asked) == ([], ["copies"])


def test_ended_recording_that_waits_for_nothing_is_left_alone() -> None:
    """The index may be older than the table."""
    house = House()
    house.after(RecordingState.COMPLETED, due_at=None)
    assert house.finish.asked == house.erase.asked == []


def test_submitted_recording_is_asked_for() -> None:
    house = House()
    house.after(RecordingState.SUBMITTED)
    assert (house.finish.asked, house.queue.asked) == (["ask_again"], [])


@pytest.mark.parametrize("status", [RecordingState.STORED, RecordingState.SUBMITTING])
def test_recording_whose_worker_died_is_queued_again_and_looked_at_later(
    status: RecordingState,
) -> None:
    house = House()
    stands = house.after(status)
    ((message,),) = house.queue.given
    assert (message.recording_sid, message.call_id) == (RECORDING_SID, CALL_ID)
    assert (stands.status, stands.reconcile_attempts) == (status, 1)
    assert stands.due_at is not None
    assert stands.due_at > format_timestamp(NOW)


@pytest.mark.parametrize(
    "at_twilio", [VendorRecordingState.COMPLETED, VendorRecordingState.PROCESSING]
)
def test_recording_that_was_not_copied_is_queued_while_twilio_has_it(
    at_twilio: VendorRecordingState,
) -> None:
    house = House(at_twilio)
    house.after(RecordingState.RECEIVED)
    assert (house.finish.asked, house.queue.asked) == (["keep"], ["put"])


@pytest.mark.parametrize(
    ("at_twilio", "says"),
    [
        (None, VendorRecordingState.DELETED),
        (VendorRecordingState.DELETED, VendorRecordingState.DELETED),
        (VendorRecordingState.ABSENT, VendorRecordingState.ABSENT),
    ],
)
def test_recording_that_is_gone_at_twilio_ends_without_audio(
    at_twilio: VendorRecordingState | None, says: VendorRecordingState
) -> None:
    house = House(at_twilio)
    house.after(RecordingState.RECEIVED)
    assert (house.finish.asked, house.queue.asked) == (["without_audio"], [])
    ((_, _, update),) = house.finish.given
    assert update.status == says


@pytest.mark.parametrize(
    ("hours", "attempts", "ends"), [(49, 12, True), (47, 12, False), (49, 11, False)]
)
def test_recording_is_given_up_after_many_tries_and_longer_than_an_outage(
    hours: float, attempts: int, ends: bool
) -> None:
    house = House()
    house.after(RecordingState.STORED, created_at=ago(hours=hours), reconcile_attempts=attempts)
    assert house.finish.asked == (["end"] if ends else [])
    assert house.queue.asked == ([] if ends else ["put"])
