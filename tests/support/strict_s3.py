"""S3's side of uploads, as strict as S3 is: framing, signature, checksum, parts.

From AWS's documents "Signature calculations for the Authorization header" (single chunk, and including
trailing headers), "Checking object integrity", and UploadPart's limits. It keeps only what arrived
whole and right. tests/contracts/test_strict_s3.py proves what it refuses.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import zlib
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from io import BufferedIOBase
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, urlsplit

ACCESS_KEY, SECRET_KEY = "test", "test"
TRAILER = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
_SMALLEST_PART_BYTES = 5 * 1024 * 1024
_AUTHORIZATION = re.compile(
    r"AWS4-HMAC-SHA256 Credential=(\w+)/(\d{8}/[\w-]+/s3/aws4_request), ?"
    r"SignedHeaders=([\w;-]+), ?Signature=([0-9a-f]{64})$"
)


class RefusedError(Exception):
    """With S3's status and code."""

    def __init__(self, status: int, code: str) -> None:
        super().__init__(code)
        self.status, self.code = status, code


@dataclass
class Bucket:
    """What was stored; ``parts`` of uploads that are neither complete nor aborted."""

    objects: dict[str, bytes] = field(default_factory=dict)
    parts: dict[str, dict[int, bytes]] = field(default_factory=dict)
    refused: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    # statuses to answer with before anything is looked at
    fail: list[int] = field(default_factory=list)


class StrictS3(BaseHTTPRequestHandler):
    """Serve with ``type("S3", (StrictS3,), {"bucket": Bucket()})``."""

    protocol_version = "HTTP/1.1"
    bucket: Bucket

    def do_PUT(self) -> None:
        self._answering()

    do_POST = do_DELETE = do_PUT  # noqa: N815 - http.server's names

    def _answering(self) -> None:
        self.bucket.requests.append(self.command)
        try:
            body = self._checked_body()
            if self.bucket.fail:
                raise RefusedError(self.bucket.fail.pop(0), "SlowDown")
            self._answer(200, *self._act(body))
        except RefusedError as error:
            self.bucket.refused.append(error.code)
            self.close_connection = True
            self._answer(error.status, f"<Error><Code>{error.code}</Code></Error>".encode())
        except (ConnectionError, ValueError):
            # broken off: there is no client to answer, and nothing is kept
            self.bucket.refused.append("IncompleteBody")
            self.close_connection = True

    def _act(self, body: bytes) -> tuple[bytes, dict[str, str]]:
        url = urlsplit(self.path)
        query = dict(parse_qsl(url.query, keep_blank_values=True))
        upload, bucket = query.get("uploadId", ""), self.bucket
        if self.command == "PUT" and upload:
            bucket.parts[upload][int(query["partNumber"])] = body
        elif self.command == "PUT":
            bucket.objects[url.path] = body
        elif self.command == "DELETE":
            del bucket.parts[upload]
        elif "uploads" in query:
            upload = f"upload-{len(bucket.requests)}"
            bucket.parts[upload] = {}
            made = f"<InitiateMultipartUploadResult><UploadId>{upload}</UploadId>"
            return f"{made}</InitiateMultipartUploadResult>".encode(), {}
        else:
            parts = [bucket.parts[upload][number] for number in sorted(bucket.parts[upload])]
            if any(len(part) < _SMALLEST_PART_BYTES for part in parts[:-1]):
                raise RefusedError(400, "EntityTooSmall")
            del bucket.parts[upload]
            bucket.objects[url.path] = b"".join(parts)
            return b"<CompleteMultipartUploadResult></CompleteMultipartUploadResult>", {}
        return b"", {"ETag": f'"{hashlib.md5(body).hexdigest()}"'}  # noqa: S324 - S3's

    def _checked_body(self) -> bytes:
        headers = {name.lower(): value.strip() for name, value in self.headers.items()}
        chunked = headers.get("transfer-encoding", "").lower() == "chunked"
        if chunked and "content-length" in headers:
            raise RefusedError(400, "InvalidRequest")
        check_signature(self.command, self.path, headers)
        if not chunked and "content-length" not in headers and self.command != "DELETE":
            raise RefusedError(411, "MissingContentLength")
        raw = (
            unchunked(self.rfile) if chunked else self._whole(int(headers.get("content-length", 0)))
        )
        said = headers["x-amz-content-sha256"]
        if said == TRAILER:
            return decoded(raw, headers)
        if said not in ("UNSIGNED-PAYLOAD", hashlib.sha256(raw).hexdigest()):
            raise RefusedError(400, "XAmzContentSHA256Mismatch")
        if "aws-chunked" in headers.get("content-encoding", "") or chunked:
            # a body of chunks has another hash than its bytes, and a signature of its own
            raise RefusedError(501, "NotImplemented")
        check_checksum(raw, headers.get("x-amz-checksum-crc32"))
        return raw

    def _whole(self, length: int) -> bytes:
        body = self.rfile.read(length)
        if len(body) != length:
            raise ConnectionError("it broke off")
        return body

    def _answer(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in {**(headers or {}), "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None: ...


def unchunked(file: BufferedIOBase) -> bytes:
    """HTTP's chunks. Raises ConnectionError, ValueError where they break off."""
    body = bytearray()
    while size := int(file.readline().split(b";")[0] or b"x", 16):
        chunk = file.read(size)
        if len(chunk) != size or file.readline() != b"\r\n":
            raise ConnectionError("it broke off")
        body += chunk
    while file.readline().strip():
        pass
    return bytes(body)


def decoded(raw: bytes, headers: dict[str, str]) -> bytes:
    """The object in S3's own chunks, which end with the trailer that was announced."""
    if "aws-chunked" not in headers.get("content-encoding", ""):
        raise RefusedError(400, "InvalidRequest")
    if "x-amz-decoded-content-length" not in headers:
        raise RefusedError(411, "MissingContentLength")
    body, rest = bytearray(), raw
    while True:
        line, _, rest = rest.partition(b"\r\n")
        size = int(line or b"x", 16)
        if size == 0:
            break
        body += rest[:size]
        if rest[size : size + 2] != b"\r\n":
            raise RefusedError(400, "IncompleteBody")
        rest = rest[size + 2 :]
    if len(body) != int(headers["x-amz-decoded-content-length"]):
        raise RefusedError(400, "IncompleteBody")
    trailer, _, value = rest.strip().decode().partition(":")
    if trailer != headers.get("x-amz-trailer") or trailer != "x-amz-checksum-crc32":
        raise RefusedError(400, "MalformedTrailerError")
    check_checksum(bytes(body), value)
    return bytes(body)


def check_checksum(body: bytes, said: str | None) -> None:
    """CRC-32, the SDK's default. Absent is allowed, wrong is not."""
    right = base64.b64encode(zlib.crc32(body).to_bytes(4, "big")).decode()
    if said not in (None, right):
        raise RefusedError(400, "BadDigest")


def check_signature(method: str, target: str, headers: dict[str, str]) -> None:
    """SigV4 over the headers that arrived: one that was signed and is gone breaks it."""
    found = _AUTHORIZATION.match(headers.get("authorization", ""))
    if found is None or found[1] != ACCESS_KEY:
        raise RefusedError(403, "AccessDenied")
    scope, names, signature = found[2], found[3].split(";"), found[4]
    must = {name for name in headers if name.startswith("x-amz-")} | {"host"}
    if not must <= set(names):
        raise RefusedError(403, "AccessDenied")
    path, _, query = target.partition("?")
    pairs = sorted(parse_qsl(query, keep_blank_values=True))
    canonical = [
        method,
        quote(unquote(path), safe="/~"),
        "&".join(f"{quote(k, safe='~')}={quote(v, safe='~')}" for k, v in pairs),
        *(f"{name}:{' '.join(headers.get(name, '').split())}" for name in names),
        "",
        ";".join(names),
        headers["x-amz-content-sha256"],
    ]
    digest = hashlib.sha256("\n".join(canonical).encode()).hexdigest()
    key = f"AWS4{SECRET_KEY}".encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    text = "\n".join(("AWS4-HMAC-SHA256", headers["x-amz-date"], scope, digest))
    if not hmac.compare_digest(hmac.digest(key, text.encode(), "sha256").hex(), signature):
        raise RefusedError(403, "SignatureDoesNotMatch")
