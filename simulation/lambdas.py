"""Lambda, API Gateway and the invocations of handlers: at least once, cut off, killed at any step."""

from __future__ import annotations

import importlib
import itertools
import traceback
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import Any, TypeVar

from greenlet import getcurrent

from callscribe.adapters.assemblyai import client as assemblyai
from callscribe.adapters.twilio import client as twilio
from callscribe.adapters.twilio.errors import REFUSALS
from callscribe.api.entrypoints import LambdaHandler
from callscribe.bootstrap.application import Application
from callscribe.domain.errors import (
    CallscribeError,
    RetryLaterError,
    VendorOutcomeUnknownError,
    VendorRateLimitedError,
    VendorRefusedError,
)
from callscribe.domain.failures import Failure
from callscribe.ports.vendors import Page
from local import template
from simulation.fault_injector import AWS_FAULTS, VENDOR_FAULTS, FaultInjector
from simulation.scheduler import Scheduler

T = TypeVar("T")

TIMEOUTS = {folder: template.function(folder)["Timeout"] for folder in template.BY_FOLDER}
HANDLERS: dict[str, LambdaHandler[Application]] = {
    name: importlib.import_module(f"functions.{name}.app").handler for name in TIMEOUTS
}
# how long the application waits for one answer, with all its tries
_PATIENCE_SECONDS = {
    "Twilio": twilio.PATIENCE_SECONDS,
    "AssemblyAI": assemblyai.PATIENCE_SECONDS,
}
# the entity of a request that concerns no one call: it is named after who makes it
NO_CALL = "-"
_PAGE_SIZE = 50
# far more than Amazon's time service lets pass
_CLOCKS_APART_SECONDS = 1.0
# a write that another has to wait for, or whose first tries were lost on their way
_SLOW_SECONDS = (1.0, 15.0)


class Killed(BaseException):
    """The process of an invocation is gone."""


@dataclass(slots=True)
class Invocation:
    """One run of a handler. ``invoked_function_arn`` and the like are what Lambda's context has."""

    function: str
    aws_request_id: str
    deadline: float
    now: Callable[[], float]
    label: str
    dead: bool = False
    invoked_function_arn: str = "arn:aws:lambda:us-east-1:123456789012:function:dial"

    def get_remaining_time_in_millis(self) -> int:
        return int((self.deadline - self.now()) * 1000)


class Lambdas:
    """Invokes handlers as tasks, and is the only way out of them: every request goes through here."""

    def __init__(
        self, scheduler: Scheduler, injector: FaultInjector, note: Callable[..., None]
    ) -> None:
        self._scheduler = scheduler
        self._injector = injector
        self._note = note
        self._ids = itertools.count(1)
        self._running: dict[Any, Invocation] = {}
        self._made: Counter[str] = Counter()
        self._deployed: dict[str, LambdaHandler[Application]] = {}
        # exceptions that no handler should let out or log: each is a bug
        self.bugs: list[str] = []
        # whether a vendor answers nothing at all now
        self.hangs: Callable[[str], bool] = lambda _: False
        # by run of reconciliation: the vendors that did not answer it, and that it asked all the same
        self._silent: set[tuple[str, str]] = set()
        self.asked_again: list[tuple[str, str]] = []

    def deploy(self, application: Application) -> None:
        """Every function runs with this application from now on."""
        self._deployed = {name: handler.using(application) for name, handler in HANDLERS.items()}

    def invoke(self, function: str, event: Any, done: Callable[[Any], None], *, label: str) -> None:
        """``done`` gets the answer, or None where the invocation died or raised.

        ``label`` says on whose behalf it runs: it names the requests that concern no other call.
        """
        self._scheduler.spawn(lambda: self._run(function, event, done, label))

    def ask(self, function: str, event: Any, *, label: str) -> Any:
        """The same from within a task, waiting for the answer."""
        wake = self._scheduler.suspend()
        answers: list[Any] = []

        def done(answer: Any) -> None:
            answers.append(answer)
            wake()

        self.invoke(function, event, done, label=label)
        self._scheduler.sleep()
        return answers[0]

    def label(self) -> str:
        """On whose behalf the invocation runs that asks."""
        return self._running[getcurrent()].label

    def clock(self) -> datetime:
        """The clock of the machine on which the invocation runs that asks: no two agree."""
        invocation = self._running.get(getcurrent())
        if invocation is None:
            return self._scheduler.coarse_time()
        name = f"clock/{invocation.label}/{invocation.function}"
        apart = self._injector.number(name, -_CLOCKS_APART_SECONDS, _CLOCKS_APART_SECONDS)
        return self._scheduler.coarse_time() + timedelta(seconds=round(apart, 1))

    def new_id(self) -> str:
        """An id that is random to the application and yet the same in a world that is repeated."""
        label = self.label()
        self._made[label] += 1
        name = f"id/{label}/{self._made[label]}".encode()
        return blake2b(name, key=self._injector.seed.encode(), digest_size=16).hexdigest()

    def aws(
        self,
        entity: str,
        operation: str,
        act: Callable[[], T],
        again: Callable[[], T] | None = None,
    ) -> T:
        """A request to AWS: what the adapters raise is raised, after boto3's own tries.

        ``again`` is what its repetition does, where an adapter can tell that it is one.
        """
        fault = self._before(entity, operation, AWS_FAULTS, 0.004, 0.02)
        if fault == "throttled":
            raise RetryLaterError(f"{operation} is throttled", seconds=5)
        if fault == "lost-before":
            self._pass(9)
            raise RetryLaterError(f"{operation} did not answer", seconds=5)
        if fault == "slow":
            self._pass(self._injector.number(f"{entity}/{operation}/slow", *_SLOW_SECONDS))
        result = act()
        if fault == "repeated":
            # boto3 asks again when a connection broke, and gets an answer
            self._pass(self._injector.number(f"{entity}/{operation}/again", 0.01, 0.1))
            result = (again or act)()
        if fault == "lost-after":
            self._pass(9)
            raise RetryLaterError(f"{operation} did not answer", seconds=5)
        self._after(fault)
        return result

    def vendor(
        self,
        vendor: str,
        entity: str,
        operation: str,
        act: Callable[[], T],
        *,
        seconds: tuple[float, float] = (0.05, 0.4),
    ) -> T:
        """A request to Twilio or AssemblyAI."""
        fault = self._before(entity, operation, VENDOR_FAULTS, *seconds)
        if self.hangs(vendor):
            self._hang(vendor)
            self._pass(_PATIENCE_SECONDS[vendor])
            raise VendorOutcomeUnknownError(vendor, "no answer (it hangs)")
        if fault == "refused":
            raise VendorRefusedError(
                vendor,
                "refused (simulated)",
                code=20003,
                status=403,
                failure=_failure(vendor, 20003),
            )
        if fault == "throttled":
            raise VendorRateLimitedError(
                vendor, "busy (simulated)", status=429, failure=_failure(vendor, 20429)
            )
        if fault == "lost-before":
            self._pass(9)
            raise VendorOutcomeUnknownError(vendor, "no answer (simulated)")
        result = act()
        if fault == "lost-after":
            self._pass(9)
            raise VendorOutcomeUnknownError(vendor, "no answer (simulated)")
        self._after(fault)
        return result

    def _hang(self, vendor: str) -> None:
        invocation = self._running[getcurrent()]
        run = (invocation.aws_request_id, vendor)
        if run in self._silent and invocation.function == "reconcile":
            self.asked_again.append((invocation.label, f"{vendor} was asked again in one run"))
        self._silent.add(run)

    def _run(self, function: str, event: Any, done: Callable[[Any], None], label: str) -> None:
        number = next(self._ids)
        invocation = Invocation(
            function,
            f"request-{number}",
            self._scheduler.now + TIMEOUTS[function],
            lambda: self._scheduler.now,
            label,
        )
        self._running[getcurrent()] = invocation
        answer = None
        try:
            answer = self._deployed[function](event, invocation)
        except Killed:
            self._note("killed", function=function, entity=label)
        except CallscribeError as error:
            # out of a handler that was invoked asynchronously: AWS sees a failed invocation
            self._note(
                "failed", function=function, entity=label, reason=f"{type(error).__name__}: {error}"
            )
        except Exception:  # noqa: BLE001 - whatever it is, it is a finding
            self.bugs.append(traceback.format_exc())
        finally:
            del self._running[getcurrent()]
        done(answer)

    def _before(
        self, entity: str, operation: str, kinds: tuple[str, ...], low: float, high: float
    ) -> str | None:
        invocation = self._running[getcurrent()]
        if invocation.dead:
            raise Killed
        if entity == NO_CALL:
            entity = invocation.label
        fault = self._injector.draw(entity, operation, kinds)
        if fault is not None:
            self._note(fault, request=operation, entity=entity)
        self._pass(self._injector.number(f"{entity}/{operation}/takes", low, high))
        if fault == "crash-before":
            self._die(invocation)
        return fault

    def _after(self, fault: str | None) -> None:
        if fault == "crash-after":
            self._die(self._running[getcurrent()])

    def _pass(self, seconds: float) -> None:
        self._scheduler.pause(seconds)
        invocation = self._running[getcurrent()]
        if self._scheduler.now > invocation.deadline:
            self._die(invocation)

    def _die(self, invocation: Invocation) -> None:
        invocation.dead = True
        raise Killed


def _failure(vendor: str, code: int) -> Failure | None:
    return REFUSALS[code] if vendor == "Twilio" else None


def cut_page(found: list[T], cursor: str | None) -> Page[T]:
    """A page of a vendor's list; the cursor is where the next one begins."""
    begin = int(cursor or 0)
    end = begin + _PAGE_SIZE
    return Page(found[begin:end], str(end) if len(found) > end else None)
