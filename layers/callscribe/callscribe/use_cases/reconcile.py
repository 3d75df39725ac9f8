"""The second entrance: whatever waits too long, or only a vendor knows of, is asked for and advanced."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

from callscribe.domain.times import Clock, format_timestamp
from callscribe.ports.storage import SweepStore
from callscribe.ports.telemetry import Telemetry
from callscribe.ports.vendors import VendorShares
from callscribe.use_cases.overdue.entries import AdvanceOverdue, OverdueResult
from callscribe.use_cases.redrive import Redrive
from callscribe.use_cases.sweep_vendors import SweepResult, SweepVendors

# longer than the function may run: a run that died gives the lease back by itself
_LEASE = timedelta(minutes=6)
# of what is left of the time: whichever vendor is slow, half is left to the rest
_SHARE_OF_A_VENDOR = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class ReconcileResult:
    """What a run did. ``redriven`` messages went back from the dead-letter queue; ``skipped``: another
    run was under way, and nothing was done."""

    overdue: OverdueResult = field(default_factory=OverdueResult)
    redriven: int = 0
    swept: SweepResult = field(default_factory=SweepResult)
    skipped: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconcile:
    """The use case behind the schedule of every five minutes."""

    leases: SweepStore
    overdue: AdvanceOverdue
    redrive: Redrive
    sweep: SweepVendors
    vendors: VendorShares
    telemetry: Telemetry
    clock: Clock

    def run(self, owner: str, seconds_left: Callable[[], float]) -> ReconcileResult:
        """One run at a time: ``owner`` takes a lease, or nothing is done.

        Raises RetryLaterError.
        """
        now = self.clock()
        until = format_timestamp(now + _LEASE)
        if not self.leases.take_lease(
            "reconcile", owner=owner, now=format_timestamp(now), until=until
        ):
            self.telemetry.count("ReconcileSkipped")
            return ReconcileResult(skipped=True)
        try:
            return self._run(seconds_left)
        finally:
            self.leases.give_back_lease("reconcile", owner=owner)

    def _run(self, seconds_left: Callable[[], float]) -> ReconcileResult:
        """First what is overdue here, then what came back dead, then the vendors' own lists."""
        half = seconds_left() / 2
        self.vendors.begin(half * _SHARE_OF_A_VENDOR)
        overdue = self.overdue.run(lambda: seconds_left() > half)
        redriven = self.redrive.dead_letters()
        self.vendors.renew(seconds_left() * _SHARE_OF_A_VENDOR)
        swept = self.sweep.run(seconds_left)
        return ReconcileResult(overdue=overdue, redriven=redriven, swept=swept)
