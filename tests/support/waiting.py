"""Waits for something to become true, with a deadline instead of a sleep."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def wait_until(probe: Callable[[], T], *, seconds: float = 90.0) -> T:
    """The first true value of ``probe``; fails when none comes in time."""
    deadline = time.monotonic() + seconds
    pause = 0.02
    while True:
        value = probe()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"nothing within {seconds} s; last seen: {value!r}")
        # asking costs: what takes seconds is asked for a few times a second
        time.sleep(pause)
        pause = min(1.5 * pause, 0.25)
