"""A small threaded HTTP/1.1 server: API Gateway, the Runtime API and both simulators listen with it.

Standard library only, loopback by default. Header and body leave in one write, because two writes
meet Nagle's algorithm and delayed acknowledgements (measured: 88 ms a request instead of 1.4).
"""

from __future__ import annotations

import socket
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from email.message import Message
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request as it was received: nothing decoded, so that signatures can be checked on it.

    ``headers`` keeps the order, the case and the repetitions of what was sent; ``raw_path`` and
    ``raw_query`` are percent-encoded; ``body`` is complete, with chunked encoding taken off.
    """

    method: str
    raw_path: str
    raw_query: str
    headers: tuple[tuple[str, str], ...]
    body: bytes
    client_ip: str

    def header(self, name: str) -> str | None:
        """The first header of that name, in whatever case it came; None where there is none."""
        wanted = name.lower()
        return next((value for key, value in self.headers if key.lower() == wanted), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """``body`` as an iterable of chunks is streamed; ``headers`` then needs its Content-Length."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | Iterable[bytes] = b""


class DropConnection(Exception):  # noqa: N818 - an instruction to the server, not a failure
    """Raised by a handler to close the connection silently, as a peer that crashes does."""


Handler = Callable[[Request], Response]


class Server:
    """A listening server on its own thread. ``port`` 0 takes a free one; ``url`` says which.

    Raises:
        OSError: the port is taken.
    """

    def __init__(self, handler: Handler, *, host: str = "127.0.0.1", port: int = 0) -> None:
        self._http = _HTTPServer((host, port), _request_handler(handler))
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    @property
    def port(self) -> int:
        return int(self._http.server_address[1])

    @property
    def url(self) -> str:
        return f"http://{self._http.server_address[0]!s}:{self.port}"

    def close(self) -> None:
        """Stops listening. Requests under way are not waited for: their threads are daemons."""
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()


class _HTTPServer(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that went away is no news; anything else is."""
        if not isinstance(sys.exception(), ConnectionError | TimeoutError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]


def _request_handler(handler: Handler) -> type[BaseHTTPRequestHandler]:
    class RequestHandler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True
        timeout = 90

        def _serve(self) -> None:
            parts = urlsplit(self.path if self.path.startswith("/") else f"/{self.path}")
            request = Request(
                method=self.command,
                raw_path=parts.path,
                raw_query=parts.query,
                headers=tuple(self.headers.items()),
                body=b"".join(_body(self.headers, self.rfile)),
                client_ip=self.client_address[0],
            )
            try:
                self._answer(handler(request))
            except DropConnection:
                self.close_connection = True
                self.connection.shutdown(socket.SHUT_RDWR)

        do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = do_HEAD = do_OPTIONS = _serve  # noqa: N815

        def _answer(self, response: Response) -> None:
            whole = response.body if isinstance(response.body, bytes) else None
            headers = dict(response.headers)
            if whole is not None:
                headers.setdefault("Content-Length", str(len(whole)))
            lines = [f"HTTP/1.1 {response.status} {_phrase(response.status)}"]
            lines += [f"{name}: {value}" for name, value in headers.items()]
            head = ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")
            if self.command == "HEAD" or response.status in (204, 304):
                whole = b""
            if whole is not None:
                self.wfile.write(head + whole)
                return
            self.wfile.write(head)
            for chunk in response.body:
                self.wfile.write(chunk)  # type: ignore[arg-type]

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Quiet: each server logs what matters in its own words."""

    return RequestHandler


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Unknown"


def _body(headers: Message, rfile: object) -> Iterator[bytes]:
    read = rfile.read  # type: ignore[attr-defined]
    if "chunked" in (headers.get("Transfer-Encoding") or "").lower():
        readline = rfile.readline  # type: ignore[attr-defined]
        while size := int(readline().split(b";")[0], 16):
            yield read(size)
            readline()
        while readline().strip():
            pass
        return
    if length := int(headers.get("Content-Length") or 0):
        whole = read(length)
        if len(whole) < length:
            # a client that was killed in the midst of it: half a body is no request
            raise ConnectionResetError("the body broke off")
        yield whole
