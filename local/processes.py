"""Child processes that never outlive this one."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

_PR_SET_PDEATHSIG = 1


def start(
    command: Sequence[str], *, environment: Mapping[str, str], cwd: Path, log: Path
) -> subprocess.Popen[bytes]:
    """Starts a child in a process group of its own, its output appended to ``log``.

    A group of its own, so that Ctrl-C reaches it through our orderly stop and not before. On Linux
    the kernel kills it when this process dies, however it dies.
    """
    log.parent.mkdir(parents=True, exist_ok=True)

    def spawn() -> subprocess.Popen[bytes]:
        with log.open("ab") as output:
            return subprocess.Popen(
                command,
                env=dict(environment),
                cwd=cwd,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=_die_with_parent if sys.platform == "linux" else None,  # noqa: PLW1509
            )

    return _SPAWNER.submit(spawn).result()


def stop(process: subprocess.Popen[bytes], *, grace_seconds: float) -> None:
    """Asks the child's group to end, then ends it."""
    for number, wait in ((signal.SIGTERM, grace_seconds), (signal.SIGKILL, 10.0)):
        if process.poll() is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(wait)


# the kernel's "parent" is the thread that forked, so one that lives as long as we do forks them all
_SPAWNER = ThreadPoolExecutor(max_workers=1, thread_name_prefix="spawner")
# loaded here: between fork and exec nothing may be imported
_LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None


def _die_with_parent() -> None:
    if _LIBC is not None:
        _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
