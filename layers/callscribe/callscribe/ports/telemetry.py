"""What the use cases report."""

from __future__ import annotations

from typing import Protocol


class Telemetry(Protocol):
    """``count`` adds to the invocation's counts; ``note`` writes one line. No numbers, no secrets."""

    def count(self, metric: str, value: float = 1) -> None: ...
    def info(self, message: str, **fields: object) -> None: ...
    def warn(self, message: str, **fields: object) -> None: ...
