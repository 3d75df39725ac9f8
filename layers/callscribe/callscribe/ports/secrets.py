"""What the adapters and the verification of callbacks ask of where secrets are kept."""

from __future__ import annotations

from typing import Protocol


class SecretReader(Protocol):
    """Secrets by the name of their parameter; each is a JSON object of strings.

    Raises (all methods):
        SecretMissingError: it has no value yet, or lacks the key.
        RetryLaterError: it cannot be read now.
    """

    def read(self, name: str, *, fresh: bool = False) -> dict[str, str]:
        """All keys of a secret; ``fresh`` after a refusal: it may have been rotated."""
        ...

    def value(self, name: str, key: str, *, fresh: bool = False) -> str:
        """One key of it."""
        ...
