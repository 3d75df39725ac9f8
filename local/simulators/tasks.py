"""Things that happen later: timers and workers that end when their simulator does."""

from __future__ import annotations

import contextlib
import heapq
import itertools
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Condition, Event, Thread


class Tasks:
    """Runs each task on a thread of its own; ``stop`` wakes those that wait."""

    def __init__(self, name: str) -> None:
        self.stopping = Event()
        self._pool = ThreadPoolExecutor(max_workers=128, thread_name_prefix=name)
        self._due: list[tuple[float, int, Callable[[], None]]] = []
        self._order = itertools.count()
        self._changed = Condition()
        self._clock = Thread(target=self._run, name=f"{name}-clock", daemon=True)
        self._clock.start()

    def start(self, task: Callable[[], None]) -> None:
        """Now, unless the simulator is being closed."""
        with contextlib.suppress(RuntimeError):
            self._pool.submit(task)

    def after(self, seconds: float, task: Callable[[], None]) -> None:
        with self._changed:
            entry = (time.monotonic() + seconds, next(self._order), task)
            heapq.heappush(self._due, entry)
            self._changed.notify()

    def sleep(self, seconds: float) -> bool:
        """Waits, and says whether to go on."""
        return not self.stopping.wait(seconds)

    def close(self) -> None:
        self.stopping.set()
        with self._changed:
            self._changed.notify()
        self._clock.join()
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _run(self) -> None:
        while not self.stopping.is_set():
            with self._changed:
                now = time.monotonic()
                if self._due and self._due[0][0] <= now:
                    task = heapq.heappop(self._due)[2]
                else:
                    self._changed.wait(self._due[0][0] - now if self._due else None)
                    continue
            self.start(task)
