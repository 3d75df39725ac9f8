"""A function that does as it is told: for tests of what runs functions."""

from __future__ import annotations

import os
import time
from typing import Any

_SERVED = 0


def handler(event: dict[str, Any], context: Any) -> Any:
    global _SERVED  # noqa: PLW0603 - shows that an environment is reused
    _SERVED += 1
    match event.get("do"):
        case "raise":
            raise KeyError("told to")
        case "exit":
            os._exit(3)
        case "sleep":
            time.sleep(60)
        case "large":
            return "x" * (7 * 1024 * 1024)
        case "fill":
            # held on to, so that whoever looks sees it
            held = b"x" * (400 * 1024 * 1024)
            time.sleep(60)
            return len(held)
    return {"served": _SERVED, "pid": os.getpid(), "left": context.get_remaining_time_in_millis()}
