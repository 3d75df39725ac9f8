"""From a world of calls that fails to the shortest history that shows why."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from simulation.checks import Finding, check
from simulation.fault_injector import FaultInjector
from simulation.world import World

# a world of hundreds of calls takes half a second, one of a single call some milliseconds
_MOST_REPLAYS = 400


@dataclass(frozen=True, slots=True)
class Shortest:
    """``faults`` are all that is needed: request name → fault. ``history`` is what then happens."""

    seed: str
    calls: list[int]
    faults: dict[str, str]
    findings: list[Finding]
    history: list[str]


def replay(
    seed: str,
    calls: Collection[int],
    faults: Mapping[str, str],
    *,
    history: bool,
    kind: type[World] = World,
) -> World:
    """A world with exactly these calls and these faults, run to its end."""
    world = kind(FaultInjector(seed, forced=faults), calls=0, only=calls, keep_history=history)
    world.run()
    return world


class Shrinker:
    """Takes away calls and faults for as long as a promise is still broken."""

    def __init__(self, seed: str, promise: str, kind: type[World] = World) -> None:
        self._kind = kind
        self._seed = seed
        self._promise = promise
        self._replays = 0

    def shrink(self, calls: Collection[int], faults: Mapping[str, str]) -> Shortest:
        kept_calls = self._fewer_calls(list(calls), dict(faults))
        kept = self._fewer_faults(kept_calls, dict(faults))
        world = replay(self._seed, kept_calls, kept, history=True, kind=self._kind)
        return Shortest(self._seed, kept_calls, kept, check(world), world.history or [])

    def _fewer_calls(self, calls: list[int], faults: dict[str, str]) -> list[int]:
        """The one that the finding names, if it fails alone; else whatever halving leaves."""
        world = replay(self._seed, calls, faults, history=False, kind=self._kind)
        named = {f.label for f in check(world) if f.promise == self._promise}
        for number in calls:
            if f"call {number}" in named and self._fails([number], faults):
                return [number]
        chunk = len(calls) // 2
        while chunk:
            for begin in range(0, len(calls), chunk):
                without = calls[:begin] + calls[begin + chunk :]
                if without and self._may_go_on() and self._fails(without, faults):
                    calls = without
                    break
            else:
                chunk //= 2
        return calls

    def _fewer_faults(self, calls: list[int], faults: dict[str, str]) -> dict[str, str]:
        """Delta debugging: halves first, then quarters, then one by one."""
        chunk = max(1, len(faults) // 2)
        while True:
            names = list(faults)
            removed = False
            for begin in range(0, len(names), chunk):
                without = {n: f for n, f in faults.items() if n not in names[begin : begin + chunk]}
                if self._may_go_on() and self._fails(calls, without):
                    faults, removed = without, True
            if chunk == 1 and not (removed and self._may_go_on()):
                return faults
            chunk = max(1, chunk // 2)

    def _may_go_on(self) -> bool:
        return self._replays < _MOST_REPLAYS

    def _fails(self, calls: list[int], faults: Mapping[str, str]) -> bool:
        self._replays += 1
        world = replay(self._seed, calls, faults, history=False, kind=self._kind)
        return any(finding.promise == self._promise for finding in check(world))
