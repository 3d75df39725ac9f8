"""Virtual time. What happens at once takes turns at every pause, in an order that a seed fixes."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from greenlet import getcurrent, greenlet

_BEGIN = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)


class Scheduler:
    """A clock that jumps to the next thing that happens. ``now`` counts seconds from the begin."""

    def __init__(self) -> None:
        self.now = 0.0
        self._due: list[tuple[float, int, Callable[[], object]]] = []
        self._order = itertools.count()
        self._hub = getcurrent()

    def time(self) -> datetime:
        return _BEGIN + timedelta(seconds=self.now)

    def coarse_time(self) -> datetime:
        """A clock of tenths of a second, so that much looks as if it were at the same moment."""
        return _BEGIN + timedelta(seconds=int(self.now * 10) / 10)

    def at(self, moment: float, act: Callable[[], object]) -> None:
        heapq.heappush(self._due, (max(moment, self.now), next(self._order), act))

    def after(self, seconds: float, act: Callable[[], object]) -> None:
        self.at(self.now + seconds, act)

    def spawn(self, act: Callable[[], object], *, after: float = 0.0) -> None:
        """Runs ``act`` as a task of its own, which may pause."""
        self.after(after, greenlet(act, self._hub).switch)

    def pause(self, seconds: float) -> None:
        """Lets the others run; only within a task."""
        self.after(seconds, getcurrent().switch)
        self._hub.switch()

    def suspend(self) -> Callable[[], None]:
        """What wakes the task that asks, once it has gone to ``sleep``."""
        task = getcurrent()
        return lambda: self.at(self.now, task.switch)

    def sleep(self) -> None:
        """Until what ``suspend`` gave is called."""
        self._hub.switch()

    def run_until(self, moment: float) -> None:
        while self._due and self._due[0][0] <= moment:
            self.now, _, act = heapq.heappop(self._due)
            act()
        self.now = moment
