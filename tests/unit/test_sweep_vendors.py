"""Walks through a vendor's list that are refused or cut off."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any, cast

import pytest

from callscribe.domain.errors import VendorOutcomeUnknownError, VendorRefusedError
from callscribe.domain.sweeps import STANDING, Sweep, SweepKind, SweepStatus
from callscribe.domain.times import format_timestamp
from callscribe.ports.telephony import RecordingStatusUpdate, VendorRecordingState
from callscribe.ports.vendors import Page
from callscribe.use_cases.sweep_vendors import SweepResult
from simulation.memory_store import MemoryCallStore
from tests.support.doubles import CountingTelemetry
from tests.support.entries import a_call
from tests.support.sweeping import NOW, sweep_vendors


class Vendors:
    """Both vendors: empty lists, but for the recordings of ``pages`` (by cursor)."""

    def __init__(self, pages: dict[str | None, Any]) -> None:
        self.pages = pages
        self.asked: list[str | None] = []
        self.refusal: VendorRefusedError | None = None

    def page_recordings(
        self, _since: str, _until: str, cursor: str | None
    ) -> Page[RecordingStatusUpdate]:
        self.asked.append(cursor)
        page = self.pages[cursor]
        if isinstance(page, Exception):
            raise page
        return cast(Page[RecordingStatusUpdate], page)

    def delete_recording(self, recording_sid: str) -> None:
        """Of the one page: its list closes up. Raises ``refusal``."""
        if self.refusal is not None:
            raise self.refusal
        left = [entry for entry in self.pages[None].entries if entry.recording_sid != recording_sid]
        self.pages[None] = Page(left, None)

    def page_ended_calls(self, *_: object) -> Page[Any]:
        return Page([], None)

    def page_since(self, *_: object) -> Page[Any]:
        return Page([], None)


class Queue:
    def __init__(self) -> None:
        self.notices: list[tuple[RecordingStatusUpdate, int]] = []

    def put(self, notice: RecordingStatusUpdate, *, delay_seconds: int = 0) -> None:
        self.notices.append((notice, delay_seconds))


class Walk:
    def __init__(self, pages: dict[str | None, Any]) -> None:
        self.store = MemoryCallStore()
        self.vendors = Vendors(pages)
        self.telemetry, self.queue = CountingTelemetry(), Queue()
        self.sweeper = sweep_vendors(
            self.store, self.vendors, self.queue, self.telemetry, ADOPT_RECORDINGS="account"
        )

    def run(self) -> SweepResult:
        return self.sweeper.run(lambda: 60.0)


def heard(number: int, minutes_ago: float = 60) -> RecordingStatusUpdate:
    made = format_timestamp(NOW - timedelta(minutes=minutes_ago))
    sid = f"{number:032}"
    return RecordingStatusUpdate(
        recording_sid=f"RE{sid}",
        call_sid=f"CA{sid}",
        status=VendorRecordingState.COMPLETED,
        created_at=made,
    )


def an_import(**more: Any) -> Sweep:
    at = format_timestamp(NOW)
    values = {"since": "2026-01-01T00:00:00.000Z", "until": at, "created_at": at, "updated_at": at}
    return Sweep(
        sweep_id="import-1", kind=SweepKind.IMPORT, status=SweepStatus.RUNNING, **(values | more)
    )


def test_cursor_that_grew_too_old_begins_the_window_again() -> None:
    refusal = VendorRefusedError("Twilio", "invalid page token", status=400)
    walk = Walk({None: Page([heard(1)], "old"), "old": refusal})
    walk.run()
    stands = walk.store.sweeps["recordings"]
    assert (stands.status, stands.cursor, stands.seen, stands.restarts) == ("running", None, 0, 1)
    walk.vendors.pages = {None: Page([heard(1)], "new"), "new": Page([heard(2)], None)}
    walk.run()
    assert walk.store.sweeps["recordings"].status == "completed"
    assert walk.vendors.asked == [None, "old", None, "new"]


def test_window_goes_on_where_the_vendor_stopped_answering() -> None:
    walk = Walk(
        {None: Page([heard(1)], "2"), "2": VendorOutcomeUnknownError("Twilio", "no answer")}
    )
    walk.run()
    walk.vendors.pages["2"] = Page([heard(2)], None)
    walk.run()
    assert walk.vendors.asked == [None, "2", "2"]
    assert walk.store.sweeps["recordings"].seen == 2


def test_import_that_is_refused_too_often_ends_by_name() -> None:
    refusal = VendorRefusedError("Twilio", "invalid page token", status=400)
    walk = Walk({None: Page([], "old"), "old": refusal})
    walk.store.save_sweep(None, an_import())
    for _ in range(4):
        walk.run()
    stands = walk.store.sweeps["import-1"]
    assert (stands.status, stands.error_message) == ("failed", "Twilio refused: invalid page token")


def test_import_is_paced_and_bounded_in_a_run() -> None:
    pages: dict[str | None, Any] = {
        (str(n) if n else None): Page([heard(n * 100 + i) for i in range(100)], str(n + 1))
        for n in range(20)
    }
    walk = Walk(pages)
    for kind in STANDING:
        done = replace(an_import(), sweep_id=kind, kind=kind, cursor="done")
        walk.store.save_sweep(None, done)
    pages["done"] = Page([], None)
    walk.store.save_sweep(None, an_import())
    walk.run()
    delays = [delay for _, delay in walk.queue.notices]
    assert len(delays) == 600
    assert delays[:4] == [0, 0, 1, 1]
    assert delays[-1] == 299
    assert walk.store.sweeps["import-1"].cursor == "6"


@pytest.mark.parametrize(("minutes_ago", "queued", "unmapped"), [(60, 1, 1), (5, 0, 0)])
def test_unknown_recording_waits_until_its_callback_would_have_come(
    minutes_ago: float, queued: int, unmapped: int
) -> None:
    walk = Walk({None: Page([heard(1, minutes_ago)], None)})
    result = walk.run()
    assert len(walk.queue.notices) == queued
    assert walk.telemetry.counts["UnmappedRecordings"] == unmapped == result.unmapped
    reaches_back = walk.store.sweeps["recordings"].unfinished_since
    assert (reaches_back is None) == bool(queued)


def window_after(hours: float, *, unfinished_hours: float | None = None) -> Sweep:
    """The window of recordings that follows one which ended so many hours ago."""
    walk = Walk({None: Page([], None)})
    until = format_timestamp(NOW - timedelta(hours=hours))
    unfinished = (
        format_timestamp(NOW - timedelta(hours=unfinished_hours)) if unfinished_hours else None
    )
    done = replace(
        an_import(),
        sweep_id="recordings",
        kind=SweepKind.RECORDINGS,
        status=SweepStatus.COMPLETED,
        until=until,
    )
    walk.store.save_sweep(None, replace(done, unfinished_since=unfinished))
    walk.run()
    return walk.store.sweeps["recordings"]


@pytest.mark.parametrize("hours", [0.1, 47, 49, 24 * 12])
def test_window_joins_up_with_the_last_one_however_long_that_is_ago(hours: float) -> None:
    window = window_after(hours)
    assert window.since <= format_timestamp(NOW - timedelta(hours=hours))
    assert window.until == format_timestamp(NOW)


def test_entry_that_is_never_finished_does_not_hold_the_window_back_for_good() -> None:
    assert window_after(0.1, unfinished_hours=47).since == format_timestamp(
        NOW - timedelta(hours=47)
    )
    assert window_after(0.1, unfinished_hours=24 * 30).since == format_timestamp(
        NOW - timedelta(hours=48)
    )


def walk_with_a_leftover() -> Walk:
    """Two recordings at Twilio, the first of a call that was erased."""
    leftover = heard(1)
    walk = Walk({None: Page([leftover, heard(2)], None)})
    walk.store.save(None, a_call("erased", call_sid=leftover.call_sid))
    return walk


def test_page_is_read_again_once_a_leftover_of_it_is_deleted() -> None:
    """The vendor's list closes up over it: what came after is on this page now."""
    walk = walk_with_a_leftover()
    walk.run()
    stands = walk.store.sweeps["recordings"]
    assert walk.vendors.asked == [None, None]
    assert (stands.seen, stands.found, stands.unfinished_since) == (1, 1, None)
    assert walk.telemetry.counts["LeftoverDeleted"] == 1


def test_leftover_that_twilio_will_not_delete_is_met_again_by_the_next_window() -> None:
    walk = walk_with_a_leftover()
    walk.vendors.refusal = VendorRefusedError("Twilio", "not now", status=400)
    walk.run()
    stands = walk.store.sweeps["recordings"]
    assert walk.vendors.asked == [None]
    assert (stands.status, stands.seen, stands.skipped) == ("completed", 2, 1)
    assert stands.unfinished_since == heard(1).created_at
