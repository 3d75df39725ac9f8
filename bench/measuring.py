"""How a process is measured: instructions where something counts them, CPU and wall time always."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from local import processes


@dataclass(frozen=True, slots=True)
class Cost:
    """Of one process, children included. ``instructions`` 0 where nothing here can count them."""

    instructions: int
    cpu_seconds: float
    wall_seconds: float


@cache
def counter() -> str:
    """perf where the kernel lets it count (at full speed), else cachegrind, else none."""
    perf = ["perf", "stat", "-x,", "-e", "instructions:u", "true"]
    if shutil.which("perf"):
        done = subprocess.run(perf, capture_output=True, text=True, check=False)
        if re.match(r"\d+,", done.stderr):
            return "perf"
    return "cachegrind" if shutil.which("valgrind") else "none"


def prefix(log: Path) -> list[str]:
    """What a command is started with to have its instructions counted into ``log``."""
    if counter() == "perf":
        return ["perf", "stat", "-x,", "-e", "instructions:u", "-o", str(log), "--"]
    if counter() == "cachegrind":
        options = ["--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null"]
        return ["valgrind", *options, f"--log-file={log}"]
    return []


def counted(log: Path) -> int:
    if not log.exists():
        return 0
    text = log.read_text()
    match = re.search(r"^(\d+),", text, re.MULTILINE) or re.search(r"I\s+refs:\s+([\d,]+)", text)
    return int(match[1].replace(",", "")) if match else 0


class Measured:
    """A process under measurement: started by ``with``, ended by itself or by ``wait``."""

    def __init__(
        self, command: Sequence[str], environment: Mapping[str, str], cwd: Path, output: Path
    ) -> None:
        self._folder = TemporaryDirectory()
        self._log = Path(self._folder.name) / "count"
        self._before = os.times()
        self._begin = time.perf_counter()
        self.process = processes.start(
            [*prefix(self._log), *command], environment=environment, cwd=cwd, log=output
        )

    def wall(self) -> float:
        return time.perf_counter() - self._begin

    def wait(self, wall_seconds: float) -> Cost:
        """Waits for its end; ``wall_seconds`` is what the caller saw, the end itself left out."""
        self.process.wait(120)
        after = os.times()
        cpu = (after.children_user - self._before.children_user) + (
            after.children_system - self._before.children_system
        )
        cost = Cost(counted(self._log), cpu, wall_seconds)
        self._folder.cleanup()
        return cost
