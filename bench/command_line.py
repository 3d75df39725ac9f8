"""How soon the command `callscribe` answers, beside a Python that does nothing."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from tempfile import TemporaryDirectory

from bench.report import Report
from local.http_server import Request, Response, Server
from local.options import ROOT

ROUNDS = 11
AIM_SECONDS = 0.2
_COMMAND = ["-m", "callscribe_cli"]
_CASES = {
    "callscribe --help": [*_COMMAND, "--help"],
    "callscribe call --help": [*_COMMAND, "call", "--help"],
    "callscribe list: AWS's SDK, a signature and a request": [*_COMMAND, "list"],
}


def run(report: Report) -> None:
    server = Server(_no_calls)
    try:
        with TemporaryDirectory() as home:
            _measure(report, _environment(server.url, home))
    finally:
        server.close()


def _measure(report: Report, environment: Mapping[str, str]) -> None:
    """Interleaved; the first round compiles the modules and is not counted."""
    cases = {"a Python that does nothing": ["-c", "pass"], **_CASES}
    taken: dict[str, list[_Run]] = {name: [] for name in cases}
    for _ in range(ROUNDS + 1):
        for name, arguments in cases.items():
            taken[name].append(_run([sys.executable, *arguments], environment))
    for name, runs in taken.items():
        aim = AIM_SECONDS if name.endswith("--help") else None
        compared = "the aim" if aim else ""
        report.add(
            f"{name}: wall", [r.wall for r in runs[1:]], "s", than=aim, compared_with=compared
        )
        report.add(f"{name}: CPU", [r.cpu for r in runs[1:]], "s")


@dataclass(frozen=True, slots=True)
class _Run:
    """Seconds."""

    wall: float
    cpu: float


def _run(command: Sequence[str], environment: Mapping[str, str]) -> _Run:
    before, begin = _cpu_of_children(), time.perf_counter()
    subprocess.run(command, env=environment, capture_output=True, check=True)
    return _Run(time.perf_counter() - begin, _cpu_of_children() - before)


def _cpu_of_children() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def _no_calls(_: Request) -> Response:
    return Response(
        headers={"Content-Type": "application/json"}, body=b'{"calls": [], "next_cursor": null}'
    )


def _environment(url: str, home: str) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "HOME": home,
        "PYTHONPATH": str(ROOT),
        "CALLSCRIBE_API_URL": url,
        "AWS_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
        "AWS_SECRET_ACCESS_KEY": "a-secret-of-the-benchmark",
    }
