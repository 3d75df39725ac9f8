"""From a world of calls that fails to the shortest history that shows why."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from simulation.checks import Finding, check
from simulation.dice import Dice
from simulation.world import World

_MOST_REPLAYS = 600


@dataclass(frozen=True, slots=True)
class Shortest:
    """``faults`` are all that is needed: request name → fault. ``history`` is what then happens."""

    seed: str
    calls: list[int]
    faults: dict[str, str]
    findings: list[Finding]
    history: list[str]


def replay(seed: str, calls: Collection[int], faults: Mapping[str, str], *, history: bool) -> World:
    """A world with exactly these calls and these faults, run to its end."""
    world = World(Dice(seed, forced=faults), calls=0, only=calls, keep_history=history)
    world.run()
    return world


class Shrinker:
    """Takes away calls and faults for as long as a promise is still broken."""

    def __init__(self, seed: str, promise: str) -> None:
        self._seed = seed
        self._promise = promise
        self._replays = 0

    def shrink(self, calls: Collection[int], faults: Mapping[str, str]) -> Shortest:
        kept_calls, kept = list(calls), dict(faults)
        for size in (1, 2):
            few = self._few(kept_calls, kept, size)
            if few is not None:
                kept_calls = few
                break
        kept = self._fewer_faults(kept_calls, kept)
        world = replay(self._seed, kept_calls, kept, history=True)
        return Shortest(self._seed, kept_calls, kept, check(world), world.history or [])

    def _few(self, calls: list[int], faults: dict[str, str], size: int) -> list[int] | None:
        """A handful of calls that fail without the others; None where it takes them all."""
        world = replay(self._seed, calls, faults, history=False)
        named = {f.label for f in check(world) if f.promise == self._promise}
        suspects = [n for n in calls if f"call {n}" in named] or calls
        for begin in range(0, len(suspects), size):
            few = suspects[begin : begin + size]
            if self._fails(few, faults):
                return few
        return None

    def _fewer_faults(self, calls: list[int], faults: dict[str, str]) -> dict[str, str]:
        """Delta debugging: halves first, then quarters, then one by one."""
        chunk = max(1, len(faults) // 2)
        while True:
            names = list(faults)
            removed = False
            for begin in range(0, len(names), chunk):
                without = {n: f for n, f in faults.items() if n not in names[begin : begin + chunk]}
                if self._replays < _MOST_REPLAYS and self._fails(calls, without):
                    faults, removed = without, True
            if chunk == 1 and (not removed or self._replays >= _MOST_REPLAYS):
                return faults
            chunk = max(1, chunk // 2)

    def _fails(self, calls: list[int], faults: Mapping[str, str]) -> bool:
        self._replays += 1
        world = replay(self._seed, calls, faults, history=False)
        return any(finding.promise == self._promise for finding in check(world))
