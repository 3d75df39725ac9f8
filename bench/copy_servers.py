"""A source of audio like Twilio's and a sink like S3's, over TLS, each in a process of its own.

Both do as little as they can: what is measured is the copy between them, not MiniStack. The sink counts
bytes and throws them away; ``--slow`` makes it read no faster than so many MB a second.
"""

from __future__ import annotations

import argparse
import re
import ssl
import struct
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

# as Twilio's: 16-bit PCM, two channels, 8,000 samples a second; of a length that it does not say
_FORMAT = struct.pack("<IHHIIHH", 16, 1, 2, 8000, 32_000, 4, 16)
_HEAD = b"RIFF\xff\xff\xff\xffWAVEfmt " + _FORMAT + b"data\xff\xff\xff\xff"
_BLOCK = bytes(256 * 1024)


class Source(BaseHTTPRequestHandler):
    """``GET /<anything>/<megabytes>.wav``."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        match = re.search(r"RE(\d+)\.wav", self.path)
        size = int(match[1]) * 1_000_000 if match else 0
        self.send_response(200)
        self.send_header("Content-Type", "audio/x-wav")
        self.send_header("Content-Length", str(size))
        self.end_headers()
        self.wfile.write(_HEAD)
        left = size - len(_HEAD)
        while left > 0:
            left -= self.wfile.write(_BLOCK[: min(left, len(_BLOCK))])

    def log_message(self, *_: Any) -> None:
        """Nothing: a line for each request would be measured too."""


class Sink(BaseHTTPRequestHandler):
    """As much of S3 as an upload asks for."""

    protocol_version = "HTTP/1.1"
    megabytes_a_second: float = 0.0

    def do_PUT(self) -> None:
        self._swallow()
        self._answer(b"", ETag='"0123456789abcdef0123456789abcdef"')

    def do_POST(self) -> None:
        self._swallow()
        query = parse_qs(urlsplit(self.path).query, keep_blank_values=True)
        if "uploads" in query:
            inner = "<UploadId>upload</UploadId>"
            name = "InitiateMultipartUploadResult"
        else:
            inner, name = "<ETag>x</ETag>", "CompleteMultipartUploadResult"
        self._answer(f"<{name}><Bucket>b</Bucket><Key>k</Key>{inner}</{name}>".encode())

    def _swallow(self) -> None:
        """Reads the body, as it is or in chunks (botocore adds a checksum behind it)."""
        if self.headers.get("Expect"):
            self.send_response_only(100)
            self.end_headers()
        begin, taken = time.perf_counter(), 0
        chunked = self.headers.get("Transfer-Encoding") == "chunked"
        left = 0 if chunked else int(self.headers.get("Content-Length") or 0)
        while True:
            if chunked:
                left = int(self.rfile.readline().split(b";")[0], 16)
            goes_on = chunked and left > 0
            while left > 0:
                got = len(self.rfile.read1(min(left, 1 << 18)))
                left, taken = left - got, taken + got
                if self.megabytes_a_second:
                    due = begin + taken / 1e6 / self.megabytes_a_second
                    time.sleep(max(0.0, due - time.perf_counter()))
            if chunked:
                self.rfile.readline()
            if not goes_on:
                return

    def _answer(self, body: bytes, **headers: str) -> None:
        self.send_response(200)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """See Source."""


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("kind", choices=["source", "sink"])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--slow", type=float, default=0.0, metavar="MB_A_SECOND")
    given = parser.parse_args()
    Sink.megabytes_a_second = given.slow
    server = ThreadingHTTPServer(("127.0.0.1", 0), Source if given.kind == "source" else Sink)
    server.daemon_threads = True
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(given.folder / "certificate.pem", given.folder / "key.pem")
    server.socket = context.wrap_socket(server.socket, server_side=True)
    print(server.server_port, flush=True)
    # ends with the process that started it
    threading.Thread(target=_end_with_stdin, args=(server,), daemon=True).start()
    server.serve_forever()
    return 0


def _end_with_stdin(server: ThreadingHTTPServer) -> None:
    sys.stdin.read()
    server.shutdown()


if __name__ == "__main__":
    sys.exit(main())
