"""What both vendors' ports have in common."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """A part of a vendor's list; ``cursor`` asks for the next one, None at the end."""

    entries: list[T]
    cursor: str | None


class VendorShares(Protocol):
    """How much of a run's time each vendor may take; its ports raise VendorNotAskedError beyond that."""

    def begin(self, seconds: float) -> None:
        """A run begins: each vendor may be asked again, for so long."""
        ...

    def renew(self, seconds: float) -> None:
        """Those that answer may be asked for so long from now on."""
        ...

    def check(self, port: object) -> None:
        """Raises VendorNotAskedError where this run asks the vendor behind a port nothing more."""
        ...
