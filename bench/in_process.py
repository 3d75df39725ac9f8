"""A function's handler in this process, under its own role, against the local stack: step by step."""

from __future__ import annotations

import importlib
import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from unittest import mock

import boto3
import requests

from callscribe.api import entrypoints
from callscribe.api.callbacks import CallbackVerifier
from callscribe.bootstrap import wiring
from local.stack import LocalStack

CLOCK = time.perf_counter


@dataclass(slots=True)
class Steps:
    """Seconds by step of one event; AWS calls and vendor requests by name, in order."""

    total: float = 0.0
    cpu: float = 0.0
    verify: float = 0.0
    parse: float = 0.0
    aws: list[tuple[str, float]] = field(default_factory=list)
    vendor: list[tuple[str, float]] = field(default_factory=list)
    # DynamoDB's own count, by operation
    capacity: list[tuple[str, float]] = field(default_factory=list)


class InProcess:
    """``run`` handles one event. Warm after the first: what was cached stays."""

    def __init__(self, stack: LocalStack, folder: str) -> None:
        function = next(f for f in stack.deployment.functions.values() if f.code.name == folder)
        self._environment = {
            **os.environ,
            **stack.pools[function.logical_id].variables(),
            "POWERTOOLS_LOG_LEVEL": "CRITICAL",
            # Lambda's own setting, which would count for more
            "AWS_LAMBDA_LOG_LEVEL": "FATAL",
        }
        self._arn = function.arn
        self._folder = folder
        self._steps = Steps()

    @contextmanager
    def ready(self) -> Iterator[Callable[[Mapping[str, Any]], Steps]]:
        """With the environment and the wiring of this function; undone afterwards."""
        with mock.patch.dict(os.environ, self._environment, clear=True), self._watched():
            forget()
            handler = importlib.import_module(f"functions.{self._folder}.app").handler
            self._listen(wiring._session())  # noqa: SLF001 - where every AWS call passes
            yield lambda event: self._run(handler, event)
            forget()

    def _run(self, handler: Callable[[Any, Any], Any], event: Mapping[str, Any]) -> Steps:
        self._steps = Steps()
        begin, cpu = CLOCK(), time.process_time()
        answer = handler(event, Context(self._arn))
        self._steps.total, self._steps.cpu = CLOCK() - begin, time.process_time() - cpu
        if isinstance(answer, dict) and answer.get("statusCode", 200) >= 400:
            raise RuntimeError(f"{self._folder} answered {answer}")
        return self._steps

    def _listen(self, session: boto3.Session) -> None:
        def begin(context: dict[str, Any], **_: Any) -> None:
            context["bench"] = CLOCK()

        def end(model: Any, context: dict[str, Any], parsed: Any, **_: Any) -> None:
            name = f"{model.service_model.service_name}.{model.name}"
            self._steps.aws.append((name, CLOCK() - context["bench"]))
            consumed = parsed.get("ConsumedCapacity") or {}
            self._steps.capacity.append((name, float(consumed.get("CapacityUnits", 0))))

        events: Any = session.events  # its handlers are typed as if none answered
        events.register("before-call", begin)
        events.register("after-call", end)
        events.register(
            "provide-client-params.dynamodb",
            lambda params, **_: {**params, "ReturnConsumedCapacity": "TOTAL"},
        )

    @contextmanager
    def _watched(self) -> Iterator[None]:
        """The steps that are ours, and the vendors' requests, each behind a stopwatch."""
        send = requests.Session.send

        here = threading.get_ident()

        def timed_send(session: Any, request: Any, **options: Any) -> Any:
            # the simulators' own requests are made in this process too, by other threads
            if threading.get_ident() != here:
                return send(session, request, **options)
            begin = CLOCK()
            try:
                return send(session, request, **options)
            finally:
                self._steps.vendor.append((f"{request.method} vendor", CLOCK() - begin))

        with (
            mock.patch.object(requests.Session, "send", timed_send),
            self._timed(CallbackVerifier, "twilio", "verify"),
            self._timed(CallbackVerifier, "assemblyai", "verify"),
            self._timed(entrypoints, "read_request", "parse"),
        ):
            yield

    @contextmanager
    def _timed(self, owner: Any, name: str, step: str) -> Iterator[None]:
        original = getattr(owner, name)

        def timed(*arguments: Any) -> Any:
            begin = CLOCK()
            try:
                return original(*arguments)
            finally:
                setattr(self._steps, step, getattr(self._steps, step) + CLOCK() - begin)

        with mock.patch.object(owner, name, timed):
            yield


@dataclass(frozen=True, slots=True)
class Context:
    invoked_function_arn: str
    aws_request_id: str = "bench"

    def get_remaining_time_in_millis(self) -> int:
        return 300_000


def forget() -> None:
    """Everything that the wiring keeps for the life of an environment."""
    for value in vars(wiring).values():
        if hasattr(value, "cache_clear"):
            value.cache_clear()
