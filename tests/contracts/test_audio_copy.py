"""The copy of audio, over TLS as on AWS: what arrives is what was sent, or nothing is."""

from __future__ import annotations

import shutil
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from botocore.config import Config
from botocore.session import Session

from bench.copy_audio import make_certificate
from callscribe.adapters.twilio_media import TwilioAudioSource
from callscribe.domain.problems import RetryLaterError

WAV = (
    b"RIFF\x00\x00\x00\x00WAVEfmt \x10\x00\x00\x00\x01\x00\x02\x00".ljust(44, b"\0")
    + bytes(range(256)) * 9000
)


class Twilio(BaseHTTPRequestHandler):
    """Sends the audio with or without its length, whole or broken off."""

    protocol_version = "HTTP/1.1"
    body, says_length, sends = WAV, True, len(WAV)

    def do_GET(self) -> None:
        self.send_response(200)
        if self.says_length:
            self.send_header("Content-Length", str(len(self.body)))
        else:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(self.body[: self.sends])
        self.close_connection = True

    def log_message(self, *_: Any) -> None: ...


class S3(BaseHTTPRequestHandler):
    """Keeps what comes whole; refuses what does not, as S3 does."""

    protocol_version = "HTTP/1.1"
    objects: dict[str, bytes]

    def do_PUT(self) -> None:
        if self.headers.get("Expect"):
            self.send_response_only(100)
            self.end_headers()
        body = self._body()
        if "aws-chunked" in (self.headers.get("Content-Encoding") or ""):
            body = unchunked(BytesIO(body))
        wanted = self.headers.get("X-Amz-Decoded-Content-Length") or self.headers["Content-Length"]
        whole = len(body) == int(wanted)
        if whole:
            type(self).objects[self.path] = body
        self.send_response(200 if whole else 400)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding") == "chunked":
            return unchunked(self.rfile)
        return self.rfile.read(int(self.headers["Content-Length"]))

    def log_message(self, *_: Any) -> None: ...


def unchunked(file: Any) -> bytes:
    """HTTP's chunks, and S3's own inside them, which end with a checksum."""
    body = b""
    while size := int(file.readline().split(b";")[0] or b"0", 16):
        body += file.read(size)
        file.readline()
    while file.readline().strip():
        pass
    return body


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if shutil.which("openssl") is None:
        pytest.skip("there is no openssl to make a certificate with")
    folder: Path = tmp_path_factory.mktemp("certificate")
    make_certificate(folder)
    return folder / "certificate.pem"


@contextmanager
def serving(handler: type[BaseHTTPRequestHandler], certificate: Path) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, certificate.with_name("key.pem"))
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"https://localhost:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture
def copy(certificate: Path) -> Iterator[Callable[..., Any]]:
    with serving(S3, certificate) as s3_url:
        S3.objects = {}
        clients = []

        def copying(**twilio: Any) -> Any:
            handler = type("Sending", (Twilio,), twilio)
            with serving(handler, certificate) as twilio_url:
                client = Session().create_client(
                    "s3",
                    region_name="us-east-1",
                    endpoint_url=s3_url,
                    aws_access_key_id="test",
                    aws_secret_access_key="test",
                    verify=str(certificate),
                    config=Config(signature_version="s3v4", s3={"addressing_style": "path"}),
                )
                clients.append(client)
                secret = {"api_key_sid": "SK", "api_key_secret": "test"}
                audio = TwilioAudioSource(
                    cast(Any, SimpleNamespace(read=lambda *_, **__: secret)),
                    cast(Any, client),
                    secret_name="",
                    account_sid="AC",
                    api_url=twilio_url,
                    bucket_name="bucket",
                )
                audio._session.verify = str(certificate)
                audio._session.trust_env = False
                try:
                    return audio.copy("RE1", channels=2, key="audio/x.wav")
                finally:
                    audio._session.close()

        yield copying
        for client in clients:
            client.close()


@pytest.mark.parametrize("says_length", [True, False])
def test_what_arrives_is_what_was_sent(copy: Callable[..., Any], says_length: bool) -> None:
    stored = copy(says_length=says_length)
    assert (stored.size_bytes, stored.channels) == (len(WAV), 2)
    assert S3.objects == {"/bucket/audio/x.wav": WAV}


def test_download_that_breaks_off_leaves_nothing_and_comes_again(copy: Callable[..., Any]) -> None:
    with pytest.raises(RetryLaterError):
        copy(sends=len(WAV) // 2)
    assert S3.objects == {}


@pytest.mark.parametrize("body", [b"", b"<html>not audio</html>" * 10, b"RIFF"])
def test_what_is_no_wav_is_not_stored(copy: Callable[..., Any], body: bytes) -> None:
    with pytest.raises(RetryLaterError, match="no WAV"):
        copy(body=body, sends=len(body))
    assert S3.objects == {}
