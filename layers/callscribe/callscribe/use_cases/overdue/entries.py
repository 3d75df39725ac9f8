"""Goes through what is overdue, oldest first; one entry's trouble never stops the next one's turn."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from callscribe.domain.calls import Call
from callscribe.domain.errors import CallscribeError, VendorNotAskedError
from callscribe.domain.recordings import Recording
from callscribe.domain.times import Clock, format_timestamp, parse_timestamp
from callscribe.ports.storage import CallStore, OverdueItem
from callscribe.ports.telemetry import Telemetry
from callscribe.use_cases.overdue.calls import AdvanceCall
from callscribe.use_cases.overdue.deferral import DeferEntry
from callscribe.use_cases.overdue.recordings import AdvanceRecording


@dataclass(frozen=True, slots=True, kw_only=True)
class OverdueResult:
    """How many entries were overdue, handled, and deferred; ``left``: the time was over before all
    had their turn."""

    overdue: int = 0
    handled: int = 0
    deferred: int = 0
    left: bool = False


@dataclass(frozen=True, slots=True)
class _Turn:
    """One entry's turn: since when it was overdue; its ``created_at``, None where it was deferred."""

    overdue_since: datetime
    created_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AdvanceOverdue:
    """The first part of a run of reconciliation."""

    store: CallStore
    calls: AdvanceCall
    recordings: AdvanceRecording
    deferral: DeferEntry
    telemetry: Telemetry
    clock: Clock

    def run(self, has_time: Callable[[], bool]) -> OverdueResult:
        """Gives every overdue entry its turn while ``has_time``; counts how long they have waited."""
        now = self.clock()
        turns: list[_Turn] = []
        left = False
        for item in _each_once(self.store.overdue(format_timestamp(now))):
            left = not has_time()
            if left:
                break
            turns.append(self._turn(item))
        self._count_ages(now, turns)
        handled = sum(turn.created_at is not None for turn in turns)
        result = OverdueResult(
            overdue=len(turns) + left,
            handled=handled,
            deferred=len(turns) - handled,
            left=left,
        )
        self.telemetry.count("Overdue", result.overdue)
        return result

    def _count_ages(self, now: datetime, turns: list[_Turn]) -> None:
        overdue = [turn.overdue_since for turn in turns]
        created = [turn.created_at for turn in turns if turn.created_at is not None]
        self.telemetry.count("OldestOverdueSeconds", (now - min([now, *overdue])).total_seconds())
        self.telemetry.count("OldestPendingSeconds", (now - min([now, *created])).total_seconds())

    def _turn(self, item: OverdueItem) -> _Turn:
        entry = self._advance(item)
        if entry is None:
            return _Turn(self.deferral.defer(item))
        since = parse_timestamp(entry.overdue_since or item.due_at)
        return _Turn(since, parse_timestamp(entry.created_at))

    def _advance(self, item: OverdueItem) -> Call | Recording | None:
        """The entry as it was found; None where it is to be deferred, be it for a bug of ours."""
        try:
            if item.recording_sid is None:
                return self.calls.advance(item.call_id)
            return self.recordings.advance(item.call_id, item.recording_sid)
        except VendorNotAskedError:
            # said once, when the vendor was given up for this run
            return None
        except CallscribeError as error:
            reason = f"{type(error).__name__}: {error}"
        except Exception as error:  # noqa: BLE001 - counted, and its name logged
            self.telemetry.count("InvocationFailed")
            reason = f"bug: {type(error).__name__}: {error}"
        self.telemetry.count("ReconcileDeferred")
        self.telemetry.warn(
            "deferred", call_id=item.call_id, recording_sid=item.recording_sid, reason=reason
        )
        return None


def _each_once(items: Iterable[OverdueItem]) -> Iterator[OverdueItem]:
    """An entry that was advanced while the index is read may show up in it again."""
    seen: set[tuple[str, str | None]] = set()
    for item in items:
        key = (item.call_id, item.recording_sid)
        if key not in seen:
            seen.add(key)
            yield item
