"""Which request fails, and how. Every request has a name, and its fate hangs on the name alone.

So a fault can be taken out of a history without changing any other, which is how a failure is cut
down to the shortest history that shows it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import blake2b

CRASHES = ("crash-before", "crash-after")
_REQUEST_FAULTS = ("throttled", "lost-before", "lost-after", *CRASHES)
AWS_FAULTS = (*_REQUEST_FAULTS, "repeated", "slow")
VENDOR_FAULTS = ("refused", *_REQUEST_FAULTS)
CALLBACK_FAULTS = ("lost", "doubled", "late", "reordered")
WEBHOOK_FAULTS = (*CALLBACK_FAULTS, "misrouted")
DELIVERY_FAULTS = ("doubled",)
SCHEDULE_FAULTS = ("lost", "doubled")

# of a thousand
DEFAULT_RATES: Mapping[str, float] = {
    "refused": 2,
    "throttled": 20,
    "lost-before": 10,
    "lost-after": 10,
    "crash-before": 5,
    "crash-after": 5,
    "repeated": 10,
    "slow": 5,
    "lost": 80,
    "doubled": 60,
    "late": 60,
    "reordered": 80,
    "misrouted": 20,
}


_LATEST_SECONDS, _REORDERED_SECONDS = 3 * 3600, 120.0


def arrivals(fault: str | None, spread: float) -> list[float]:
    """In how many seconds a callback arrives: once, twice, or never. ``spread``: from 0 to 1."""
    if fault == "lost":
        return []
    latest = {"late": _LATEST_SECONDS, "reordered": _REORDERED_SECONDS}.get(fault or "", 0.3)
    return [latest * spread] * (2 if fault == "doubled" else 1)


@dataclass(slots=True)
class FaultInjector:
    """``forced`` None rolls; a mapping of names to faults makes exactly those happen."""

    seed: str
    rates: Mapping[str, float] = field(default_factory=lambda: DEFAULT_RATES)
    forced: Mapping[str, str] | None = None
    # for what drives a world by hand: the next request of an operation meets this
    next_faults: dict[str, list[str]] = field(default_factory=dict)
    calm: bool = False
    fired: dict[str, str] = field(default_factory=dict)
    drawn: dict[str, tuple[str, ...]] = field(default_factory=dict)
    remember_all: bool = False
    _counts: Counter[str] = field(default_factory=Counter)

    def draw(self, entity: str, operation: str, kinds: tuple[str, ...]) -> str | None:
        """The fault of this request, if it has one."""
        path = f"{entity}/{operation}"
        self._counts[path] += 1
        name = f"{path}/{self._counts[path]}"
        if self.remember_all:
            self.drawn[name] = kinds
        fault = None if self.calm else self._fault(name, operation, kinds)
        if fault is not None:
            self.fired[name] = fault
        return fault

    def number(self, name: str, low: float = 0.0, high: float = 1.0) -> float:
        """A number that this name always has."""
        digest = blake2b(f"{self.seed}:{name}".encode(), digest_size=8).digest()
        return low + (high - low) * (int.from_bytes(digest, "big") / 2**64)

    def _fault(self, name: str, operation: str, kinds: tuple[str, ...]) -> str | None:
        ordered = self.next_faults.get(operation)
        if ordered:
            wanted = ordered.pop(0)
            return wanted if wanted in kinds else None
        if self.forced is not None:
            return self.forced.get(name)
        left = self.number(name) * 1000
        for kind in kinds:
            left -= self.rates.get(kind, 0)
            if left < 0:
                return kind
        return None
