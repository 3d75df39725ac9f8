"""The server that all doubles listen with: what is no whole request is none."""

from __future__ import annotations

import socket

import pytest

from local.http_server import Request, Response, Server


@pytest.mark.parametrize(("sent", "expected"), [(b"abc", []), (b"abcdefghij", [b"abcdefghij"])])
def test_body_that_breaks_off_reaches_nobody(sent: bytes, expected: list[bytes]) -> None:
    """As of a function that is killed while it answers: an empty answer is not what it said."""
    met: list[bytes] = []

    def answer(request: Request) -> Response:
        met.append(request.body)
        return Response()

    server = Server(answer)
    try:
        with socket.create_connection(("127.0.0.1", server.port), timeout=10) as client:
            client.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n" + sent)
            client.shutdown(socket.SHUT_WR)
            # the end of the stream comes when the request was answered, or dropped
            while client.recv(1024):
                pass
    finally:
        server.close()
    assert met == expected
