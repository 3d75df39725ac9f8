"""One world: some calls, their vendors, the whole application, and faults until they cease."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Iterator
from datetime import timedelta
from functools import partial
from typing import Any

from callscribe.adapters.assemblyai.documents import read_transcript
from callscribe.adapters.assemblyai.options.check import AssemblyAIOptions
from callscribe.bootstrap.application import Application
from callscribe.bootstrap.settings import Settings
from callscribe.domain.calls import CALL_TERMINAL, ERASED_STATUSES
from callscribe.domain.sweeps import STANDING
from callscribe.domain.times import format_timestamp
from local import template
from simulation.api import ACCOUNT_SID, AUTH_TOKEN, Api
from simulation.assemblyai import SPEECH_MODELS, AssemblyAI
from simulation.aws import (
    SimulatedBucket,
    SimulatedDeadLetters,
    SimulatedEventPublisher,
    SimulatedQueue,
    SimulatedSchedules,
    SimulatedSecrets,
    SimulatedTable,
)
from simulation.fault_injector import FaultInjector
from simulation.follower import Follower
from simulation.gateways import SimulatedGateways
from simulation.lambdas import Lambdas
from simulation.memory_store import MemoryCallStore
from simulation.plans import PLACED, UNTOLD, Plan, make_plan
from simulation.scheduler import Scheduler
from simulation.twilio import OUR_NUMBER, Twilio

SPAN_SECONDS = 3600.0
# faults go on so long after the last call began, then they cease
_AFTERWARDS_SECONDS = 900.0
RECONCILE_SECONDS = float(template.reconcile_seconds())
# longer than any deadline, back-off or late callback
_SETTLING_SECONDS = 6 * 3600.0
_CATCHING_UP_RUNS = 12
# of worlds, cumulated
_ADOPTS = ((0.45, "own"), (0.6, "numbers"), (1.0, "account"))
# a share of worlds; longer than any window that is cut off
_OUTAGES = 0.15
_OUTAGE_BEGINS_SECONDS = 1200.0
_OUTAGE_SECONDS = 5 * 24 * 3600.0
# of worlds, cumulated
_HANGS = ((0.04, "Twilio"), (0.08, "AssemblyAI"))
_HANG_BEGINS_SECONDS = 1500.0
_HANG_SECONDS = 24 * 3600.0
# what cannot be done meanwhile goes to the end of the line: nothing stays first for so long
_MAX_OVERDUE = timedelta(hours=1)
# when an operator looks after what failed
_OPERATOR_SECONDS = (1500.0, 2700.0, 3900.0)
# how often a client that keeps a copy reads on; less often where a few calls meet every fault alone
_FOLLOWER_SECONDS, _FEW_FOLLOWER_SECONDS, _FEW = 60.0, 1500.0, 5
# a client asks again when it got no answer
_CLIENT_TRIES = 6
_CLIENT_PAUSE_SECONDS = 5.0
# a client that wants a call erased asks until it is accepted, also while the call is in progress
_ERASURE_PAUSE_SECONDS = 6.0
_ERASURE_TRIES = 600

# the least that the template takes
RETENTION_DAYS = int(template.PARAMETERS["RetentionDays"]["MinValue"])
_DAY_SECONDS = 86_400

SETTINGS = template.environment_defaults() | {
    "PUBLIC_BASE_URL": "https://api.simulated.example",
    "DEFAULT_FROM_NUMBER": OUR_NUMBER,
    "BUCKET_NAME": "bucket",
    "ADOPT_NUMBERS": OUR_NUMBER,
    "RETENTION_DAYS": str(RETENTION_DAYS),
    "MAX_CALLS_PER_DESTINATION": "100000",
    "MAX_CALLS_PER_CALLER": "100000",
    "MAX_CALLS_PER_DAY": "100000",
    "QUIET_HOURS": "",
    "TWILIO_ACCOUNT_SID": ACCOUNT_SID,
    "STACK_NAME": "simulated",
    "API_URL": "https://api.simulated.example",
}
_SECRETS = {
    "/callscribe/simulated/twilio-auth-token": {"auth_token": AUTH_TOKEN},
    "/callscribe/simulated/assemblyai-webhook-secret": {
        "webhook_secret": "a webhook secret of the simulation"
    },
}


class Telemetry:
    """Counts what the application counts, and keeps what it says for the history."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.counts: Counter[str] = Counter()

    def begin(self, request_id: str | None) -> None:
        """Which invocation says something, the simulation knows by itself."""

    def count(self, metric: str, value: float = 1) -> None:
        self.counts[metric] += int(value)

    def info(self, message: str, **fields: object) -> None:
        self._world.note(message, **fields)

    warn = info

    def exception(self, message: str, error: Exception) -> None:
        self._world.note(message, error=repr(error))
        self._world.failures.append(error)

    def flush(self) -> None:
        """CloudWatch is not simulated."""


class World:
    """Runs from beginning to end; ``checks`` looks at what is left."""

    publisher = SimulatedEventPublisher

    def __init__(
        self,
        injector: FaultInjector,
        *,
        calls: int,
        only: Collection[int] | None = None,
        plans: Collection[Plan] | None = None,
        keep_history: bool = False,
    ) -> None:
        self.injector = injector
        self.history: list[str] | None = [] if keep_history else None
        self.failures: list[BaseException] = []
        self.scheduler = Scheduler()
        self.lambdas = Lambdas(self.scheduler, injector, self.note)
        self.store = MemoryCallStore(self.scheduler.time)
        self.queue = SimulatedQueue(self.scheduler, self.lambdas, injector, self._label)
        self.bucket = SimulatedBucket(self.lambdas, self._label)
        self.event_publisher = self.publisher(self.lambdas, self._label)
        self.api = Api(self.scheduler, self.lambdas)
        self.twilio = Twilio(
            self.scheduler, self.lambdas, injector, self.api, self.note, self.bucket.objects
        )
        self.assemblyai = AssemblyAI(
            self.scheduler,
            self.lambdas,
            injector,
            self.api,
            self.bucket,
            self.note,
            lambda sid: self.twilio.recordings[sid].call.plan,
        )
        self.telemetry = Telemetry(self)
        # what clients were told, by plan: (status, body)
        self.answers: dict[int, list[tuple[int, str]]] = {}
        self.reconciled: list[dict[str, Any] | None] = []
        # every other world deletes at the vendors what is stored here
        self.vendor_copies = "delete" if injector.number("vendor copies") < 0.5 else "keep"
        # which recordings of the account are this stack's, and whether an import takes them all
        self.adopts = next(way for high, way in _ADOPTS if injector.number("adopts") < high)
        self.imports = self.adopts == "account" or injector.number("imports") < 0.5
        self.twilio.on_foreign = self._transcribed_by_another
        # in some worlds the set of those under way is full now and then
        self.max_concurrent_calls = "40" if injector.number("most at once") < 0.25 else "1000"
        # in some worlds reconciliation stops in the midst of it all, and comes back days later
        self.outage = injector.number("reconcile outage") < _OUTAGES
        # in some a vendor answers nothing for a day
        roll = 1.0 if self.outage else injector.number("a vendor hangs")
        self.hanging = next((name for high, name in _HANGS if roll < high), None)
        self.lambdas.hangs = self._hangs
        # what was not done while it hung, although it needs only the other: (label, what)
        self.stalled: list[tuple[str, str]] = []
        # labels of calls whose erasure was promised
        self.erased: set[str] = set()
        # and of those whose cancellation was
        self.canceled: set[str] = set()
        self._runs = self._asked = 0
        self.begin = self.scheduler.time()
        self.table = SimulatedTable(
            self.store, self.lambdas, self.scheduler, injector, self._label, self.twilio.labels
        )
        self.follower = Follower(self.api)
        # acknowledged, but neither done nor kept: (recording_sid, what happened)
        self.dropped: list[tuple[str, str]] = []
        self.queue.on_done = self._processed
        self.api.on_acknowledged = self._acknowledged
        self.lambdas.deploy(self._application())
        numbers = range(calls) if only is None else sorted(only)
        self.plans = plans or [make_plan(injector, number, SPAN_SECONDS) for number in numbers]
        for plan in self.plans:
            self.add(plan)

    def run(self) -> None:
        """Everything happens; then a time without faults, and two reconciliations."""
        faulty = SPAN_SECONDS + _AFTERWARDS_SECONDS
        moment = RECONCILE_SECONDS
        while moment < faulty:
            self.scheduler.at(moment, self.reconcile)
            moment += RECONCILE_SECONDS
        for moment in _OPERATOR_SECONDS:
            self.scheduler.at(moment, self.try_again)
        self.scheduler.at(_OPERATOR_SECONDS[0], self.bring_in)
        pause = _FOLLOWER_SECONDS if len(self.plans) > _FEW else _FEW_FOLLOWER_SECONDS
        for number in range(1, int(faulty / pause)):
            self.scheduler.spawn(self.follower.poll, after=number * pause)
        self.scheduler.run_until(faulty)
        self._wait_for_those_far_ahead()
        self.drain()

    def _wait_for_those_far_ahead(self) -> None:
        """Days go by, what expires is deleted, and then there are faults again."""
        far = [plan.place_at for plan in self.plans if plan.days_ahead]
        if not far:
            return
        self.scheduler.run_until(min(far) - RECONCILE_SECONDS)
        moment = self.scheduler.now
        while moment < max(far) + _AFTERWARDS_SECONDS:
            self.scheduler.at(moment, self.reconcile)
            moment += RECONCILE_SECONDS
        self.scheduler.run_until(moment)

    def let_expire(self) -> None:
        """Until the time for which everything of this world is kept is over."""
        last = max((plan.place_at for plan in self.plans), default=0.0) + _DAY_SECONDS
        self.scheduler.run_until(last + RETENTION_DAYS * _DAY_SECONDS)
        self.store.expire()

    def drain(self) -> None:
        """Faults cease, everything under way ends, and reconciliation runs twice."""
        self.injector.calm = True
        self.note("the faults cease")
        self.scheduler.run_until(self.scheduler.now + _SETTLING_SECONDS)
        if self._is_out():
            self.scheduler.run_until(self.scheduler.now + _OUTAGE_SECONDS)
        self.outage = False
        if self.hanging:
            self._wait_for_vendor()
        # what has piled up takes more than a run or two
        for _ in range(_CATCHING_UP_RUNS):
            self.reconcile()
            self.scheduler.run_until(self.scheduler.now + RECONCILE_SECONDS)
        self.scheduler.run_until(self.scheduler.now + _SETTLING_SECONDS)
        self.reconciled.clear()
        for _ in range(2):
            self._reconcile_and_settle()
        self.scheduler.spawn(self.follower.poll)
        self.scheduler.run_until(self.scheduler.now + RECONCILE_SECONDS)

    def look_again(self) -> dict[str, Any]:
        """One more reconciliation, which should find nothing to do."""
        self._reconcile_and_settle()
        return self.reconciled.pop() or {}

    def _hangs(self, vendor: str) -> bool:
        begun = self.scheduler.now >= _HANG_BEGINS_SECONDS
        return vendor == self.hanging and begun

    def _wait_for_vendor(self) -> None:
        """Reconciliation goes on all day; then the vendor answers again."""
        until = _HANG_BEGINS_SECONDS + _HANG_SECONDS
        if self.scheduler.now >= until:
            # a world of calls far ahead is days old by now
            until = self.scheduler.now + _HANG_SECONDS
        while self.scheduler.now < until:
            self.reconcile()
            self.scheduler.run_until(self.scheduler.now + RECONCILE_SECONDS)
        self.stalled = [*self.lambdas.asked_again, *stalled(self)]
        self.note("answers again", vendor=self.hanging)
        self.hanging = None

    def _reconcile_and_settle(self) -> None:
        self.reconcile()
        self.scheduler.run_until(self.scheduler.now + _SETTLING_SECONDS)

    def advance(self, seconds: float) -> None:
        """Lets time pass, for what drives a world by hand."""
        self.scheduler.run_until(self.scheduler.now + seconds)

    def add(self, plan: Plan) -> None:
        self.twilio.plans[plan.phone] = plan
        if plan.kind in PLACED:
            # a client that is impatient, or two processes of one that do the same at the same moment
            apart = 0.01 * (plan.number % 2)
            for ask in range(plan.asks):
                self.scheduler.spawn(
                    lambda: self._ask_for_call(plan), after=plan.begins + ask * apart
                )
        elif plan.kind == "inbound":
            self.scheduler.after(plan.begins, lambda: self.twilio.receive(plan))
        else:
            self.scheduler.after(plan.begins, lambda: self.twilio.appear(plan))
        if plan.kind == "scheduled" and plan.canceled_after is not None:
            after = plan.place_at + plan.canceled_after
            self.scheduler.spawn(lambda: self._ask_for_cancellation(plan), after=after)
        if plan.erased_after is not None:
            after = plan.begins + plan.erased_after
            self.scheduler.spawn(lambda: self._ask_for_erasure(plan), after=after)

    def reconcile(self) -> None:
        if self._is_out() and self.scheduler.now > _OUTAGE_BEGINS_SECONDS:
            return
        self._runs += 1
        label = f"reconciliation {self._runs}"
        self.lambdas.invoke("reconcile", {}, self.reconciled.append, label=label)

    def _is_out(self) -> bool:
        """Only once there are windows: the first one reaches back a day, and no further."""
        return self.outage and {s.sweep_id for s in self.store.list_sweeps()}.issuperset(STANDING)

    def try_again(self) -> None:
        """An operator retries all that failed; the request may fail, too."""
        self._ask_as_operator("retries", {"since": format_timestamp(self.begin)})

    def bring_in(self) -> None:
        """And for what was recorded elsewhere, which the sweeps look for at the same time."""
        if not self.imports:
            return
        self._ask_as_operator(
            "imports", {"since": format_timestamp(self.begin - timedelta(days=1))}
        )

    def _ask_as_operator(self, path: str, body: dict[str, Any]) -> None:
        self._asked += 1
        label = f"operator {self._asked}"
        url = f"{self.api.base_url}/{path}"
        self.scheduler.spawn(
            lambda: self.note(
                "operator was told",
                entity=label,
                answer=self.api.request(
                    label, "POST", url, body=json.dumps(body), headers={"idempotency-key": label}
                ),
            )
        )

    def note(self, message: str, **fields: object) -> None:
        """A line of the history."""
        if self.history is not None:
            shown = " ".join(f"{k}={v}" for k, v in fields.items() if v is not None)
            self.history.append(f"{self.scheduler.now:10.3f}  {message}  {shown}".rstrip())

    def _ask_for_call(self, plan: Plan) -> None:
        """A client that wants one call, and asks again until it has an answer."""
        body: dict[str, Any] = {"to": plan.phone}
        if plan.kind in ("call", "two-recordings"):
            body["mode"] = "call"
        if plan.kind == "scheduled":
            body["place_at"] = format_timestamp(self.begin + timedelta(seconds=plan.place_at))
        for _ in range(_CLIENT_TRIES):
            answer = self.api.request(
                plan.label,
                "POST",
                f"{self.api.base_url}/calls",
                body=json.dumps(body),
                headers={"idempotency-key": plan.label},
            )
            self.answers.setdefault(plan.number, []).append(answer)
            self.note("client was told", entity=plan.label, status=answer[0])
            if answer[0] not in (429, 500, 503):
                return
            self.scheduler.pause(_CLIENT_PAUSE_SECONDS)

    def _ask_for_cancellation(self, plan: Plan) -> None:
        """Until it is answered either way: canceled, or too late for that."""
        url = f"{self.api.base_url}/calls/{self.table.call_ids.get(plan.label)}/cancel"
        for _ in range(_CLIENT_TRIES):
            status, _ = self.api.request(plan.label, "POST", url)
            self.note("cancellation was answered", entity=plan.label, status=status)
            if status == 200:
                self.canceled.add(plan.label)
            if status < 500:
                return
            self.scheduler.pause(_CLIENT_PAUSE_SECONDS)

    def _ask_for_erasure(self, plan: Plan) -> None:
        """By whatever name is known; a call that is not known here yet is asked for again."""
        if plan.kind in UNTOLD and self.adopts != "account":
            return
        for _ in range(_ERASURE_TRIES):
            sids = [call.sid for call in self.twilio.calls.values() if call.plan is plan]
            name = self.table.call_ids.get(plan.label) or (*sids, "")[0]
            if name:
                url = f"{self.api.base_url}/calls/{name}"
                # at the same moment somebody else makes a link to it
                self.scheduler.spawn(partial(self._ask_for_share, plan, f"{url}/shares"))
                status, _ = self.api.request(plan.label, "DELETE", url)
                self.note("erasure was answered", entity=plan.label, status=status)
                if status == 202:
                    self.erased.add(plan.label)
                    # not everybody waits for the schedule: the first look may come at once
                    self.scheduler.after(1, self.reconcile)
                    return
            self.scheduler.pause(_ERASURE_PAUSE_SECONDS)

    def _ask_for_share(self, plan: Plan, url: str) -> None:
        status, _ = self.api.request(plan.label, "POST", url, body="{}")
        self.note("share was answered", entity=plan.label, status=status)

    def _processed(self, recording_sid: str) -> None:
        """The worker called a message done: its recording must be on its way without it."""
        items = [r for r in self.store.recordings.values() if r.recording_sid == recording_sid]
        stuck = not items or items[0].status in ("received", "stored")
        if stuck and not self.queue.holds(recording_sid):
            status = items[0].status if items else "unknown"
            self.dropped.append((recording_sid, f"the worker is done, the recording {status}"))

    def _acknowledged(self, recording_sid: str) -> None:
        if recording_sid not in self.queue.kept:
            self.dropped.append((recording_sid, "a callback was answered 2xx and not kept"))

    def adopts_from_list(self, plan: Plan) -> bool:
        """Whether this stack takes a call that only Twilio's list shows."""
        ours = self.adopts == "numbers" and plan.kind != "other-stack"
        return ours or self.adopts == "account"

    def _transcribed_by_another(self, recording_sid: str) -> None:
        call = self.twilio.recordings[recording_sid].call
        self.assemblyai.transcribe_for_another(call.sid, recording_sid)

    def _label(self, name: str) -> str:
        return self.twilio.labels.get(name, name)

    def _application(self) -> Application:
        """The application as it is deployed into this world."""
        chosen = {
            "ADOPT_RECORDINGS": self.adopts,
            "VENDOR_COPIES": self.vendor_copies,
            "MAX_CALLS_AT_ONCE": self.max_concurrent_calls,
        }
        gateways = SimulatedGateways(
            store=self.table,
            documents=self.bucket,
            queue=self.queue,
            dead_letters=SimulatedDeadLetters(self.queue),
            telephony=self.twilio,
            audio=self.twilio,
            transcriber=self.assemblyai,
            transcription_options=AssemblyAIOptions(SPEECH_MODELS),
            read_transcript=read_transcript,
            event_publisher=self.event_publisher,
            schedules=SimulatedSchedules(self.scheduler, self.lambdas, self.injector, self._label),
            secrets=SimulatedSecrets(self.lambdas, _SECRETS),
            telemetry=self.telemetry,
            clock=self.lambdas.clock,
            new_id=self.lambdas.new_id,
        )
        return Application(Settings(SETTINGS | chosen), gateways)


def stalled(world: World) -> Iterator[tuple[str, str]]:
    """What stands still although it does not need the vendor that hangs."""
    twilio_hangs = world.hanging == "Twilio"
    waits = ("stored", "submitting", "submitted") if twilio_hangs else ("received",)
    for recording in world.store.recordings.values():
        label = world.twilio.labels[recording.recording_sid]
        if recording.status in waits and label not in world.erased:
            yield label, f"{recording.recording_sid} is {recording.status}"
    for call in world.store.calls.values():
        label = world.twilio.labels.get(call.call_id, call.call_id)
        if not twilio_hangs and call.status not in (*CALL_TERMINAL, *ERASED_STATUSES):
            yield label, f"the call is {call.status}"
    for waiting in world.store.overdue(format_timestamp(world.scheduler.time() - _MAX_OVERDUE)):
        yield (
            world.twilio.labels.get(waiting.call_id, "-"),
            f"due since {waiting.due_at}, and first",
        )
