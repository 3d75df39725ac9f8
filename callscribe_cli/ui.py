"""`callscribe ui`: a server for the user's own browser, which forwards to the API as the user.

Whoever reaches it acts as the user, so it is locked down (tests/viewer/test_ui.py attacks it):

- it listens on 127.0.0.1 alone, and only under a path of 128 random bits, made anew at each start;
- ``Host`` must be exactly its address: a name that an attacker points at 127.0.0.1 is refused (421);
- browsers say where a request comes from (``Sec-Fetch-Site``, ``Origin``): only the page itself and an
  address that the user entered are answered, not even another port of this machine;
- what may be asked for is a list; what changes something needs the page's own ``Origin``;
- the browser is started with an address that leads there once: others on the machine can read it;
- the page may load nothing from elsewhere and cannot be framed; nothing is cached;
  no referrer tells the path.
"""

from __future__ import annotations

import hmac
import re
import secrets
import socketserver
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock
from typing import Any
from urllib.parse import parse_qsl

from callscribe_cli import viewer
from callscribe_cli.documents import FROM_API
from callscribe_cli.ui_audio import AudioClient, AudioLinks, OpenAudio, recordings_in
from callscribe_cli.ui_replies import (
    Forward,
    ForwardError,
    Renderer,
    Reply,
    as_json,
    forwarded,
    problem,
    rendered,
)
from callscribe_cli.ui_routes import CALL_ID, routes_of

_MOST_BODY_BYTES = 64 * 1024
_AUDIO = re.compile(rf"/audio/({CALL_ID})/(RE[0-9a-fA-F]{{32}})")
_SECURITY_HEADERS = {
    "Content-Security-Policy": viewer.content_security_policy(),
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}

Search = Callable[[str], Mapping[str, object]]
"""What was typed → ``{"hits": […]}`` as viewer/api.js describes it. Raises ForwardError."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Backend:
    """What the server does its work with.

    ``renderers``: more formats of download than the API has, by their file name extension.
    ``actions``: which buttons there are.
    """

    forward: Forward
    open_audio: OpenAudio = field(default_factory=AudioClient)
    search: Search | None = None
    renderers: Mapping[str, Renderer] = field(default_factory=dict)
    stack: str = ""
    actions: tuple[str, ...] = ("retry", "cancel", "erase", "share")


class _RefusedError(Exception):
    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status = status


class UiServer(ThreadingHTTPServer):
    """``port`` 0: any that is free. Only ``url`` answers, while ``serve_forever`` runs, and once
    ``entrance``, which leads there."""

    daemon_threads = True
    # elsewhere than on Unix it would let another program take over the port
    allow_reuse_address = False

    def __init__(self, backend: Backend, port: int = 0) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.backend = backend
        self.token = secrets.token_urlsafe(16)
        self.host = f"127.0.0.1:{self.server_port}"
        self.origin = f"http://{self.host}"
        self.url = f"{self.origin}/{self.token}/"
        self.entrance = f"{self.origin}/{secrets.token_urlsafe(16)}"
        self._entered = Lock()
        self.links = AudioLinks(self._recordings, backend.open_audio)

    def enters(self, path: str) -> bool:
        """Whether this is the entrance, and nobody has used it yet."""
        right = self.entrance.removeprefix(self.origin)
        return hmac.compare_digest(path.encode(), right.encode()) and self._entered.acquire(
            blocking=False
        )

    def server_bind(self) -> None:
        # HTTPServer's own looks the address's name up, which may take seconds
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = "127.0.0.1", self.server_address[1]

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Browsers hang up in the middle of audio all the time; anything else is a bug: print it."""
        if not isinstance(sys.exception(), ConnectionError | TimeoutError):
            super().handle_error(request, client_address)

    def _recordings(self, call_id: str) -> list[Mapping[str, object]]:
        status, _, body = self.backend.forward("GET", f"/calls/{call_id}/recordings", {}, b"")
        return recordings_in(body) if status == HTTPStatus.OK else []


class _Handler(BaseHTTPRequestHandler):
    server: UiServer
    protocol_version = "HTTP/1.1"
    timeout = 30

    def do_GET(self) -> None:
        self._handle()

    # any other method is answered 501
    do_POST = do_GET  # noqa: N815 - http.server's names
    do_DELETE = do_GET  # noqa: N815

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """What http.server refuses by itself has the same headers as all else."""
        self.close_connection = True
        # it takes what it cannot read for HTTP/0.9, whose answers have no headers
        self.request_version = self.protocol_version
        self._send(problem(code, message or explain or ""))

    def version_string(self) -> str:
        return "callscribe"

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - http.server's name
        """Nothing: the path is the secret."""

    def _handle(self) -> None:
        try:
            reply = self._reply()
        except _RefusedError as refusal:
            # what is left of the request is not read, so nothing can follow it
            self.close_connection = True
            reply = problem(refusal.status, str(refusal))
        except (ForwardError, OSError) as error:
            reply = problem(HTTPStatus.BAD_GATEWAY, str(error))
        self._send(reply)

    def _reply(self) -> Reply:
        self._check_sender()
        if self.command == "GET" and self.server.enters(self.path):
            return Reply(HTTPStatus.SEE_OTHER, "text/plain", b"", {"Location": self.server.url})
        path, query = self._target()
        body = self._body()
        if path.startswith("/api/"):
            return self._api(path.removeprefix("/api"), query, body)
        if self.command != "GET":
            raise _RefusedError(HTTPStatus.METHOD_NOT_ALLOWED, "only GET is possible here")
        return self._audio(path) if path.startswith("/audio/") else self._file(path)

    def _check_sender(self) -> None:
        if self.headers.get_all("Host") != [self.server.host]:
            raise _RefusedError(HTTPStatus.MISDIRECTED_REQUEST, "this is another host")
        # a program without it is no browser, and needs the path; "same-site" is another port
        if {*self.headers.get_all("Sec-Fetch-Site", ())} - {"none", "same-origin"}:
            raise _RefusedError(HTTPStatus.FORBIDDEN, "requests from other sites are refused")
        origins = self.headers.get_all("Origin", [])
        needed = self.command != "GET"
        if origins != [self.server.origin] and (origins or needed):
            raise _RefusedError(HTTPStatus.FORBIDDEN, "requests of other origins are refused")

    def _target(self) -> tuple[str, dict[str, str]]:
        """The path behind the token, as it was sent: nothing in it is decoded."""
        path, _, query = self.path.partition("?")
        before, token, rest = (*path.split("/", 2), "", "")[:3]
        right = hmac.compare_digest(token.encode(), self.server.token.encode())
        if before or not right or path.count("/") < 2:
            raise _RefusedError(HTTPStatus.NOT_FOUND, "there is nothing here")
        try:
            return f"/{rest}", dict(parse_qsl(query, max_num_fields=10))
        except ValueError as error:
            raise _RefusedError(HTTPStatus.BAD_REQUEST, "these are too many parameters") from error

    def _body(self) -> bytes:
        length, *more = self.headers.get_all("Content-Length", ["0"])
        odd = more or "Transfer-Encoding" in self.headers
        if odd or not re.fullmatch(r"[0-9]{1,9}", length):
            raise _RefusedError(HTTPStatus.LENGTH_REQUIRED, "a body needs its length")
        if int(length) > _MOST_BODY_BYTES:
            raise _RefusedError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "the body is too large")
        if int(length) and self.headers.get_content_type() != "application/json":
            raise _RefusedError(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "a body is JSON")
        return self.rfile.read(int(length))

    def _file(self, path: str) -> Reply:
        if path == "/":
            return Reply(HTTPStatus.OK, "text/html; charset=utf-8", viewer.page(self._config()))
        name = path.removeprefix("/static/")
        if name == path or name not in viewer.assets():
            raise _RefusedError(HTTPStatus.NOT_FOUND, "there is nothing here")
        return Reply(HTTPStatus.OK, viewer.content_type(name), viewer.assets()[name])

    def _config(self) -> dict[str, object]:
        backend = self.server.backend
        return {
            "shared": False,
            "stack": backend.stack,
            "formats": [*FROM_API, *backend.renderers],
            "search": backend.search is not None,
            "actions": [*backend.actions],
        }

    def _api(self, path: str, query: dict[str, str], body: bytes) -> Reply:
        backend = self.server.backend
        if path == "/search" and self.command == "GET" and backend.search:
            return as_json(HTTPStatus.OK, backend.search(query.get("q", "")))
        routes = routes_of(path)
        if not routes:
            raise _RefusedError(HTTPStatus.NOT_FOUND, "the viewer does not use this")
        if self.command not in routes:
            raise _RefusedError(HTTPStatus.METHOD_NOT_ALLOWED, "the viewer does not do this")
        wanted = {name: query[name] for name in routes[self.command].query if name in query}
        renderer = backend.renderers.get(wanted.get("format", ""))
        if renderer:
            return rendered(backend.forward, renderer, path)
        return forwarded(backend.forward(self.command, path, wanted, body))

    def _audio(self, path: str) -> Reply:
        match = _AUDIO.fullmatch(path)
        audio = match and self.server.links.open(match[1], match[2], self.headers.get("Range"))
        if not audio:
            raise _RefusedError(HTTPStatus.NOT_FOUND, "there is no audio")
        passed = ("content-length", "content-range", "accept-ranges")
        headers = {name: audio.headers[name] for name in passed if name in audio.headers}
        kind = audio.headers.get("content-type", "")
        # what is not audio is not shown as anything
        kind = kind if kind.startswith("audio/") else "application/octet-stream"
        return Reply(audio.status, kind, audio.chunks, headers, audio.close)

    def _send(self, reply: Reply) -> None:
        headers = {**_SECURITY_HEADERS, "Content-Type": reply.content_type, **reply.headers}
        if isinstance(reply.body, bytes):
            headers["Content-Length"] = str(len(reply.body))
        elif "content-length" not in reply.headers:
            self.close_connection = True
        if self.close_connection:
            headers["Connection"] = "close"
        try:
            self.send_response(reply.status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            for chunk in (reply.body,) if isinstance(reply.body, bytes) else reply.body:
                self.wfile.write(chunk)
        finally:
            reply.close()
