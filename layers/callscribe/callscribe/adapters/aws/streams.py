"""A stream into the bucket: memory does not grow with it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from callscribe.adapters.aws.errors import translated

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

# S3's most for one PutObject. A day of two channels is 2.8 GB
_LARGEST_PUT_BYTES = 5 * 1024**3
# of 10,000 at most: 160 GB
_PART_BYTES = 16 * 1024**2


class Readable(Protocol):
    """What S3 needs of a file."""

    def read(self, size: int = -1) -> bytes: ...


class S3Streams:
    """Stores what breaks off not at all: it is begun again."""

    def __init__(
        self, client: S3Client, bucket_name: str, *, largest_put_bytes: int = _LARGEST_PUT_BYTES
    ) -> None:
        self._client = client
        self._bucket = bucket_name
        self._largest_put_bytes = largest_put_bytes
        # over TLS alone a body needs no hash beforehand
        self._is_streaming = client.meta.endpoint_url.startswith("https:")

    @translated("S3")
    def put(self, key: str, stream: Readable, *, length: int | None, content_type: str) -> None:
        """``length`` in bytes, where it is known: S3 wants it for what it gets in one piece.

        Raises:
            RetryLaterError: S3 is busy or cannot be reached; and what ``stream.read`` raises.
        """
        if self._is_streaming and length is not None and length <= self._largest_put_bytes:
            self._put_whole(key, stream, length, content_type)
        else:
            self._put_in_parts(key, stream, content_type)

    def _put_whole(self, key: str, body: Any, length: int, content_type: str) -> None:
        """As fast as two sockets, flat in memory.

        botocore sends it over TLS in aws-chunked form, with X-Amz-Decoded-Content-Length and without
        Content-Length, and its CRC-32 behind it (``when_supported``, its default: S3 stores only what
        was read). Versions 1.36 to 1.42.72 sent both framings, which S3 refuses (boto/botocore#3651):
        the layer brings its own.
        """
        self._client.put_object(
            Bucket=self._bucket,
            Key=key,
            Body=body,
            ContentLength=length,
            ContentType=content_type,
        )

    def _put_in_parts(self, key: str, body: Any, content_type: str) -> None:
        """Each from memory: its length is known there, and without TLS (a laptop's) its hash."""
        from boto3.s3.transfer import TransferConfig  # noqa: PLC0415 - hardly ever needed

        parts = TransferConfig(
            use_threads=False, multipart_threshold=_PART_BYTES, multipart_chunksize=_PART_BYTES
        )
        extra = {"ContentType": content_type}
        self._client.upload_fileobj(body, self._bucket, key, ExtraArgs=extra, Config=parts)
