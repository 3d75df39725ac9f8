"""The simulated world itself: it repeats, it obeys, it meets the faults it promises, it can fail."""

from __future__ import annotations

import json

import pytest

from simulation.aws import SimulatedEventPublisher
from simulation.checks import PROMISES, check
from simulation.fault_injector import (
    AWS_FAULTS,
    CALLBACK_FAULTS,
    DEFAULT_RATES,
    VENDOR_FAULTS,
    WEBHOOK_FAULTS,
    FaultInjector,
)
from simulation.mutants import MUTANTS, ROOT
from simulation.plans import KINDS, OUTCOMES, UNTOLD, Plan
from simulation.runs import REGRESSIONS, carry_out, far_ahead, regressions, singles
from simulation.scheduler import Scheduler
from simulation.shrink import Shrinker, replay
from simulation.world import World


def story(kind: str, outcome: str = "spoken") -> Plan:
    return Plan(number=7, kind=kind, outcome=outcome, begins=10, asks=2, talks_seconds=30)


def calm(*plans: Plan) -> World:
    world = World(FaultInjector("calm", forced={}), calls=0, plans=plans, keep_history=True)
    world.run()
    return world


def test_scheduler_takes_turns_in_the_order_of_time() -> None:
    scheduler, seen = Scheduler(), []

    def walk(name: str, step: float) -> None:
        for _ in range(3):
            scheduler.pause(step)
            seen.append((name, scheduler.now))

    scheduler.spawn(lambda: walk("slow", 2))
    scheduler.spawn(lambda: walk("fast", 1))
    scheduler.run_until(5)
    assert [name for name, _ in seen] == ["fast", "slow", "fast", "fast", "slow"]
    assert scheduler.now == 5


@pytest.mark.parametrize("kind", KINDS)
def test_every_story_ends_as_it_should_without_faults(kind: str) -> None:
    world = calm(story(kind))
    assert world.injector.fired == {}
    assert check(world) == []
    recordings = list(world.store.recordings.values())
    ends = {
        "unanswered": [],
        "refused": [],
        "absent": ["absent"],
        "two-recordings": ["completed"] * 2,
    }
    if kind in UNTOLD and not world.adopts_from_list(story(kind)) and not world.imports:
        ends[kind] = []
    assert [r.status for r in recordings] == ends.get(kind, ["completed"])
    assert len(world.assemblyai.jobs) == sum(r.status == "completed" for r in recordings)


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_every_outcome_of_a_transcript(outcome: str) -> None:
    world = calm(story("message", outcome))
    (recording,) = world.store.recordings.values()
    ends = {"silent": "silent", "fails": "error"}
    assert recording.status == ends.get(outcome, "completed")
    # after three failures it took an operator
    jobs = {"fails-once": (2, 0), "fails-thrice": (4, 1)}.get(outcome, (1, 0))
    assert (len(world.assemblyai.jobs), recording.retries) == jobs
    assert check(world) == []


def test_same_seed_is_the_same_world() -> None:
    def run(seed: str) -> tuple[object, ...]:
        world = World(FaultInjector(seed), calls=30, keep_history=True)
        world.run()
        return world.history, world.injector.fired, world.telemetry.counts

    assert run("one") == run("one")
    assert run("one") != run("two")


def test_what_is_scheduled_far_ahead_is_kept_until_it_has_ended_and_then_goes() -> None:
    (task,) = far_ahead("days go by", 3, DEFAULT_RATES)
    outcome = carry_out(task)
    assert outcome.findings == []
    assert outcome.recordings >= 1


def test_forced_fault_strikes_once_and_is_in_the_history() -> None:
    name = "call 7/calls.create/1"
    world = World(
        FaultInjector("x", forced={name: "lost-after"}),
        calls=0,
        plans=[story("message")],
        keep_history=True,
    )
    world.run()
    assert world.injector.fired == {name: "lost-after"}
    assert [line for line in world.history or [] if "lost-after" in line]
    assert check(world) == []


def test_every_kind_of_fault_is_met() -> None:
    world = World(FaultInjector("all", dict.fromkeys(DEFAULT_RATES, 20)), calls=400)
    world.run()
    assert set(world.injector.fired.values()) == set(DEFAULT_RATES)
    promised = {*AWS_FAULTS, *VENDOR_FAULTS, *CALLBACK_FAULTS, *WEBHOOK_FAULTS}
    assert set(DEFAULT_RATES) == promised


def test_every_request_of_the_application_can_be_struck() -> None:
    """The singles draw on what a run without faults asks: nothing that a port offers is left out."""
    asked: set[str] = set()
    for task in singles("names"):
        if task.base or task.plan is None:
            continue
        world = World(
            FaultInjector(task.seed, forced={}, remember_all=True), calls=0, plans=[task.plan]
        )
        world.run()
        asked |= {name.split("/")[1] for name in world.injector.drawn}
    expected = (
        "table.bind_key table.add_call table.add_recording table.get_call "
        "table.get_recording table.find_call_id "
        "table.change_call table.change_recording table.overdue table.add_sweep table.list_sweeps "
        "table.change_sweep table.take_lease table.give_back_lease queue.put queue.deliver "
        "table.failures table.list_changed table.get_sweep dead-letters.take bucket.put events.put "
        "schedules.create schedules.fire secrets.read "
        "calls.create calls.fetch recordings.list recordings.page calls.page media.copy "
        "transcripts.create transcripts.get transcripts.page callback.status callback.recording "
        "webhook"
    )
    assert set(expected.split()) <= asked


@pytest.mark.parametrize("entry", json.loads(REGRESSIONS.read_text()), ids=lambda e: e["note"][:40])
def test_what_once_failed_meets_its_faults_and_holds(entry: dict[str, object]) -> None:
    (task,) = [t for t in regressions() if t.faults == entry["faults"]]
    outcome = carry_out(task)
    assert outcome.findings == []
    assert sum(outcome.fired.values()) >= len(task.faults) // 2


class LostEvents(SimulatedEventPublisher):
    """A bus that takes events and forgets them."""

    def publish(self, *_: object) -> None: ...


class SilentWorld(World):
    publisher = LostEvents


def test_broken_world_is_found_and_cut_down_to_its_history() -> None:
    world = SilentWorld(FaultInjector("broken"), calls=12)
    world.run()
    findings = check(world)
    assert {"announced"} <= {finding.promise for finding in findings} <= set(PROMISES)
    short = Shrinker("broken", "announced", SilentWorld).shrink(range(12), world.injector.fired)
    assert len(short.calls) == 1
    assert short.faults == {}
    assert any("recording ended" in line for line in short.history)
    again = replay(short.seed, short.calls, short.faults, history=False, kind=SilentWorld)
    assert "announced" in {finding.promise for finding in check(again)}


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.what[:60])
def test_mutant_has_its_place(mutant: object) -> None:
    """`make simulate-mutants` runs them; a list that has grown old is noticed sooner."""
    from simulation.mutants import Mutant  # noqa: PLC0415 - for the type alone

    assert isinstance(mutant, Mutant)
    assert (ROOT / mutant.path).read_text().count(mutant.old) == 1
    assert mutant.old != mutant.new
