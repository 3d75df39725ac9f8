"""Small histories that Hypothesis makes up: whatever happens in whatever order, every promise holds."""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from simulation.checks import check
from simulation.fault_injector import (
    AWS_FAULTS,
    CALLBACK_FAULTS,
    SCHEDULE_FAULTS,
    VENDOR_FAULTS,
    WEBHOOK_FAULTS,
    FaultInjector,
)
from simulation.plans import KINDS, OUTCOMES, Plan
from simulation.world import World
from tests.support.examples import EXAMPLES

TABLE = (
    "table.bind_key table.add_call table.change_call table.get_call "
    "table.add_recording table.change_recording "
    "table.get_recording table.find_call_id table.take_lease table.list_sweeps table.change_sweep "
    "table.overdue table.failures queue.put queue.retry_in bucket.put events.put "
    "schedules.create"
).split()
VENDORS = (
    "media.copy calls.create calls.fetch calls.list recordings.list recordings.fetch recordings.page "
    "calls.page transcripts.create transcripts.get transcripts.list transcripts.page"
).split()
faults = st.one_of(
    st.tuples(st.sampled_from(TABLE), st.sampled_from(AWS_FAULTS)),
    st.tuples(st.sampled_from(VENDORS), st.sampled_from(VENDOR_FAULTS)),
    st.tuples(
        st.sampled_from(["callback.status", "callback.recording"]), st.sampled_from(CALLBACK_FAULTS)
    ),
    st.tuples(st.just("webhook"), st.sampled_from(WEBHOOK_FAULTS)),
    st.tuples(st.just("queue.deliver"), st.just("doubled")),
    st.tuples(st.just("schedules.fire"), st.sampled_from(SCHEDULE_FAULTS)),
)


class Histories(RuleBasedStateMachine):
    """Each rule is something that can happen; at the end there are no faults, and two reconciliations."""

    @initialize(seed=st.integers(0, 999))
    def begin(self, seed: int) -> None:
        self.world = World(FaultInjector(f"history {seed}", forced={}), calls=0, plans=[])
        # a deployed application reconciles from its first minutes on: its windows are open
        self.world.reconcile()
        self.number = 0

    @rule(
        kind=st.sampled_from(KINDS),
        outcome=st.sampled_from(OUTCOMES),
        asks=st.integers(1, 3),
        talks=st.integers(1, 90),
    )
    def call_comes_in(self, kind: str, outcome: str, asks: int, talks: int) -> None:
        plan = Plan(
            number=self.number,
            kind=kind,
            outcome=outcome,
            begins=0,
            asks=asks,
            talks_seconds=talks,
        )
        self.number += 1
        self.world.plans = [*self.world.plans, plan]
        self.world.add(plan)

    @rule(fault=faults)
    def the_next_request_fails(self, fault: tuple[str, str]) -> None:
        operation, kind = fault
        self.world.injector.next_faults.setdefault(operation, []).append(kind)

    @rule(seconds=st.sampled_from([0.01, 0.1, 1, 10, 60, 300, 1200, 4000]))
    def time_passes(self, seconds: float) -> None:
        self.world.advance(seconds)

    @rule()
    def reconciliation_runs(self) -> None:
        self.world.reconcile()

    @rule()
    def an_operator_tries_again(self) -> None:
        self.world.try_again()

    def teardown(self) -> None:
        if not hasattr(self, "world"):
            return
        self.world.drain()
        findings: list[Any] = check(self.world)
        assert findings == [], self.world.injector.fired


Histories.TestCase.settings = settings(
    max_examples=2 * EXAMPLES,
    stateful_step_count=30,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
TestHistories = Histories.TestCase
