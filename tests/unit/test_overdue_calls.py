"""What becomes of a call of which no news came in time."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from callscribe.domain.calls import Call, CallState
from callscribe.domain.errors import (
    RetryLaterError,
    VendorError,
    VendorNotAskedError,
    VendorNotFoundError,
)
from callscribe.domain.times import format_timestamp
from callscribe.ports.telephony import (
    CallStatusUpdate,
    RecordingStatusUpdate,
    VendorRecordingState,
)
from callscribe.use_cases.overdue.calls import AdvanceCall
from simulation.memory_store import MemoryCallStore
from tests.support.doubles import Recorder
from tests.support.entries import CALL_ID, CALL_SID, a_call
from tests.support.gateways import InMemoryGateways, application

NOW = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
OTHER_SID = "CA" + "2" * 32
TO, FROM = "+14155550100", "+15005550006"


def ago(**span: float) -> str:
    return format_timestamp(NOW - timedelta(**span))


class Twilio:
    """What Twilio has of calls and of their recordings; nothing unless a test says so."""

    def __init__(self) -> None:
        self.calls: dict[str, CallStatusUpdate] = {}
        self.recordings: list[RecordingStatusUpdate] = []
        self.trouble: VendorError | None = None

    def has(self, call_sid: str, status: CallState, **more: Any) -> None:
        self.calls[call_sid] = CallStatusUpdate(
            call_sid=call_sid, status=status, to_number=TO, from_number=FROM, **more
        )

    def get_call(self, call_sid: str) -> CallStatusUpdate:
        if call_sid not in self.calls:
            raise VendorNotFoundError("Twilio", "no such call", status=404)
        return self.calls[call_sid]

    def find_calls(self, **_: str) -> list[CallStatusUpdate]:
        return list(self.calls.values())

    def list_recordings(self, _: str) -> list[RecordingStatusUpdate]:
        return self.recordings

    def check(self, _: str) -> None:
        if self.trouble is not None:
            raise self.trouble


class House:
    def __init__(self) -> None:
        self.store, self.twilio = MemoryCallStore(), Twilio()
        self.place, self.erase, self.queue = Recorder(), Recorder(), Recorder()
        gateways = InMemoryGateways(store=self.store, queue=self.queue, clock=lambda: NOW)
        doubles: dict[str, Any] = {
            "telephony": self.twilio,
            "vendors": self.twilio,
            "place": self.place,
            "finish": Recorder(),
            "erase": self.erase,
        }
        calls: Any = application(gateways).reconcile.overdue.calls
        self.advance: AdvanceCall = replace(calls, **doubles)

    def after(self, status: CallState, **more: Any) -> Call:
        """The call as it stands once an overdue one of this status had its turn."""
        values = {
            "created_at": ago(minutes=5),
            "updated_at": ago(minutes=5),
            "due_at": ago(minutes=1),
            "to_number": TO,
            "from_number": FROM,
        }
        self.store.save(None, a_call(status, **values | more))
        assert self.advance.advance(CALL_ID).status == status
        return self.store.calls[CALL_ID]


def test_call_that_the_table_does_not_show_yet_is_looked_at_again() -> None:
    with pytest.raises(RetryLaterError):
        House().advance.advance(CALL_ID)


@pytest.mark.parametrize("status", [CallState.ERASING, CallState.ERASED])
def test_erasure_goes_on(status: CallState) -> None:
    house = House()
    house.after(status)
    assert house.erase.asked == ["erase_once"]


def test_scheduled_call_is_placed_only_while_twilio_may_be_asked() -> None:
    house = House()
    house.twilio.trouble = VendorNotAskedError("Twilio", "does not answer in this run")
    with pytest.raises(VendorNotAskedError):
        house.after(CallState.SCHEDULED)
    assert house.place.asked == []
    house.twilio.trouble = None
    house.advance.advance(CALL_ID)
    assert house.place.asked == ["from_schedule"]


def test_call_without_an_answer_is_the_oldest_at_twilio_that_is_no_other_calls() -> None:
    house = House()
    house.store.save(None, a_call("ringing", call_id="b" * 32, call_sid="CA" + "3" * 32))
    house.twilio.has("CA" + "3" * 32, CallState.RINGING, created_at=ago(minutes=9))
    house.twilio.has(OTHER_SID, CallState.RINGING, created_at=ago(minutes=2))
    house.twilio.has(CALL_SID, CallState.RINGING, created_at=ago(minutes=5))
    stands = house.after(CallState.UNKNOWN)
    assert (stands.status, stands.call_sid) == ("ringing", CALL_SID)


@pytest.mark.parametrize(
    ("minutes", "status", "code", "waits"),
    [(9, "unknown", None, True), (10, "failed", "never_reached_twilio", False)],
)
def test_call_that_twilio_does_not_show_fails_only_after_its_time(
    minutes: float, status: str, code: str | None, waits: bool
) -> None:
    stands = House().after(CallState.UNKNOWN, claimed_at=ago(minutes=minutes))
    assert (stands.status, stands.error_code) == (status, code)
    assert (stands.due_at is not None) == waits
    assert stands.reconcile_attempts == int(waits)


def test_status_whose_callback_was_lost_is_asked_for() -> None:
    house = House()
    house.twilio.has(CALL_SID, CallState.BUSY, ended_at=ago(minutes=4))
    stands = house.after(CallState.RINGING, call_sid=CALL_SID)
    assert (stands.status, stands.ended_at) == ("busy", ago(minutes=4))


def test_call_of_which_there_is_no_news_is_looked_at_later_each_time() -> None:
    house = House()
    house.twilio.has(CALL_SID, CallState.RINGING)
    due = [house.after(CallState.RINGING, call_sid=CALL_SID).due_at]
    house.advance.advance(CALL_ID)
    due.append(house.store.calls[CALL_ID].due_at)
    # a quarter of an hour, doubled
    assert due == [ago(minutes=-30), ago(minutes=-60)]


def test_call_that_twilio_no_longer_has_fails_by_name() -> None:
    stands = House().after(CallState.IN_PROGRESS, call_sid=CALL_SID)
    assert (stands.status, stands.error_code, stands.due_at) == ("failed", "call_gone", None)


def recording(number: int, status: VendorRecordingState) -> RecordingStatusUpdate:
    return RecordingStatusUpdate(recording_sid=f"RE{number:032}", call_sid=CALL_SID, status=status)


def test_recordings_of_an_ended_call_that_are_unknown_are_queued_for_it() -> None:
    house = House()
    house.twilio.recordings = [recording(1, VendorRecordingState.COMPLETED)]
    stands = house.after(CallState.BUSY, call_sid=CALL_SID, base_url="https://api.example")
    ((queued,),) = house.queue.given
    assert (queued.call_id, queued.base_url) == (CALL_ID, "https://api.example")
    assert stands.due_at is None


def test_recording_that_is_not_ready_keeps_the_call_waiting() -> None:
    house = House()
    house.twilio.recordings = [recording(1, VendorRecordingState.PROCESSING)]
    house.twilio.has(CALL_SID, CallState.COMPLETED)
    stands = house.after(CallState.COMPLETED, call_sid=CALL_SID)
    assert house.queue.asked == []
    assert stands.due_at is not None
    assert stands.due_at > format_timestamp(NOW)


def test_what_lost_callbacks_would_have_told_of_a_completed_call_is_filled_in() -> None:
    house = House()
    house.twilio.has(
        CALL_SID,
        CallState.COMPLETED,
        answered_at=ago(minutes=4),
        ended_at=ago(minutes=3),
        duration_seconds=60,
    )
    stands = house.after(CallState.COMPLETED, call_sid=CALL_SID)
    assert (stands.answered_at, stands.duration_seconds) == (ago(minutes=4), 60)


def test_call_that_was_never_at_twilio_waits_for_nothing() -> None:
    assert House().after(CallState.FAILED, call_sid=None).due_at is None
