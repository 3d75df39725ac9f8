"""Cold starts of the built artifact: from process start to ready, and to the end of a first event.

Each is a fresh process with Lambda's own runtime client, layers laid out as on Lambda, against the local
stack; interleaved with the floor, ``boto3.client("dynamodb")`` on the same interpreter = 1.00 ddb.
"""

from __future__ import annotations

import json
import os
import tempfile
import time
from pathlib import Path
from threading import Event
from typing import Any

from bench.events import first_event
from bench.measuring import Cost, Measured, counter
from bench.report import Report
from local.deploy import Function
from local.options import Options
from local.runtime_api import Invocation, RuntimeApi
from local.stack import LocalStack, built_layout

# cachegrind's counts repeat within a fraction of a per cent, and it takes fifty times as long
ROUNDS = 2 if counter() == "cachegrind" else 5
_MAX_SECONDS = 120
FLOOR = "import boto3; boto3.client('dynamodb', region_name='us-east-1')"
AIMS = {"twiml": 0.9, "recording_complete": 0.9, "transcript_complete": 0.9, "dial": 1.4}
_AIM = 1.2


def run(report: Report) -> None:
    folder = Path(tempfile.mkdtemp(prefix="bench-"))
    with LocalStack(Options(artifact=True, speed=50, work_folder=folder)) as stack:
        names = {f.code.name: f for f in stack.deployment.functions.values()}
        ready: dict[str, list[Cost]] = {name: [] for name in names}
        first: dict[str, list[Cost]] = {name: [] for name in names}
        floor: list[Cost] = []
        for _ in range(ROUNDS):
            floor.append(measure_floor(folder))
            for name, function in names.items():
                ready[name].append(measure(stack, function, None, folder))
                first[name].append(measure(stack, function, first_event(stack, name), folder))
    unit = report_floor(report, floor)
    for name in names:
        aim = AIMS.get(name, _AIM)
        for what, costs in (("ready", ready[name]), ("first event", first[name])):
            row = f"{name}, {what}"
            if counter() != "none":
                report.add(
                    f"{row}: instructions",
                    [cost.instructions / 1e6 for cost in costs],
                    "M",
                    than=unit.instructions / 1e6,
                    compared_with=f"ddb (aim {aim})" if what == "ready" else "ddb",
                )
            for kind in ("CPU", "wall"):
                attribute = f"{kind.lower()}_seconds"
                report.add(
                    f"{row}: {kind}",
                    [getattr(cost, attribute) * 1000 for cost in costs],
                    "ms",
                    than=getattr(unit, attribute) * 1000,
                    compared_with="ddb",
                )
    report.note(
        f"Instructions in user space, counted by {counter()}; Python 3.13, layers unpacked."
    )


def report_floor(report: Report, floor: list[Cost]) -> Cost:
    instructions = report.add(
        "the floor, boto3.client: instructions", [c.instructions / 1e6 for c in floor], "M"
    )
    cpu = report.add("the floor, boto3.client: CPU", [c.cpu_seconds * 1000 for c in floor], "ms")
    wall = report.add("the floor, boto3.client: wall", [c.wall_seconds * 1000 for c in floor], "ms")
    return Cost(int(instructions * 1e6), cpu / 1000, wall / 1000)


def measure_floor(folder: Path) -> Cost:
    python = str(built_layout().python)
    # what Lambda always pays for is in it too, as it is in the functions'
    code = f"import awslambdaric.bootstrap; {FLOOR}"
    process = Measured(
        [python, "-c", code],
        {"PATH": os.environ["PATH"], "PYTHONDONTWRITEBYTECODE": "1"},
        folder,
        folder / "floor.log",
    )
    process.process.wait(120)
    return process.wait(process.wall())


def measure(stack: LocalStack, function: Function, event: Any, folder: Path) -> Cost:
    """To the first question for an event, or, with ``event``, to its answer."""
    layout = built_layout()
    variables = stack.pools[function.logical_id].variables()
    api = RuntimeApi(function_arn=function.arn, timeout_seconds=60)
    code = layout.code(function)
    process = Measured(
        [str(layout.python), "-m", "awslambdaric", function.handler],
        {
            **variables,
            "AWS_LAMBDA_RUNTIME_API": api.address,
            "LAMBDA_TASK_ROOT": str(code),
            "PYTHONPATH": os.pathsep.join(map(str, layout.python_path(function))),
            "PYTHONDONTWRITEBYTECODE": "1",
            "_HANDLER": function.handler,
        },
        code,
        folder / f"{code.name}.log",
    )
    name = function.code.name
    _wait(process, api.asked, f"{name} to be ready", folder)
    if event is not None:
        invocation = Invocation(json.dumps(event).encode())
        api.invoke(invocation)
        _wait(process, invocation.done, f"{name} to answer", folder)
        if invocation.error is not None:
            raise RuntimeError(f"{name}: {invocation.error}")
    wall = process.wall()
    api.close()
    return process.wait(wall)


def _wait(process: Measured, happened: Event, what: str, folder: Path) -> None:
    """Not longer than the process lives. Raises TimeoutError, RuntimeError."""
    deadline = time.monotonic() + _MAX_SECONDS
    while not happened.wait(0.05):
        if process.process.poll() is not None:
            raise RuntimeError(f"it ended while this waited for {what}: its log is in {folder}")
        if time.monotonic() > deadline:
            raise TimeoutError(
                f"waited for {what}: not within {_MAX_SECONDS} s; its log is in {folder}"
            )
