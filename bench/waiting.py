"""Waiting for what is measured, with a limit; what never comes is named."""

from __future__ import annotations

import time
from collections.abc import Callable


def wait_for(what: str, probe: Callable[[], bool], *, seconds: float, pause: float = 0.02) -> None:
    """Returns once ``probe`` holds. Raises TimeoutError, which names ``what``."""
    deadline = time.monotonic() + seconds
    while not probe():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what}: not within {seconds:.0f} s")
        time.sleep(pause)
