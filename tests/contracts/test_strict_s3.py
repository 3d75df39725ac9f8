"""The double that the audio's copy is tested with refuses what S3 refuses."""

from __future__ import annotations

import base64
import hashlib
import socket
import ssl
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from tests.contracts.test_audio_copy import serving
from tests.support.strict_s3 import ACCESS_KEY, SECRET_KEY, TRAILER, Bucket, StrictS3

BODY = b"RIFF" + bytes(range(256)) * 40
Send = Callable[..., str]


class Signer(S3SigV4Auth):
    """botocore's, for a body whose hash is said and not computed."""

    def payload(self, request: AWSRequest) -> str:
        return str(request.context["payload"])


def crc(body: bytes) -> str:
    return base64.b64encode(zlib.crc32(body).to_bytes(4, "big")).decode()


def aws_chunked(body: bytes, checksum: str) -> bytes:
    return b"%x\r\n%s\r\n0\r\nx-amz-checksum-crc32:%s\r\n\r\n" % (
        len(body),
        body,
        checksum.encode(),
    )


def http_chunked(body: bytes) -> bytes:
    return b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)


STREAM = {
    "Content-Encoding": "aws-chunked",
    "X-Amz-Trailer": "x-amz-checksum-crc32",
    "X-Amz-Decoded-Content-Length": str(len(BODY)),
    "X-Amz-Content-SHA256": TRAILER,
}
CHUNKED = {"Transfer-Encoding": "chunked"}


@pytest.fixture
def bucket() -> Bucket:
    return Bucket()


@pytest.fixture
def send(certificate: Path, bucket: Bucket) -> Iterator[Send]:
    """Signs ``signed`` headers with botocore's signer and sends ``raw`` with whatever else is named."""
    with serving(type("S3", (StrictS3,), {"bucket": bucket}), certificate) as url:

        def sending(
            raw: bytes, signed: dict[str, str], unsigned: dict[str, str], key: str = SECRET_KEY
        ) -> str:
            request = AWSRequest("PUT", f"{url}/bucket/x.wav", headers=signed, data=b"")
            request.context["payload"] = signed["X-Amz-Content-SHA256"]
            signer = Signer(Credentials(ACCESS_KEY, key), "s3", "us-east-1")
            signer.add_auth(request)
            headers = {"Host": urlsplit(url).netloc, **dict(request.headers.items()), **unsigned}
            head = "".join(f"{name}: {value}\r\n" for name, value in headers.items() if value)
            context = ssl.create_default_context(cafile=certificate)
            port = urlsplit(url).port
            with (
                socket.create_connection(("localhost", port or 0), timeout=10) as plain,
                context.wrap_socket(plain, server_hostname="localhost") as connection,
            ):
                connection.sendall(f"PUT /bucket/x.wav HTTP/1.1\r\n{head}\r\n".encode() + raw)
                return connection.recv(100).split(b" ")[1].decode()

        yield sending


def whole() -> bytes:
    return http_chunked(aws_chunked(BODY, crc(BODY)))


def test_what_is_right_is_stored(send: Send, bucket: Bucket) -> None:
    assert send(whole(), STREAM, CHUNKED) == "200"
    plain = {
        "X-Amz-Content-SHA256": hashlib.sha256(BODY).hexdigest(),
        "Content-Length": str(len(BODY)),
    }
    assert send(BODY, plain, {}) == "200"
    assert (bucket.objects, bucket.refused) == ({"/bucket/x.wav": BODY}, [])


def changed(**headers: str) -> dict[str, str]:
    return {**STREAM, **{name.replace("_", "-"): value for name, value in headers.items()}}


WRONG = {
    "both framings": (whole(), STREAM, {**CHUNKED, "Content-Length": "9"}, "InvalidRequest"),
    "a signed length that did not arrive": (
        whole(),
        changed(Content_Length="9"),
        {**CHUNKED, "Content-Length": ""},
        "SignatureDoesNotMatch",
    ),
    "no framing": (b"", STREAM, {}, "MissingContentLength"),
    "no decoded length": (
        whole(),
        {name: value for name, value in STREAM.items() if "Decoded" not in name},
        CHUNKED,
        "MissingContentLength",
    ),
    "another decoded length": (
        whole(),
        changed(X_Amz_Decoded_Content_Length="7"),
        CHUNKED,
        "IncompleteBody",
    ),
    "another checksum": (
        http_chunked(aws_chunked(BODY, crc(b"other"))),
        STREAM,
        CHUNKED,
        "BadDigest",
    ),
    "another trailer": (
        whole(),
        changed(X_Amz_Trailer="x-amz-checksum-sha256"),
        CHUNKED,
        "MalformedTrailerError",
    ),
    "an unsigned x-amz header": (
        whole(),
        STREAM,
        {**CHUNKED, "X-Amz-Acl": "public-read"},
        "AccessDenied",
    ),
    "a header changed on its way": (
        whole(),
        STREAM,
        {**CHUNKED, "X-Amz-Decoded-Content-Length": "7"},
        "SignatureDoesNotMatch",
    ),
    "another body than its hash": (
        BODY,
        {"X-Amz-Content-SHA256": "0" * 64, "Content-Length": str(len(BODY))},
        {},
        "XAmzContentSHA256Mismatch",
    ),
    "chunks without a signature of their own": (
        http_chunked(BODY),
        {"X-Amz-Content-SHA256": "UNSIGNED-PAYLOAD"},
        CHUNKED,
        "NotImplemented",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_refused(send: Send, bucket: Bucket, name: str) -> None:
    raw, signed, unsigned, code = WRONG[name]
    assert send(raw, signed, unsigned).startswith(("4", "5"))
    assert (bucket.refused, bucket.objects) == ([code], {})


def test_another_key_is_refused(send: Send, bucket: Bucket) -> None:
    assert send(whole(), STREAM, CHUNKED, key="other") == "403"
    assert (bucket.refused, bucket.objects) == (["SignatureDoesNotMatch"], {})
