"""Another go for what failed: which recordings get one, which do not and why, and dead letters."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from callscribe.domain.calls import call_id_for_sid
from callscribe.domain.errors import NothingToRetryError, RetryLaterError
from callscribe.domain.recordings import Recording, RecordingState, reopened
from callscribe.domain.times import format_timestamp
from callscribe.ports.messaging import DeadLetter
from callscribe.ports.storage import Failed
from callscribe.ports.telephony import RecordingStatusUpdate, VendorRecordingState
from callscribe.use_cases.redrive import MOST_AT_ONCE, Redrive, RetriedCall, RetriedFailures
from simulation.memory_store import MemoryCallStore
from tests.support.doubles import CountingTelemetry, Recorder
from tests.support.entries import AT, CALL_ID, CALL_SID, RECORDING_SID, a_call, a_recording
from tests.support.gateways import InMemoryGateways, application
from tests.support.stores import ContendedStore

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
OTHER_SID = "RE" + "2" * 32
FAILED: dict[str, Any] = {
    "error_code": "download_error",
    "error_message": "it could not be read",
    "error_retryable": True,
    "failed_at": AT,
    "audio_key": "audio",
    "transcript_id": "one",
    "attempts": 3,
}


class Letters:
    """A dead-letter queue: what was taken is hidden, and ``kept`` until it is removed."""

    def __init__(self, *notices: RecordingStatusUpdate | None) -> None:
        self.kept = [DeadLetter(notice=one, handle=str(n)) for n, one in enumerate(notices)]
        self._visible = list(self.kept)

    def take(self, limit: int) -> list[DeadLetter]:
        taken, self._visible = self._visible[:limit], self._visible[limit:]
        return taken

    def remove(self, letter: DeadLetter) -> None:
        self.kept.remove(letter)


class House:
    def __init__(self, *entries: Recording, store: MemoryCallStore | None = None) -> None:
        self.store = store or MemoryCallStore()
        self.store.save(None, a_call(call_sid=CALL_SID))
        for entry in entries:
            self.store.save(None, a_call(call_id=entry.call_id))
            self.store.save(None, entry)
        self.queue, self.telemetry = Recorder(), CountingTelemetry()

    def redrive(self, letters: Letters | None = None) -> Redrive:
        gateways = InMemoryGateways(
            store=self.store,
            telemetry=self.telemetry,
            queue=self.queue,
            dead_letters=letters or Letters(),
            clock=lambda: NOW,
        )
        return application(gateways).redrive

    @property
    def queued(self) -> list[RecordingStatusUpdate]:
        return [update for (update,) in self.queue.given]


@pytest.mark.parametrize("name", [CALL_ID, CALL_SID])
@pytest.mark.parametrize(("audio_key", "status"), [("audio", "stored"), (None, "received")])
def test_failed_recording_is_on_its_way_again(
    name: str, audio_key: str | None, status: str
) -> None:
    house = House(a_recording("error", **FAILED | {"audio_key": audio_key}))
    assert house.redrive().retry_call(name) == RetriedCall(CALL_ID, [RECORDING_SID], [])
    stands = house.store.recordings[CALL_ID, RECORDING_SID]
    assert (stands.status, stands.retries, stands.attempts_allowed) == (status, 1, 6)
    assert (stands.failure, stands.failed_at, stands.transcript_id) == (None, None, None)
    assert stands.past_transcript_ids == ["one"]
    [message] = house.queued
    assert (message.call_id, message.recording_sid) == (CALL_ID, RECORDING_SID)
    assert message.status == VendorRecordingState.COMPLETED
    assert house.telemetry.counts == {"RecordingRetried": 1}


@pytest.mark.parametrize(
    ("status", "more", "reason"),
    [
        ("completed", {}, "it has its transcript"),
        ("silent", {"error_message": "no speech"}, "no speech: that cannot be helped"),
        ("absent", {"error_message": "too short"}, "too short: that cannot be helped"),
        ("submitted", {}, "it is still under way: submitted"),
        (
            "error",
            FAILED | {"error_retryable": False},
            "it could not be read: another try would end the same way",
        ),
    ],
)
def test_recording_that_cannot_be_helped_says_why(
    status: str, more: dict[str, Any], reason: str
) -> None:
    recording = a_recording(status, **more)
    house = House(recording)
    with pytest.raises(NothingToRetryError) as caught:
        house.redrive().retry_call(CALL_ID)
    [error] = caught.value.reasons
    assert (error.field, error.message) == (RECORDING_SID, reason)
    assert house.store.recordings[CALL_ID, RECORDING_SID] == recording
    assert house.queued == []


def test_recording_that_can_be_helped_is_tried_beside_one_that_cannot() -> None:
    house = House(
        a_recording("completed"), replace(a_recording("error", **FAILED), recording_sid=OTHER_SID)
    )
    answer = house.redrive().retry_call(CALL_ID)
    assert answer.retried == [OTHER_SID]
    assert [(one.recording_sid, one.reason) for one in answer.refused] == [
        (RECORDING_SID, "it has its transcript")
    ]


def test_call_without_a_recording_is_not_dialed_again() -> None:
    with pytest.raises(NothingToRetryError, match=r"completed and has no recording.*never dialed"):
        House().redrive().retry_call(CALL_ID)


# the other's retry may have failed by now
@pytest.mark.parametrize("status", [RecordingState.STORED, RecordingState.ERROR])
def test_of_two_operators_one_retries(status: RecordingState) -> None:
    store = ContendedStore(lambda failed, _: replace(reopened(failed), status=status))
    house = House(a_recording("error", **FAILED), store=store)
    with pytest.raises(NothingToRetryError) as caught:
        house.redrive().retry_call(CALL_ID)
    assert [e.message for e in caught.value.reasons] == ["another request is retrying it already"]
    assert house.store.recordings[CALL_ID, RECORDING_SID].retries == 1
    assert house.queued == []


def failure(number: int, **more: Any) -> Recording:
    """The failure of the ``number``-th second after the hour."""
    at = format_timestamp(datetime.fromisoformat(AT) + timedelta(seconds=number))
    values = FAILED | {"failed_at": at, "recording_sid": f"RE{number:032x}"}
    return a_recording("error", **values | more)


@pytest.mark.parametrize(
    ("chosen", "retried", "refused"),
    [
        ({}, 3, {"recording_deleted": 1}),
        ({"kind": "audio"}, 1, {"recording_deleted": 1}),
        ({"kind": "transcript"}, 2, {}),
        ({"reason": "audio_refused"}, 1, {}),
        ({"reason": "audio_refused", "kind": "transcript"}, 0, {}),
        # both ends belong to the span
        ({"since": "2026-11-21T08:00:01Z", "until": "2026-11-21T09:00:02+01:00"}, 1, {}),
        ({"since": "2026-11-21T08:00:02Z", "until": "2026-11-21T08:00:02Z"}, 1, {}),
        ({"since": "2026-11-21T08:00:03Z"}, 1, {"recording_deleted": 1}),
    ],
)
def test_failures_are_chosen_by_time_kind_and_reason(
    chosen: dict[str, str], retried: int, refused: dict[str, int]
) -> None:
    house = House(
        failure(0),
        failure(2, error_code="audio_refused"),
        failure(3, error_code="recording_deleted", error_retryable=False),
        failure(4, error_code="transcript_lost"),
    )
    answer = house.redrive().retry_failed({"since": AT} | chosen)
    assert answer == RetriedFailures(retried, refused)
    assert len(house.queued) == retried
    # what went back to work is no failure any more
    assert house.redrive().retry_failed({"since": AT} | chosen) == RetriedFailures(0, refused)


@pytest.mark.parametrize("more", [0, 1, 2])
def test_more_than_one_request_handles_is_gone_on_with(more: int) -> None:
    house = House(*map(failure, range(MOST_AT_ONCE + more)))
    first = house.redrive().retry_failed({"since": AT})
    next_since = failure(MOST_AT_ONCE).failed_at if more else None
    assert first == RetriedFailures(MOST_AT_ONCE, {}, next_since)
    assert house.redrive().retry_failed({"since": next_since or AT}) == RetriedFailures(more)


class StaleIndex(MemoryCallStore):
    """Shows a failure that was retried a moment ago, and one whose call was erased."""

    def failures(self, since: str, until: str) -> Iterator[Failed]:  # noqa: ARG002
        for sid in (RECORDING_SID, OTHER_SID):
            yield Failed(call_id=CALL_ID, recording_sid=sid, failed_at=AT)


def test_index_of_failures_that_is_older_than_the_table_retries_nothing() -> None:
    house = House(a_recording("stored"), store=StaleIndex())
    assert house.redrive().retry_failed({"since": AT}) == RetriedFailures(0, {"stored": 1})
    assert house.queued == []


def notice(**more: Any) -> RecordingStatusUpdate:
    values: dict[str, Any] = {"recording_sid": RECORDING_SID, "call_id": CALL_ID}
    return RecordingStatusUpdate(status=VendorRecordingState.COMPLETED, **(values | more))


BY_SID: dict[str, Any] = {"call_id": None, "call_sid": CALL_SID}


@pytest.mark.parametrize(
    ("letter", "known", "back", "kept"),
    [
        # unreadable: for a person
        (None, False, False, True),
        (notice(), False, True, False),
        (notice(**BY_SID), False, True, False),
        (notice(redrives=47), False, True, False),
        # it keeps coming back: for a person
        (notice(redrives=48), False, False, True),
        # in the table its deadline carries it
        (notice(), True, False, False),
        (notice(**BY_SID), True, False, False),
        (notice(redrives=48), True, False, False),
    ],
)
def test_dead_letter_goes_back_is_kept_or_is_only_paper(
    letter: RecordingStatusUpdate | None, known: bool, back: bool, kept: bool
) -> None:
    house = House(*([a_recording()] if known else []))
    letters = Letters(letter)
    answer = house.redrive(letters).retry_failed({"kind": "dead-letter"})
    assert answer == RetriedFailures(int(back))
    assert bool(letters.kept) == kept
    redriven = [replace(letter, redrives=letter.redrives + 1)] if letter and back else []
    assert house.queued == redriven
    assert house.telemetry.counts == ({"DeadLetterRedriven": 1} if back else {})


def test_dead_letter_of_a_call_that_the_index_does_not_show_yet_is_known_by_its_sid() -> None:
    adopted = replace(a_recording(), call_id=call_id_for_sid("CA" + "3" * 32))
    letters = Letters(notice(call_id=None, call_sid="CA" + "3" * 32))
    assert House(adopted).redrive(letters).dead_letters() == 0
    assert letters.kept == []


def test_letter_stays_until_its_message_is_kept() -> None:
    house, letters = House(), Letters(notice())
    house.queue.answers["put"] = RetryLaterError("the queue is busy", seconds=5)
    with pytest.raises(RetryLaterError):
        house.redrive(letters).dead_letters()
    assert len(letters.kept) == 1


def test_one_run_takes_a_hundred_letters() -> None:
    letters = Letters(*[notice(recording_sid=f"RE{n:032x}") for n in range(105)])
    assert House().redrive(letters).dead_letters() == 100
    assert len(letters.kept) == 5
