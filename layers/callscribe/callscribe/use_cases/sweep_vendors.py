"""Walks through the vendors' own lists: what they have and we do not is found here.

A window slides along each list: from where the one before ended (less an overlap, because lists are
eventually consistent) to now. A page is the step that is done again after a crash; whatever is met
goes through the same use cases as the callbacks.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from callscribe.domain.errors import CallscribeError, VendorNotFoundError, VendorRefusedError
from callscribe.domain.sweeps import (
    STANDING,
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
from callscribe.domain.times import Clock
from callscribe.ports.storage import SweepStore
from callscribe.ports.telemetry import Telemetry
from callscribe.use_cases.sweeps.scan import Scan

_IMPORTS_A_RUN = 600
_MAX_RESTARTS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepResult:
    """How many entries the sweeps found, and how many of the recordings were not even new."""

    found: int = 0
    unmapped: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepVendors:
    """The last part of a run: a scan for each kind of sweep."""

    sweeps: SweepStore
    scans: Mapping[SweepKind, Scan[Any]]
    telemetry: Telemetry
    clock: Clock

    def run(self, seconds_left: Callable[[], float]) -> SweepResult:
        """Moves every window as far as there is time, and its vendor answers.

        Raises RetryLaterError.
        """
        before = {sweep.sweep_id: sweep for sweep in self.sweeps.list_sweeps()}
        results = [
            self._walk(self._window(kind, before.get(kind)), seconds_left) for kind in STANDING
        ]
        imports = [sweep for sweep in before.values() if sweep.kind is SweepKind.IMPORT]
        results += [self._walk(sweep, seconds_left) for sweep in imports]
        return SweepResult(
            found=sum(result.found for result in results),
            unmapped=sum(result.unmapped for result in results),
        )

    def _window(self, kind: SweepKind, last: Sweep | None) -> Sweep:
        if last is not None and last.status is SweepStatus.RUNNING:
            return last
        now = self.clock()
        window = first_window(kind, now) if last is None else next_window(last, now)
        self.sweeps.save_sweep(last, window)
        return window

    def _walk(self, begun: Sweep, seconds_left: Callable[[], float]) -> SweepResult:
        sweep = begun
        try:
            while _goes_on(sweep, begun) and seconds_left() > 0:
                sweep = self._page(sweep, sweep.found - begun.found)
        except VendorRefusedError as error:
            self._refused(sweep, error)
        except CallscribeError as error:
            self.telemetry.warn("sweep goes on later", sweep=sweep.sweep_id, reason=str(error))
        return SweepResult(found=sweep.found - begun.found, unmapped=self._unmapped(sweep))

    def _page(self, sweep: Sweep, found: int) -> Sweep:
        """The sweep after one page, saved; as it was where the page is to be read again."""
        scan = self.scans[sweep.kind]
        page = scan.page(sweep)
        handled: list[HandledEntry] = []
        for entry in page.entries:
            handled.append(scan.handle(entry, sweep, found))
            found += handled[-1].outcome is Outcome.FOUND
        unwanted = [
            entry
            for entry, result in zip(page.entries, handled, strict=True)
            if result.outcome is Outcome.UNWANTED
        ]
        if self._delete(scan, unwanted):
            # the list closes up over what is gone: this page has others now
            return sweep
        after = advanced(sweep, handled, page.cursor, self.clock())
        self.sweeps.save_sweep(sweep, after)
        return after

    def _delete(self, scan: Scan[Any], unwanted: list[Any]) -> int:
        """How many are gone now; one that the vendor will not delete does not stop the sweep."""
        gone = 0
        for entry in unwanted:
            try:
                scan.delete(entry)
            except VendorNotFoundError:
                continue
            except VendorRefusedError as error:
                self.telemetry.warn("leftover not deleted", reason=str(error))
                continue
            gone += 1
            self.telemetry.count("LeftoverDeleted")
        return gone

    def _refused(self, sweep: Sweep, error: VendorRefusedError) -> None:
        """A cursor may have grown too old: the window is begun again. An import that is refused from
        its beginning, or too often, ends and says so; a standing one tries again in the next run."""
        self.telemetry.warn("sweep refused", sweep=sweep.sweep_id, reason=str(error))
        after = restarted(sweep, self.clock())
        is_hopeless = sweep.cursor is None or after.restarts > _MAX_RESTARTS
        if sweep.kind is SweepKind.IMPORT and is_hopeless:
            message = f"{error.vendor} refused: {error}"
            after = replace(after, status=SweepStatus.FAILED, error_message=message)
        self.sweeps.save_sweep(sweep, after)

    def _unmapped(self, sweep: Sweep) -> int:
        """Of a window of recordings that has come to its end."""
        if sweep.kind is not SweepKind.RECORDINGS or sweep.status is not SweepStatus.COMPLETED:
            return 0
        self.telemetry.count("UnmappedRecordings", sweep.unmapped)
        return sweep.unmapped


def _goes_on(sweep: Sweep, begun: Sweep) -> bool:
    """An import handles only so many recordings in a run."""
    has_room = sweep.kind is not SweepKind.IMPORT or sweep.found - begun.found < _IMPORTS_A_RUN
    return sweep.status is SweepStatus.RUNNING and has_room
