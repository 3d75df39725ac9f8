"""One run of reconciliation: its lease, its order, and how it divides its time."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, cast

import pytest

from callscribe.domain.errors import RetryLaterError
from callscribe.domain.times import format_timestamp
from callscribe.use_cases.overdue.entries import OverdueResult
from callscribe.use_cases.reconcile import Reconcile, ReconcileResult
from callscribe.use_cases.sweep_vendors import SweepResult
from simulation.memory_store import MemoryCallStore
from tests.support.doubles import QuietTelemetry

NOW = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)


class Parts:
    """The parts of a run: each takes ten of its hundred seconds."""

    def __init__(self) -> None:
        self.seconds_left = 100.0
        self.done: list[object] = []
        self.trouble: Exception | None = None

    def _takes_its_time(self, name: object) -> None:
        self.done.append(name)
        self.seconds_left -= 10
        if self.trouble is not None:
            raise self.trouble

    def begin(self, seconds: float) -> None:
        self.done.append(("begin", seconds))

    def renew(self, seconds: float) -> None:
        self.done.append(("renew", seconds))

    def dead_letters(self) -> int:
        self._takes_its_time("dead letters")
        return 3


class Overdue(Parts):
    def __init__(self, parts: Parts) -> None:
        self.parts = parts

    def run(self, has_time: Any) -> OverdueResult:
        self.parts._takes_its_time("overdue")
        while has_time():
            self.parts.seconds_left -= 1
        return OverdueResult(overdue=1, handled=1)


class Sweep(Parts):
    def __init__(self, parts: Parts) -> None:
        self.parts = parts

    def run(self, _: object) -> SweepResult:
        self.parts._takes_its_time("sweep")
        return SweepResult(found=2)


def run(parts: Parts, store: MemoryCallStore, owner: str = "me") -> ReconcileResult:
    case = Reconcile(
        leases=store,
        overdue=cast(Any, Overdue(parts)),
        redrive=cast(Any, parts),
        sweep=cast(Any, Sweep(parts)),
        vendors=cast(Any, parts),
        telemetry=QuietTelemetry(),
        clock=lambda: NOW,
    )
    return case.run(owner, lambda: parts.seconds_left)


def test_what_is_overdue_comes_first_and_leaves_half_of_the_time_to_the_rest() -> None:
    parts = Parts()
    result = run(parts, MemoryCallStore())
    assert parts.done == [
        ("begin", 25.0),
        "overdue",
        "dead letters",
        # of the 40 seconds that are left then
        ("renew", 20.0),
        "sweep",
    ]
    assert result == ReconcileResult(
        overdue=OverdueResult(overdue=1, handled=1), redriven=3, swept=SweepResult(found=2)
    )


def test_run_is_skipped_while_another_one_holds_the_lease() -> None:
    store, parts = MemoryCallStore(), Parts()
    now = format_timestamp(NOW)
    store.take_lease("reconcile", owner="another", now=now, until="2026-11-21T08:01:00.000Z")
    assert run(parts, store) == ReconcileResult(skipped=True)
    assert parts.done == []
    store.give_back_lease("reconcile", owner="another")
    assert not run(parts, store).skipped


def test_lease_is_given_back_after_trouble() -> None:
    store, parts = MemoryCallStore(), Parts()
    parts.trouble = RetryLaterError("the table throttles", seconds=1)
    with pytest.raises(RetryLaterError):
        run(parts, store)
    parts.trouble = None
    assert not run(parts, store, owner="the next").skipped
