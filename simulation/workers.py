"""Carries tasks out in several processes: says how far it is, and ends at once when it is told to."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from contextlib import contextmanager
from multiprocessing.connection import wait as wait_for_end
from typing import TextIO

from simulation.runs import Outcome, Task, carry_out

_LINE_SECONDS = 10.0
_UPDATE_SECONDS = 0.5
# what a task costs, in simulated calls of a rolled world: measured, for the estimate alone
_SINGLE_WORLDS, _SINGLE_COST = 1300, 2.0


class StoppedError(Exception):
    """Ctrl-C, or another signal to end: ``number`` is the signal's."""

    def __init__(self, number: int) -> None:
        super().__init__(signal.Signals(number).name)
        self.number = number


class Progress:
    """One line that is rewritten on a terminal, one every ten seconds elsewhere, none if quiet."""

    def __init__(
        self,
        tasks: Sequence[Task],
        *,
        quiet: bool,
        out: TextIO | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._out = out or sys.stderr
        self._clock = clock
        self._quiet = quiet
        self._terminal = self._out.isatty()
        self._every = _UPDATE_SECONDS if self._terminal else _LINE_SECONDS
        self._total = sum(map(cost, tasks))
        self._done = 0.0
        self._began = self._shown = clock()
        self.calls = self.worlds = self.broken = 0

    def add(self, outcome: Outcome) -> None:
        self._done += cost(outcome.task)
        self.calls += outcome.calls
        self.worlds += outcome.worlds
        self.broken += bool(outcome.findings)

    def show(self) -> None:
        """Where a line is due."""
        now = self._clock()
        if self._quiet or now - self._shown < self._every:
            return
        self._shown = now
        line = f"  {self}, {self._left(now - self._began)}"
        self._out.write(f"\r{line}\x1b[K" if self._terminal else f"{line}\n")
        self._out.flush()

    def clear(self) -> None:
        if self._terminal and not self._quiet:
            self._out.write("\r\x1b[K")
            self._out.flush()

    def __str__(self) -> str:
        percent = 100 * self._done / self._total if self._total else 100
        broken = f", promises BROKEN in {self.broken} tasks" if self.broken else ""
        return f"{percent:.0f} %: {self.worlds:,} worlds, {self.calls:,} simulated calls{broken}"

    def _left(self, elapsed: float) -> str:
        if not self._done:
            return "no estimate yet"
        seconds = elapsed * (self._total - self._done) / self._done
        return (
            f"about {seconds / 60:.0f} min left" if seconds > 90 else f"about {seconds:.0f} s left"
        )


def cost(task: Task) -> float:
    """Roughly, beside other tasks."""
    if task.way == "single":
        return _SINGLE_COST * (2 + _SINGLE_WORLDS / task.every)
    return max(task.calls, 1)


def carry_out_all(
    tasks: Sequence[Task], workers: int, progress: Progress, *, until_broken: bool = False
) -> list[Outcome]:
    """What came of each task, in their order; ``until_broken``: of those that were done when the first
    broken promise was seen. However this ends, no worker outlives it."""
    pool = ProcessPoolExecutor(workers, initializer=_prepare_worker)
    try:
        futures = [pool.submit(carry_out, task) for task in tasks]
        pending = set(futures)
        while pending and not (until_broken and progress.broken):
            done, pending = wait(pending, _UPDATE_SECONDS, FIRST_COMPLETED)
            for future in done:
                progress.add(future.result())
            progress.show()
        return [future.result() for future in futures if future not in pending]
    finally:
        progress.clear()
        pool.shutdown(wait=False, cancel_futures=True)
        for worker in multiprocessing.active_children():
            worker.kill()


@contextmanager
def stopped_by_signals() -> Iterator[None]:
    """SIGINT and SIGTERM raise StoppedError, also where a shell had them ignored (``make … &``)."""
    owner = os.getpid()

    def stop(number: int, _: object) -> None:
        if os.getpid() != owner:
            # a worker that was forked a moment ago
            os._exit(128 + number)
        raise StoppedError(number)

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _prepare_worker() -> None:
    """Ctrl-C reaches the whole group: the parent ends its workers. They end with it, too."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait_for_end([parent.sentinel])
        os._exit(1)
