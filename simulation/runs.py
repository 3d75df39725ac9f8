"""The three ways to run worlds: rolled from a seed, one fault at a time, and those that once failed."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from simulation.checks import Finding, check
from simulation.fault_injector import DEFAULT_RATES, FaultInjector
from simulation.plans import KINDS, OUTCOMES, Plan
from simulation.shrink import replay
from simulation.world import RETENTION_DAYS, World

CALLS_A_WORLD = 250
REGRESSIONS = Path(__file__).with_name("regressions.json")


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One piece of work for a process. ``way`` is rolled, single or regression."""

    way: str
    seed: str
    calls: int = 0
    rates: Mapping[str, float] = field(default_factory=lambda: DEFAULT_RATES)
    plan: Plan | None = None
    base: str = ""
    every: int = 1
    crash_only: tuple[str, ...] = ()
    only: Sequence[int] = ()
    faults: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Outcome:
    """What came of a task; ``faults`` are those that fired in its first failing world."""

    task: Task
    worlds: int = 0
    calls: int = 0
    recordings: int = 0
    fired: Counter[str] = field(default_factory=Counter)
    counts: Counter[str] = field(default_factory=Counter)
    findings: list[Finding] = field(default_factory=list)
    faults: dict[str, str] = field(default_factory=dict)


def rolled(seed: str, calls: int, rates: Mapping[str, float]) -> Iterator[Task]:
    """Worlds of many calls; each has the seed and its own number."""
    for number, begin in enumerate(range(0, calls, CALLS_A_WORLD)):
        size = min(CALLS_A_WORLD, calls - begin)
        yield Task(way="rolled", seed=f"{seed}/{number}", calls=size, rates=rates)


# of one kind of call with one base: where a vendor is out for hours there are twenty thousand of them
_MOST_SINGLES = 100
# what is already wrong when the single fault strikes, so that repairs are cut off as well
_BASES = (
    "",
    "callback.recording=lost",
    "callback.status=lost",
    "webhook=lost",
    "calls.create=lost-after",
    "calls.create=lost-before",
    "transcripts.create=lost-after",
    "transcripts.create=crash-after",
    "media.copy=crash-after",
    "schedules.fire=lost",
)


def singles(seed: str, *, every: int = 1, crash_only: tuple[str, ...] = ()) -> Iterator[Task]:
    """Every kind of call, with every fault of every request alone, crashes at every step included.

    ``every`` takes each Nth of them; ``crash_only`` takes only crashes, at these operations.
    """
    stories = [(kind, "spoken") for kind in KINDS]
    stories += [("message", outcome) for outcome in OUTCOMES if outcome != "spoken"]
    # two calls are erased: one in the midst of its transcription, one with all that there is
    erased: dict[int, float] = {}
    for after in (75, 600):
        erased[len(stories)] = after
        stories.append(("message", "spoken"))
    for number, (kind, outcome) in enumerate(stories):
        plan = Plan(
            number=number,
            kind=kind,
            outcome=outcome,
            begins=60,
            asks=1,
            talks_seconds=40,
            erased_after=erased.get(number),
        )
        for base in _BASES:
            yield Task(
                way="single",
                seed=f"{seed}/{number}",
                plan=plan,
                base=base,
                every=every,
                crash_only=crash_only,
            )


def far_ahead(
    seed: str, calls: int, rates: Mapping[str, float], *, worlds: int = 1
) -> Iterator[Task]:
    """Worlds of calls that are scheduled for almost as far ahead as they are kept."""
    for number in range(worlds):
        yield Task(way="far ahead", seed=f"{seed}/far/{number}", calls=calls, rates=rates)


def regressions() -> Iterator[Task]:
    """What once failed, kept permanently."""
    for entry in json.loads(REGRESSIONS.read_text()):
        yield Task(
            way="regression", seed=entry["seed"], only=entry["calls"], faults=entry["faults"]
        )


def carry_out(task: Task) -> Outcome:
    """Runs a task in this process."""
    outcome = Outcome(task)
    if task.way == "rolled":
        _finish(outcome, World(FaultInjector(task.seed, task.rates), calls=task.calls))
    elif task.way == "far ahead":
        plans = [_far_ahead(number) for number in range(task.calls)]
        _finish(outcome, World(FaultInjector(task.seed, task.rates), calls=0, plans=plans))
    elif task.way == "regression":
        world = replay(task.seed, task.only, task.faults, history=False)
        _look(outcome, world, check(world))
    else:
        _singles(outcome, task)
    return outcome


def _far_ahead(number: int) -> Plan:
    # a few hours after its time it would be gone if it were kept from its request on
    return Plan(
        number=number,
        kind="scheduled",
        outcome="spoken",
        begins=60,
        asks=1 + number % 2,
        talks_seconds=20,
        days_ahead=RETENTION_DAYS - 0.05,
        # at every moment of its being placed, one of them is canceled
        canceled_after=number / 1000 if number % 2 else None,
    )


def _singles(outcome: Outcome, task: Task) -> None:
    plan = task.plan
    assert plan is not None  # noqa: S101 - singles() gives one
    dry = World(FaultInjector(task.seed, forced={}, remember_all=True), calls=0, plans=[plan])
    dry.run()
    operation, _, kind = task.base.partition("=")
    base = {n: kind for n in dry.injector.drawn if operation and n.split("/")[1] == operation}
    if operation and not base:
        return
    # with the base in place other requests are made: those are the ones to strike
    rehearsal = World(
        FaultInjector(task.seed, forced=base, remember_all=True), calls=0, plans=[plan]
    )
    rehearsal.run()
    _look(outcome, rehearsal, check(rehearsal))
    wanted = [
        (name, fault)
        for name, kinds in rehearsal.injector.drawn.items()
        for fault in kinds
        if name not in base and _is_wanted(task, name, fault)
    ]
    # which ones is rolled too, so that another seed takes others
    every = task.every if task.every == 1 else max(task.every, len(wanted) // _MOST_SINGLES)
    first = int(rehearsal.injector.number(f"single/{task.base}", 0, every))
    for name, fault in wanted[first::every]:
        injector = FaultInjector(task.seed, forced=base | {name: fault})
        _finish(outcome, World(injector, calls=0, plans=[plan]))


def _is_wanted(task: Task, name: str, fault: str) -> bool:
    crash = fault.startswith("crash") and name.split("/")[1] in task.crash_only
    return crash or not task.crash_only


def _finish(outcome: Outcome, world: World) -> None:
    world.run()
    _look(outcome, world, check(world))


def _look(outcome: Outcome, world: World, findings: list[Finding]) -> None:
    outcome.worlds += 1
    outcome.calls += len(world.plans)
    outcome.recordings += len(world.twilio.recordings)
    outcome.fired.update(world.injector.fired.values())
    outcome.counts.update(world.telemetry.counts)
    if findings and not outcome.findings:
        outcome.findings = findings
        outcome.faults = dict(world.injector.fired)


def shown(task: Task) -> dict[str, Any]:
    """A task in words, for the report."""
    plan = task.plan
    return {
        "way": task.way,
        "seed": task.seed,
        "story": f"{plan.kind}, {plan.outcome}" if plan else None,
        "base": task.base or None,
    }
