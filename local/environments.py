"""Execution environments: real ``awslambdaric`` processes, each with its function's own role.

As on Lambda: started on demand, one event at a time, kept warm, replaced when they crash, killed
when they run too long or grow too large.
"""

from __future__ import annotations

import fcntl
import json
import os
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Lock, Semaphore
from typing import Any

from local import processes
from local.deploy import Function
from local.ministack import REGION, MiniStack
from local.runtime_api import Invocation, RuntimeApi

# half of an hour's session is left when an environment is replaced
_CREDENTIALS_LAST_SECONDS = 1800
_POLL_SECONDS = 0.05
# Lambda's init phase has 10 s of a processor of its own; here it shares one with everything else
_INIT_SECONDS = 60
CORES = os.cpu_count() or 2


class StartingSlots:
    """How many environments may initialize at the same moment, on the whole machine.

    Each slot is a locked file below ``folder``, so that several stacks share them and a killed
    process gives its own back.
    """

    def __init__(self, count: int, folder: Path) -> None:
        self._count = count
        self._folder = folder

    @contextmanager
    def one(self) -> Iterator[None]:
        """Blocks until a slot is free, and holds it."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        while True:
            for number in range(self._count):
                with (self._folder / str(number)).open("w") as slot:
                    try:
                        fcntl.flock(slot, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    except BlockingIOError:
                        continue
                    yield
                    return
            time.sleep(_POLL_SECONDS)


_STARTING = StartingSlots(CORES, Path(tempfile.gettempdir()) / f"callscribe-starting-{os.getuid()}")


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeLayout:
    """Where a function's code and layers lie, and what runs them."""

    python: Path
    code: Callable[[Function], Path]
    python_path: Callable[[Function], list[Path]]
    # where a layer's files are that are no modules: /opt on Lambda
    opt: Path | None = None


class FunctionError(Exception):
    """The function failed: ``error`` is Lambda's ``{"errorType", "errorMessage", …}``."""

    def __init__(self, error: Mapping[str, Any]) -> None:
        super().__init__(f"{error.get('errorType')}: {error.get('errorMessage')}")
        self.error = dict(error)


class Environment:
    """One process and its Runtime API."""

    def __init__(
        self, function: Function, layout: CodeLayout, variables: Mapping[str, str], log: Path
    ) -> None:
        self._function = function
        self._api = RuntimeApi(function_arn=function.arn, timeout_seconds=function.timeout_seconds)
        self.born = time.monotonic()
        # it gets no event after the one that it has
        self.retired = False
        code = layout.code(function)
        self.process = processes.start(
            [str(layout.python), "-m", "awslambdaric", function.handler],
            environment={
                **variables,
                "AWS_LAMBDA_RUNTIME_API": self._api.address,
                "LAMBDA_TASK_ROOT": str(code),
                "PYTHONPATH": os.pathsep.join(map(str, layout.python_path(function))),
                "PYTHONUNBUFFERED": "1",
                "_HANDLER": function.handler,
            },
            cwd=code,
            log=log,
        )

    @property
    def usable(self) -> bool:
        young = time.monotonic() - self.born < _CREDENTIALS_LAST_SECONDS
        return young and self.process.poll() is None and self._api.init_error is None

    def initialize(self) -> None:
        """Blocks until the handler's module is loaded, or never will be: ``run`` then says why."""
        deadline = self.born + _INIT_SECONDS
        while self.usable and not self._api.asked.wait(_POLL_SECONDS):
            if time.monotonic() > deadline:
                self.close()
                self._api.init_error = {
                    "errorType": "Sandbox.Timedout",
                    "errorMessage": f"Init timed out after {_INIT_SECONDS} seconds",
                }

    def run(self, invocation: Invocation) -> None:
        """Blocks until the event is answered, or the environment had to be killed.

        The function's time-out begins here: as on Lambda, initializing is not part of it.
        """
        self._api.invoke(invocation)
        deadline = time.monotonic() + self._function.timeout_seconds
        while not invocation.done.wait(_POLL_SECONDS):
            if self.process.poll() is not None:
                invocation.fail("Runtime.ExitError", "Runtime exited without providing a reason")
            elif time.monotonic() > deadline:
                seconds = self._function.timeout_seconds
                self.close()
                invocation.fail("Sandbox.Timedout", f"Task timed out after {seconds:.2f} seconds")
            elif self._memory_mb() > self._function.memory_mb:
                self.close()
                invocation.fail("Runtime.OutOfMemory", "Runtime exited with error: signal: killed")

    def close(self) -> None:
        processes.stop(self.process, grace_seconds=0)
        self._api.close()

    def _memory_mb(self) -> float:
        """Resident memory; 0 where the system does not tell (no /proc)."""
        try:
            pages = int(Path(f"/proc/{self.process.pid}/statm").read_text().split()[1])
        except (OSError, IndexError):
            return 0
        return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


class FunctionPool:
    """The environments of one function: at most ``concurrency``, the warm ones first."""

    def __init__(
        self,
        function: Function,
        layout: CodeLayout,
        ministack: MiniStack,
        *,
        log: Path,
        concurrency: int,
    ) -> None:
        self.function = function
        self._layout = layout
        self._ministack = ministack
        self._log = log
        self._slots = Semaphore(concurrency)
        self._lock = Lock()
        self._idle: list[Environment] = []
        self._all: set[Environment] = set()
        self._closed = False
        # events that the handler answered, and environments that were started for them
        self.answered = 0
        self.started = 0
        # events that are being worked on, those that wait for an environment included
        self.running = 0

    def invoke(self, payload: bytes) -> bytes:
        """The handler's answer as JSON.

        Raises:
            FunctionError: it raised, crashed, timed out or answered too much.
        """
        invocation = Invocation(payload)
        with self._counted(), self._slots:
            environment = self._take()
            try:
                environment.run(invocation)
            finally:
                self._give_back(environment)
        if invocation.error is not None:
            self._note(invocation.error)
            raise FunctionError(invocation.error)
        with self._lock:
            self.answered += 1
        return invocation.response or b"null"

    @contextmanager
    def _counted(self) -> Iterator[None]:
        with self._lock:
            self.running += 1
        try:
            yield
        finally:
            with self._lock:
                self.running -= 1

    def close(self) -> None:
        with self._lock:
            self._closed = True
            environments = list(self._all)
            self._all.clear()
        for environment in environments:
            environment.close()

    def restart(self) -> None:
        """Ends every environment, busy ones after their event: the next event finds a new one."""
        with self._lock:
            for environment in self._all:
                environment.retired = True
            while self._idle:
                self._drop(self._idle.pop())

    def kill_all(self, number: int) -> int:
        """Sends every environment a signal, for those who test crashes. Returns how many."""
        with self._lock:
            environments = list(self._all)
        for environment in environments:
            environment.process.send_signal(number)
        return len(environments)

    def _take(self) -> Environment:
        warm = self._warm()
        if warm is not None:
            return warm
        with _STARTING.one():
            # another may have become idle while this waited for its turn
            return self._warm() or self._start()

    def _warm(self) -> Environment | None:
        with self._lock:
            while self._idle:
                environment = self._idle.pop()
                if environment.usable:
                    return environment
                self._drop(environment)
        return None

    def _start(self) -> Environment:
        environment = Environment(self.function, self._layout, self.variables(), self._log)
        with self._lock:
            self._all.add(environment)
            self.started += 1
        environment.initialize()
        return environment

    def _give_back(self, environment: Environment) -> None:
        with self._lock:
            if environment.usable and not environment.retired and not self._closed:
                self._idle.append(environment)
            else:
                self._drop(environment)

    def _drop(self, environment: Environment) -> None:
        self._all.discard(environment)
        environment.close()

    def variables(self) -> dict[str, str]:
        """The environment of a new process: the template's, Lambda's own, fresh credentials."""
        session = self._ministack.client("sts").assume_role(
            RoleArn=self.function.role_arn, RoleSessionName="local", DurationSeconds=3600
        )["Credentials"]
        opt = f"{self._layout.opt}/"
        return {
            **{k: v.replace("/opt/", opt) for k, v in self.function.environment.items()},
            "PATH": os.environ.get("PATH", ""),
            "LANG": "C.UTF-8",
            "TZ": ":UTC",
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_ACCESS_KEY_ID": session["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": session["SecretAccessKey"],
            "AWS_SESSION_TOKEN": session["SessionToken"],
            "AWS_ENDPOINT_URL": self._ministack.url,
            "AWS_EXECUTION_ENV": "AWS_Lambda_python3.13",
            "AWS_LAMBDA_FUNCTION_NAME": self.function.name,
            "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(self.function.memory_mb),
            "AWS_LAMBDA_LOG_GROUP_NAME": f"/local/{self.function.logical_id}",
            "AWS_LAMBDA_LOG_STREAM_NAME": "local",
            "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
            **self.function.log_variables,
        }

    def _note(self, error: Mapping[str, Any]) -> None:
        with self._log.open("a") as log:
            log.write(json.dumps({"level": "ERROR", "local": "function failed", **error}) + "\n")
