"""`make simulate` as a person runs it: it says how far it is, and ends at once when it is told to."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from io import StringIO
from pathlib import Path

import pytest

from local.options import ROOT
from simulation.runs import Outcome, rolled, singles
from simulation.workers import Progress
from tests.support.waiting import wait_until

pytestmark = pytest.mark.skipif(
    not Path("/proc").is_dir(), reason="left-over processes are looked for in /proc"
)
WORKERS = 2
MORE_THAN_ENOUGH = "1000000"


def members(group: int) -> list[int]:
    found = []
    for entry in Path("/proc").iterdir():
        with suppress(OSError):
            if entry.name.isdecimal() and os.getpgid(int(entry.name)) == group:
                found.append(int(entry.name))
    return found


def ignore_interrupts() -> None:
    """As a shell without job control does for what it starts in the background."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


@contextmanager
def simulating(*, in_background: bool = False) -> Iterator[subprocess.Popen[str]]:
    """One that would run for hours, once all its workers are at work."""
    options = ["--calls", MORE_THAN_ENOUGH, "--singles-every", "0", "--workers", str(WORKERS)]
    with subprocess.Popen(
        [sys.executable, "-m", "simulation", *options],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": "layers/callscribe"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=ignore_interrupts if in_background else None,  # noqa: PLW1509
    ) as process:
        try:
            wait_until(lambda: len(members(process.pid)) > WORKERS)
            yield process
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)


@pytest.mark.parametrize("in_background", [False, True])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signal_stops_it_and_its_workers_at_once(
    number: signal.Signals, *, in_background: bool
) -> None:
    with simulating(in_background=in_background) as process:
        process.send_signal(number)
        _, said = process.communicate(timeout=60)
        assert process.returncode == 128 + number
        assert re.fullmatch(
            rf"Stopped by {number.name} at \d+ %: [\d,]+ worlds, [\d,]+ simulated calls, "
            r"seed [0-9a-f]{8}",
            said.strip().splitlines()[-1],
        )
        assert "Traceback" not in said
        assert members(process.pid) == []


def test_ctrl_c_in_a_terminal_reaches_the_whole_group_and_is_said_once() -> None:
    with simulating() as process:
        os.killpg(process.pid, signal.SIGINT)
        _, said = process.communicate(timeout=60)
        assert process.returncode == 130
        assert said.count("Stopped") == 1
        assert "Traceback" not in said
        assert members(process.pid) == []


def test_workers_end_with_a_parent_that_was_killed() -> None:
    with simulating() as process:
        process.kill()
        process.wait(60)
        wait_until(lambda: members(process.pid) == [])


def test_progress_tells_what_is_done_and_what_is_left() -> None:
    now = [100.0]
    tasks, out = list(rolled("seed", 1000, {})), StringIO()
    progress = Progress(tasks, quiet=False, out=out, clock=lambda: now[0])
    progress.show()
    assert out.getvalue() == ""
    now[0] += 10
    progress.add(Outcome(tasks[0], worlds=1, calls=250))
    progress.show()
    progress.show()
    assert out.getvalue() == "  25 %: 1 worlds, 250 simulated calls, about 30 s left\n"


def test_quiet_says_nothing() -> None:
    now, out = [100.0], StringIO()
    tasks = list(singles("seed", every=12))
    progress = Progress(tasks, quiet=True, out=out, clock=lambda: now[0])
    now[0] += 100
    progress.show()
    progress.clear()
    assert out.getvalue() == ""
