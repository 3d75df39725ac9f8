"""The copy of audio, over TLS as on AWS: what arrives is what was sent, or nothing is."""

from __future__ import annotations

import ssl
import threading
from array import array
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import boto3
import pytest
from botocore.config import Config

from callscribe.adapters.aws import streams
from callscribe.adapters.aws.clients import client_config
from callscribe.adapters.aws.streams import S3Streams
from callscribe.adapters.twilio.media import TwilioAudioSource
from callscribe.domain.errors import RetryLaterError
from tests.support.strict_s3 import ACCESS_KEY, SECRET_KEY, Bucket, StrictS3

PART = streams._PART_BYTES


def wav(seconds_of_noise: int) -> bytes:
    """A header that says how long the file is, and something to tell a byte's place by."""
    data = array("I", range(seconds_of_noise * 4000)).tobytes()
    head = b"RIFF" + (36 + len(data)).to_bytes(4, "little") + b"WAVEfmt \x10\0\0\0\x01\0\x02\0"
    return head.ljust(44, b"\0") + data


LONG = wav(1100)
WAV = wav(100)


class Twilio(BaseHTTPRequestHandler):
    """Sends the audio whole or broken off, its end told by its length, by chunks, or by closing."""

    protocol_version = "HTTP/1.1"
    body: bytes = WAV
    framing = "length"
    sends: int | None = None

    def do_GET(self) -> None:
        self.send_response(200)
        if self.framing == "length":
            self.send_header("Content-Length", str(len(self.body)))
        elif self.framing == "chunks":
            self.send_header("Transfer-Encoding", "chunked")
        else:
            self.send_header("Connection", "close")
        self.end_headers()
        sent = self.body[: self.sends]
        if self.framing == "chunks":
            for start in range(0, len(sent), 1 << 20):
                chunk = sent[start : start + (1 << 20)]
                self.wfile.write(b"%x\r\n%s\r\n" % (len(chunk), chunk))
            if self.sends is None:
                self.wfile.write(b"0\r\n\r\n")
        else:
            self.wfile.write(sent)
        self.close_connection = True

    def log_message(self, *_: Any) -> None: ...


@contextmanager
def serving(handler: type[BaseHTTPRequestHandler], certificate: Path) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, certificate.with_name("key.pem"))
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    yield f"https://localhost:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture
def bucket() -> Bucket:
    return Bucket()


@pytest.fixture
def copy(certificate: Path, bucket: Bucket) -> Iterator[Callable[..., Any]]:
    """Copies what a Twilio sends that is made so; the S3 client is configured as the functions' is."""
    with ExitStack() as stop:
        s3_url = stop.enter_context(
            serving(type("S3", (StrictS3,), {"bucket": bucket}), certificate)
        )
        session = boto3.Session(ACCESS_KEY, SECRET_KEY, region_name="us-east-1")
        client = session.client(
            "s3",
            endpoint_url=s3_url,
            verify=str(certificate),
            config=client_config("s3", (3, 10)).merge(Config(s3={"addressing_style": "path"})),
        )
        stop.callback(client.close)

        def copying(largest_put_bytes: int = 10**9, **twilio: Any) -> Any:
            handler = type("Sending", (Twilio,), twilio)
            with serving(handler, certificate) as twilio_url:
                secret = {"api_key_sid": "SK", "api_key_secret": "test"}
                audio = TwilioAudioSource(
                    cast(Any, SimpleNamespace(read=lambda *_, **__: secret)),
                    S3Streams(client, "bucket", largest_put_bytes=largest_put_bytes),
                    secret_name="",
                    account_sid="AC",
                    api_url=twilio_url,
                )
                audio._session.verify = str(certificate)
                audio._session.trust_env = False
                with closing(audio._session):
                    return audio.copy("RE1", channels=2, key="audio/x.wav")

        yield copying


FRAMINGS = ["length", "chunks", "closing"]


@pytest.mark.parametrize("framing", FRAMINGS)
@pytest.mark.parametrize("body", [WAV, LONG], ids=["short", "long"])
def test_what_arrives_is_what_was_sent(
    copy: Callable[..., Any], bucket: Bucket, framing: str, body: bytes
) -> None:
    stored = copy(framing=framing, body=body)
    assert (stored.size_bytes, stored.channels) == (len(body), 2)
    assert bucket.objects == {"/bucket/audio/x.wav": body}
    assert (bucket.parts, bucket.refused) == ({}, [])
    # a length is what makes one stream of it; else what is longer than a part goes in parts
    in_parts = framing != "length" and len(body) > PART
    assert bucket.requests == (["POST", "PUT", "PUT", "POST"] if in_parts else ["PUT"])


@pytest.mark.parametrize("framing", FRAMINGS)
@pytest.mark.parametrize("sends", [len(WAV) // 2, PART + 1000])
def test_download_that_breaks_off_leaves_nothing_and_comes_again(
    copy: Callable[..., Any], bucket: Bucket, framing: str, sends: int
) -> None:
    with pytest.raises(RetryLaterError):
        copy(framing=framing, body=LONG, sends=sends)
    assert (bucket.objects, bucket.parts) == ({}, {})


def test_what_is_larger_than_one_put_goes_in_parts(
    copy: Callable[..., Any], bucket: Bucket
) -> None:
    """S3's five gigabytes, at a hundredth of a per cent of their size."""
    copy(len(LONG) - 1, framing="length", body=LONG)
    assert bucket.objects == {"/bucket/audio/x.wav": LONG}
    assert bucket.requests == ["POST", "PUT", "PUT", "POST"]


@pytest.mark.parametrize("status", [500, 503])
def test_s3_that_is_busy_is_asked_later(
    copy: Callable[..., Any], bucket: Bucket, status: int
) -> None:
    """A stream cannot be sent again from its beginning: the recording comes again instead."""
    bucket.fail = [status]
    with pytest.raises(RetryLaterError):
        copy(framing="length")
    assert bucket.objects == {}
    copy(framing="length")
    assert bucket.objects == {"/bucket/audio/x.wav": WAV}


@pytest.mark.parametrize("body", [b"", b"<html>not audio</html>" * 10, b"RIFF"])
def test_what_is_no_wav_is_not_stored(
    copy: Callable[..., Any], bucket: Bucket, body: bytes
) -> None:
    with pytest.raises(RetryLaterError, match="no WAV"):
        copy(body=body)
    assert bucket.objects == {}
