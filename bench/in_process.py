"""A function's handler in this process, under its own role, against the local stack: step by step."""

from __future__ import annotations

import importlib
import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, cast
from unittest import mock

import boto3
import requests

from callscribe.adapters.aws.clients import AwsClients
from callscribe.api.entrypoints import LambdaHandler
from callscribe.api.http import read_request
from callscribe.bootstrap.application import Application
from callscribe.bootstrap.gateways import AwsGateways, Gateways, Store
from callscribe.bootstrap.settings import Settings
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
    def ready(self, store: Store | None = None) -> Iterator[Callable[[Mapping[str, Any]], Steps]]:
        """With this function's environment and an application of its own; ``store`` instead of the
        table."""
        with mock.patch.dict(os.environ, self._environment, clear=True), self._watched():
            handler = importlib.import_module(f"functions.{self._folder}.app").handler
            application = self._application(store)
            yield lambda event: self._run(handler.using(application), event)

    def _application(self, store: Store | None) -> Application:
        settings, clients = Settings(), AwsClients()
        self._listen(clients.session)
        gateways: Gateways = AwsGateways(settings, clients)
        if store is not None:
            gateways = cast(Gateways, WithStore(gateways, store))
        return TimedApplication(settings, gateways, self._verified)

    def _verified(self, seconds: float) -> None:
        self._steps.verify += seconds

    def _run(self, handler: LambdaHandler[Application], event: Mapping[str, Any]) -> Steps:
        self._steps = Steps()
        if "routeKey" in event:
            begin = CLOCK()
            read_request(event)
            self._steps.parse = CLOCK() - begin
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
        """The vendors' requests, each behind a stopwatch."""
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

        with mock.patch.object(requests.Session, "send", timed_send):
            yield


class TimedApplication(Application):
    """Tells how long the verification of callbacks takes."""

    def __init__(
        self, settings: Settings, gateways: Gateways, verified: Callable[[float], None]
    ) -> None:
        super().__init__(settings, gateways)
        self._verified = verified

    @property
    def twilio_callbacks(self) -> Any:
        return Timed(super().twilio_callbacks, self._verified)

    @property
    def assemblyai_webhooks(self) -> Any:
        return Timed(super().assemblyai_webhooks, self._verified)


class Timed:
    """Hands every method on, and tells how long it took."""

    def __init__(self, inner: object, took: Callable[[float], None]) -> None:
        self._inner = inner
        self._took = took

    def __getattr__(self, name: str) -> Callable[..., Any]:
        method = getattr(self._inner, name)

        def timed(*arguments: Any) -> Any:
            begin = CLOCK()
            try:
                return method(*arguments)
            finally:
                self._took(CLOCK() - begin)

        return timed


class WithStore:
    """The same gateways, but for the table."""

    def __init__(self, gateways: Gateways, store: Store) -> None:
        self._gateways = gateways
        self.store = store

    def __getattr__(self, name: str) -> Any:
        return getattr(self._gateways, name)


@dataclass(frozen=True, slots=True)
class Context:
    invoked_function_arn: str
    aws_request_id: str = "bench"

    def get_remaining_time_in_millis(self) -> int:
        return 300_000
