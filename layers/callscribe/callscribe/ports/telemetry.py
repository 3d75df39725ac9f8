"""What the use cases, and the edge of every function, report."""

from __future__ import annotations

from typing import Protocol


class Telemetry(Protocol):
    """``count`` adds to the invocation's counts, the others write one line each. No phone numbers, no
    secrets."""

    def count(self, metric: str, value: float = 1) -> None:
        """Adds to one of the counts that docs/operating.md lists."""
        ...

    def info(self, message: str, **fields: object) -> None:
        """For what happened as it should."""
        ...

    def warn(self, message: str, **fields: object) -> None:
        """For what an operator may have to look at."""
        ...

    def exception(self, message: str, error: Exception) -> None:
        """For a bug: the line has its traceback."""
        ...


class InvocationTelemetry(Telemetry, Protocol):
    """The same, around one invocation."""

    def begin(self, request_id: str | None) -> None:
        """Every line from now on carries the id of the invocation."""
        ...

    def flush(self) -> None:
        """Sends what was counted since the invocation began."""
        ...
