"""Audio from Twilio to S3: its speed beside two plain sockets, its memory from 1 MB to 1 GB."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

from bench.report import Report
from local import template
from local.options import ROOT

ROUNDS = 5
SIZES = (1, 10, 100, 460, 1000)
# a four-hour call on two channels is about so much
FOUR_HOURS_MB = 460
TRANSCRIBE = template.function("transcribe")
SLOW_MB_A_SECOND = 40


def run(report: Report) -> None:
    if shutil.which("openssl") is None:
        report.note("not measured: there is no openssl to make a certificate with")
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make_certificate(folder)
        with serving("source", folder) as source, serving("sink", folder) as sink:
            speed(report, source, sink, folder)
            memory(report, source, sink, folder, "a fast sink")
        slow = ("--slow", str(SLOW_MB_A_SECOND))
        with serving("source", folder) as source, serving("sink", folder, *slow) as sink:
            memory(report, source, sink, folder, "a slow sink", sizes=(10, 100, 460))
    report.note(
        "Source and sink are ours, on this machine, over TLS; "
        f"`transcribe` has {TRANSCRIBE['MemorySize']:,} MB."
    )


def speed(report: Report, source: str, sink: str, folder: Path) -> None:
    taken: dict[str, list[float]] = {"plain": [], "application": []}
    for _ in range(ROUNDS):
        for kind, rates in taken.items():
            rates.append(100 / copy(kind, source, sink, 100, folder)["seconds"])
    floor = report.add("two plain sockets, 100 MB", taken["plain"], "MB/s")
    ours = report.add(
        "the application's copy, 100 MB",
        taken["application"],
        "MB/s",
        than=floor,
        compared_with="two plain sockets (aim 0.8)",
    )
    report.add(
        "a four-hour call on two channels (460 MB)",
        FOUR_HOURS_MB / ours,
        "s",
        than=TRANSCRIBE["Timeout"],
        compared_with="the function's time-out",
    )


def memory(
    report: Report,
    source: str,
    sink: str,
    folder: Path,
    where: str,
    sizes: tuple[int, ...] = SIZES,
) -> None:
    peaks = {
        size: [copy("application", source, sink, size, folder)["peak_mb"] for _ in range(3)]
        for size in sizes
    }
    middle = median(median(values) for values in peaks.values())
    for size, values in peaks.items():
        report.add(
            f"peak memory, {size} MB to {where}",
            values,
            "MB",
            than=middle,
            compared_with="the middle size (aim 0.9 to 1.1, and 110 MB)",
        )


def copy(kind: str, source: str, sink: str, megabytes: int, folder: Path) -> dict[str, float]:
    certificate = str(folder / "certificate.pem")
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "bench.copy_worker",
            kind,
            source,
            sink,
            str(megabytes),
            certificate,
        ],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'layers/callscribe'}"},
        capture_output=True,
        text=True,
        check=True,
    )
    result: dict[str, float] = json.loads(done.stdout)
    return result


@contextmanager
def serving(kind: str, folder: Path, *options: str) -> Iterator[str]:
    server = subprocess.Popen(
        [sys.executable, "-m", "bench.copy_servers", kind, str(folder), *options],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert server.stdout is not None  # noqa: S101 - asked for above
    try:
        yield f"https://localhost:{int(server.stdout.readline())}"
    finally:
        server.kill()
        server.communicate()


def make_certificate(folder: Path) -> None:
    """For localhost, for the minutes of this run."""
    subprocess.run(
        "openssl req -x509 -newkey rsa:2048 -nodes -days 1 -subj /CN=localhost "
        "-addext subjectAltName=DNS:localhost -keyout key.pem -out certificate.pem".split(),
        cwd=folder,
        capture_output=True,
        check=True,
    )
