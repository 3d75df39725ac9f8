"""A server that treats its connections badly: each has a script, and every request is noted."""

from __future__ import annotations

import socket
import ssl
import struct
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

# what becomes of one connection: RESET at its first byte (over TLS that is the handshake's); else, for
# each of its requests, an answer, or HANG_UP when it has been read
RESET, HANG_UP = "reset", "hang up"


@dataclass
class BadServer:
    """``seen``: (number of the connection, method, path) of every request that was read whole."""

    port: int
    scripts: list[Sequence[str]]
    context: ssl.SSLContext | None = None
    connections: int = 0
    seen: list[tuple[int, str, str]] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"{'https' if self.context else 'http'}://localhost:{self.port}"

    def serve(self, listener: socket.socket) -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            number, self.connections = self.connections, self.connections + 1
            script = self.scripts[number]
            threading.Thread(
                target=self._serve_one, args=(number, connection, script), daemon=True
            ).start()

    def _serve_one(self, number: int, connection: socket.socket, script: Sequence[str]) -> None:
        if script == [RESET]:
            connection.recv(1)
            # a linger of no time makes closing a reset
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            connection.close()
            return
        if self.context:
            try:
                connection = self.context.wrap_socket(connection, server_side=True)
            except OSError:
                # who called did not like the certificate
                connection.close()
                return
        with suppress(OSError), connection, connection.makefile("rb") as lines:
            for answer in script:
                words = lines.readline().split()
                if len(words) < 2:
                    return
                length = 0
                while line := lines.readline().strip():
                    name, _, value = line.partition(b":")
                    length = int(value) if name.lower() == b"content-length" else length
                lines.read(length)
                self.seen.append((number, words[0].decode(), words[1].decode().split("?")[0]))
                if answer == HANG_UP:
                    return
                connection.sendall(answer.encode())


def answer(body: str, status: str = "200 OK", kind: str = "application/json") -> str:
    head = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n"
    return head + body


@contextmanager
def bad_server(*scripts: Sequence[str], certificate: Path | None = None) -> Iterator[BadServer]:
    """``scripts``: one for each connection that may come; a further one fails the test."""
    context = None
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, certificate.with_name("key.pem"))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = BadServer(listener.getsockname()[1], list(scripts), context)
        threading.Thread(target=server.serve, args=(listener,), daemon=True).start()
        yield server
        listener.shutdown(socket.SHUT_RDWR)
