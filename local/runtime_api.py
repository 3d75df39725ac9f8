"""AWS's Lambda Runtime API, as documented, for one execution environment.

``GET /2018-06-01/runtime/invocation/next`` blocks until there is an event; ``…/{id}/response`` and
``…/{id}/error`` answer it; ``/init/error`` reports a function that cannot even be imported.
"""

from __future__ import annotations

import json
import queue
import time
import uuid
from dataclasses import dataclass, field
from threading import Event
from typing import Any

from local.http_server import DropConnection, Request, Response, Server

# Lambda's limit on a synchronous answer
MAX_RESPONSE_BYTES = 6 * 1024 * 1024
_PREFIX = "/2018-06-01/runtime/"
_JSON = {"Content-Type": "application/json"}


@dataclass(slots=True)
class Invocation:
    """One event on its way through a function. ``error`` is what the runtime or we report."""

    payload: bytes
    request_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    response: bytes | None = None
    error: dict[str, Any] | None = None
    done: Event = field(default_factory=Event)

    def fail(self, error_type: str, message: str) -> None:
        if not self.done.is_set():
            self.error = {"errorType": error_type, "errorMessage": message}
            self.done.set()


class RuntimeApi:
    """Listens for one environment; ``invoke`` hands it an event and returns at once."""

    def __init__(self, *, function_arn: str, timeout_seconds: float) -> None:
        self._arn = function_arn
        self._timeout_seconds = timeout_seconds
        self._waiting: queue.Queue[Invocation | None] = queue.Queue()
        self._current: Invocation | None = None
        self.init_error: dict[str, Any] | None = None
        # set once the environment asks for its first event: it is ready
        self.asked = Event()
        self._server = Server(self._answer)
        self.address = f"127.0.0.1:{self._server.port}"

    def invoke(self, invocation: Invocation) -> None:
        if self.init_error is not None:
            invocation.fail(
                str(self.init_error.get("errorType", "Runtime.ExitError")),
                str(self.init_error.get("errorMessage", "")),
            )
            return
        self._waiting.put(invocation)

    def close(self) -> None:
        self._waiting.put(None)
        self._server.close()

    def _answer(self, request: Request) -> Response:
        path = request.raw_path.removeprefix(_PREFIX)
        if path == "invocation/next":
            return self._next()
        if path == "init/error":
            self._fail_init(json.loads(request.body or b"{}"))
            return _accepted()
        _, request_id, action = path.split("/", 2)
        invocation = self._current
        if invocation is None or invocation.request_id != request_id:
            return Response(status=403, headers=_JSON, body=b'{"errorType":"InvalidRequestID"}')
        if action == "response":
            return self._respond(invocation, request.body)
        invocation.error = json.loads(request.body or b"{}")
        invocation.done.set()
        return _accepted()

    def _next(self) -> Response:
        self.asked.set()
        invocation = self._waiting.get()
        if invocation is None:
            raise DropConnection
        self._current = invocation
        deadline_ms = int((time.time() + self._timeout_seconds) * 1000)
        return Response(
            headers={
                # without a Content-Type the runtime's client crashes
                "Content-Type": "application/json",
                "Lambda-Runtime-Aws-Request-Id": invocation.request_id,
                "Lambda-Runtime-Deadline-Ms": str(deadline_ms),
                "Lambda-Runtime-Invoked-Function-Arn": self._arn,
            },
            body=invocation.payload,
        )

    def _respond(self, invocation: Invocation, body: bytes) -> Response:
        if len(body) > MAX_RESPONSE_BYTES:
            message = f"Response payload size exceeded {MAX_RESPONSE_BYTES} bytes"
            invocation.fail("Function.ResponseSizeTooLarge", message)
            return Response(status=413, headers=_JSON, body=b"{}")
        invocation.response = body
        invocation.done.set()
        return _accepted()

    def _fail_init(self, error: dict[str, Any]) -> None:
        self.init_error = error
        while True:
            try:
                invocation = self._waiting.get_nowait()
            except queue.Empty:
                return
            if invocation is not None:
                self.invoke(invocation)


def _accepted() -> Response:
    return Response(status=202, headers=_JSON, body=b'{"status":"OK"}')
