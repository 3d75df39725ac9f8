"""A function that takes longer to load than it may run: for tests of what starts functions."""

from __future__ import annotations

import time
from typing import Any

_BEGAN = time.monotonic()
time.sleep(1.5)
_READY = time.monotonic()


def handler(event: dict[str, Any], context: Any) -> list[float]:
    # answers slowly enough for a second environment to be wanted
    time.sleep(0.2)
    return [_BEGAN, _READY]
