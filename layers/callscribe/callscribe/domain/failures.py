"""Why something ended badly, in words for the person who reads the call."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Failure:
    """``code`` is stable and documented in docs/api.md; ``retryable`` means a retry may succeed."""

    code: str
    message: str
    retryable: bool
