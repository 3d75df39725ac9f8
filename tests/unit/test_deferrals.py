"""What cannot be done now lets others go first, and is still seen to be overdue."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from callscribe.domain.calls import Call, CallState
from callscribe.domain.errors import RetryLaterError, VendorRefusedError
from callscribe.domain.times import format_timestamp, utc_now
from callscribe.ports.storage import OverdueItem
from callscribe.use_cases.overdue.deferral import DeferEntry
from callscribe.use_cases.overdue.entries import OverdueResult
from simulation.memory_store import MemoryCallStore
from tests.support.doubles import QuietTelemetry, Recorder, ledger_of
from tests.support.entries import AT, CALL_ID, a_call
from tests.support.gateways import InMemoryGateways, application


class Telemetry(QuietTelemetry):
    def __init__(self) -> None:
        self.last: dict[str, float] = {}

    def count(self, metric: str, value: float = 1) -> None:
        self.last[metric] = value


class Erasing:
    """An erasure that Twilio refuses, and that takes its time."""

    def __init__(self, table: Table) -> None:
        self.table = table
        self.looked: list[str] = []

    def erase_once(self, call: Call) -> None:
        self.looked.append(call.call_id)
        self.table.now += timedelta(seconds=1)
        self.table.meanwhile(call)
        raise VendorRefusedError("Twilio", "not now", status=400)


class Table:
    """Reconciliation with ``calls`` erasures that are due, at a time that passes by itself."""

    def __init__(self, calls: int) -> None:
        self.now = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
        self.store = MemoryCallStore()
        self.telemetry = Telemetry()
        self.erasing = Erasing(self)
        self.meanwhile: Callable[[Call], object] = lambda _: None
        gateways = InMemoryGateways(
            store=self.store, telemetry=self.telemetry, clock=lambda: self.now
        )
        overdue = application(gateways).reconcile.overdue
        advance: Any = overdue.calls
        self.overdue = replace(overdue, calls=replace(advance, erase=self.erasing))
        due = dict.fromkeys(
            ("created_at", "updated_at", "due_at"),
            format_timestamp(self.now - timedelta(minutes=1)),
        )
        for number in range(calls):
            self.store.save(None, a_call("erasing", call_id=f"{number:032x}", **due))

    def run(self) -> OverdueResult:
        """One run of 240 seconds; the next begins five minutes later."""
        begun = self.now
        result = self.overdue.run(lambda: (self.now - begun).total_seconds() < 240)
        self.now = begun + timedelta(minutes=5)
        return result


def test_refused_erasures_do_not_keep_others_from_their_turn() -> None:
    table = Table(calls=300)
    for _ in range(4):
        table.run()
    assert len(set(table.erasing.looked)) == 300


def test_deferral_grows_within_bounds_and_says_since_when() -> None:
    table = Table(calls=1)
    (call,) = table.store.calls.values()
    first, waits = call.due_at, []
    for _ in range(12):
        table.run()
        stands = table.store.calls[call.call_id]
        waits.append(datetime.fromisoformat(stands.due_at or "") - table.now)
        assert stands.overdue_since == first
    assert max(waits) <= timedelta(minutes=20)
    # an hour: without back-off it would have been looked at twelve times
    assert 3 <= len(table.erasing.looked) <= 6
    table.now = datetime.fromisoformat(table.store.calls[call.call_id].due_at or "")
    table.run()
    assert table.telemetry.last["OldestOverdueSeconds"] > 3600


def test_entry_that_moved_meanwhile_is_not_deferred() -> None:
    table = Table(calls=1)

    def move(call: Call) -> None:
        table.store.save(call, replace(call, status=CallState.ERASED, due_at=None))

    table.meanwhile = move
    table.run()
    (stands,) = table.store.calls.values()
    assert (stands.status, stands.due_at, stands.overdue_since) == ("erased", None, None)


class ShownTwice(MemoryCallStore):
    """An index that shows an entry again, as one does that is changed while it is read."""

    def overdue(self, now: str) -> Iterator[OverdueItem]:
        for item in super().overdue(now):
            yield from (item, item)


def test_entry_that_the_index_shows_twice_has_one_turn() -> None:
    table = Table(calls=1)
    shown = ShownTwice()
    shown.calls = table.store.calls
    table.overdue = replace(table.overdue, store=shown)
    assert table.run() == OverdueResult(overdue=1, deferred=1)
    assert len(table.erasing.looked) == 1


def test_entry_that_cannot_be_read_is_overdue_since_its_deadline() -> None:
    store: Any = Recorder()
    store.answers["get_call"] = RetryLaterError("the table is busy", seconds=5)
    deferral = DeferEntry(store=store, ledger=ledger_of(store, utc_now), clock=utc_now)
    item = OverdueItem(call_id=CALL_ID, recording_sid=None, due_at=AT)
    assert deferral.defer(item) == datetime.fromisoformat(AT)
