"""Calls a minute through the local pipeline; callbacks a core-second beside a tutorial's Django view.

Core-seconds are CPU time of this process: waiting for MiniStack is not in them, because on Lambda it
would not keep a core either; the work of asking it is.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any, cast

from botocore.credentials import Credentials

from bench.in_process import InProcess
from bench.overhead import Workload
from bench.report import Report
from callscribe.adapters.dynamodb.store import DynamoDBStore
from callscribe.domain.calls import Call
from cli.client import ApiClient
from local.options import Options
from local.stack import LocalStack
from simulation.memory_store import MemoryCallStore

EVENTS, ROUNDS = 200, 5
CALLS = 60


def run(report: Report) -> None:
    folder = Path(tempfile.mkdtemp(prefix="bench-"))
    with LocalStack(Options(speed=1000, work_folder=folder)) as stack:
        pipeline(report, stack)
        handlers(report, stack)


def pipeline(report: Report, stack: LocalStack) -> None:
    """From POST /calls to a transcript, many calls at once, whose people talk for no time."""
    connection = stack.connection
    credentials = Credentials(connection.access_key_id, connection.secret_access_key)
    api = ApiClient(connection.api_url, credentials, connection.region)
    api.place_call({"to": "+14155550100"})
    begin = time.perf_counter()
    with ThreadPoolExecutor(16) as pool:
        placed = list(
            pool.map(lambda n: api.place_call({"to": f"+1415555{n:04}"})["call_id"], range(CALLS))
        )
    for call_id in placed:
        api.follow(call_id, seconds=300)
    seconds = time.perf_counter() - begin
    api.close()
    report.add(
        "calls a minute, end to end, whole stack on this machine", CALLS / seconds * 60, "calls/min"
    )


def handlers(report: Report, stack: LocalStack) -> None:
    load = Workload(stack)
    rates: dict[str, list[float]] = {"django": [], "twiml": [], "status": [], "memory": []}
    view = django_view()
    twiml = InProcess(stack, "twiml")
    with twiml.ready() as handle:
        event = load.opening_event()
        for _ in range(10):
            handle(event), view()
        for _ in range(ROUNDS):
            rates["django"].append(rate(view))
            rates["twiml"].append(rate(lambda: handle(event)))
            events = [load.status_event() for _ in range(EVENTS)]
            rates["status"].append(rate(partial(_next, iter(events), handle)))
    in_memory = MemoryCallStore()
    in_memory.save(None, known_call(stack, event["pathParameters"]["call_id"]))
    with twiml.ready(in_memory) as handle:
        handle(event)
        rates["memory"] = [rate(lambda: handle(event)) for _ in range(ROUNDS)]
    peer = report.add(
        "the tutorials' Django view: no signature, no database", rates["django"], "events/core-s"
    )
    for name, words in (
        ("twiml", "TwiML: signature checked, call read from DynamoDB"),
        ("status", "status: signature checked, call read, written to DynamoDB"),
        ("memory", "TwiML: the same, the call taken from memory: what is not botocore's"),
    ):
        report.add(words, rates[name], "events/core-s", than=peer, compared_with="Django (aim 1)")


def known_call(stack: LocalStack, call_id: str) -> Call:
    """A call as the stack's table has it."""
    table_name = stack.deployment.outputs["CallsTableName"]
    found = DynamoDBStore(stack.ministack.client("dynamodb"), table_name).get_call(call_id)
    return cast(Call, found)


def _next(events: Iterator[Any], handle: Callable[[Any], object]) -> object:
    return handle(next(events))


def rate(act: Callable[[], object]) -> float:
    """How often in a second of this process's CPU."""
    begin = time.process_time()
    for _ in range(EVENTS):
        act()
    return EVENTS / (time.process_time() - begin)


def django_view() -> Callable[[], object]:
    """One request through Django's own handler: the view, middleware as `startproject` sets it."""
    import django  # noqa: PLC0415 - only this benchmark has it
    from django.conf import settings  # noqa: PLC0415
    from django.core.handlers.wsgi import WSGIHandler  # noqa: PLC0415
    from django.http import HttpRequest, HttpResponse  # noqa: PLC0415
    from django.test import RequestFactory  # noqa: PLC0415
    from django.urls import path  # noqa: PLC0415
    from django.views.decorators.csrf import csrf_exempt  # noqa: PLC0415
    from twilio.twiml.voice_response import VoiceResponse  # noqa: PLC0415

    @csrf_exempt  # type: ignore[untyped-decorator]  # Django has no types
    def answer(_: HttpRequest) -> HttpResponse:
        response = VoiceResponse()
        response.say("Hello, this is callscribe. Please leave your message after the tone.")
        response.record(max_length=120, action="/recorded", recording_status_callback="/done")
        response.hangup()
        return HttpResponse(str(response), content_type="text/xml")

    settings.configure(
        DEBUG=False,
        SECRET_KEY="of a benchmark",  # noqa: S106
        ALLOWED_HOSTS=["*"],
        ROOT_URLCONF=(path("voice", answer),),
        MIDDLEWARE=[
            "django.middleware.security.SecurityMiddleware",
            "django.middleware.common.CommonMiddleware",
            "django.middleware.csrf.CsrfViewMiddleware",
            "django.middleware.clickjacking.XFrameOptionsMiddleware",
        ],
    )
    django.setup()
    handler = WSGIHandler()
    form = {"CallSid": "CA" + "0" * 32, "From": "+14155550100", "CallStatus": "in-progress"}

    def one() -> bytes:
        environ = RequestFactory().post("/voice", form).environ
        answered: list[bytes] = list(handler(environ, lambda *_: None))
        return b"".join(answered)

    if b"<Record" not in one():
        raise RuntimeError("Django's view did not answer with its TwiML")
    return one
