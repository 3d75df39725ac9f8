"""Audio from Twilio into the bucket, as a stream: memory does not grow with the recording."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import requests
from urllib3.exceptions import HTTPError
from urllib3.response import HTTPResponse

from callscribe.adapters.aws.errors import translated
from callscribe.adapters.vendor_http import VendorSession
from callscribe.domain.errors import RetryLaterError, VendorRefusedError
from callscribe.ports.secrets import SecretReader
from callscribe.ports.storage import StoredAudio

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

CONNECT_SECONDS, READ_SECONDS = 5, 60
# of 10,000 at most: 160 GB
_PART_BYTES = 16 * 1024**2
# a callback may come before the file is there (Twilio): seen to take a second or so
_WAITS_FOR_MEDIA_SECONDS = (0.5, 1, 2, 4)
_WAV_HEADER_BYTES = 44
_TYPE = "audio/wav"


class TwilioAudioSource:
    """Implements ``ports.AudioSource``."""

    # S3's most for one PutObject. A day of two channels is 2.8 GB
    largest_put_bytes = 5 * 1024**3

    def __init__(
        self,
        secrets: SecretReader,
        s3: S3Client,
        *,
        secret_name: str,
        account_sid: str,
        api_url: str,
        bucket_name: str,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._secrets = secrets
        self._s3 = s3
        self._secret_name = secret_name
        # built from our own configuration: a RecordingUrl in a callback is never followed
        self._media_url = f"{api_url.rstrip('/')}/2010-04-01/Accounts/{account_sid}/Recordings"
        self._bucket = bucket_name
        self._sleep = sleep
        self._session = VendorSession(connect_seconds=CONNECT_SECONDS, read_seconds=READ_SECONDS)
        self._streams = s3.meta.endpoint_url.startswith("https:")

    @translated("S3")
    def copy(self, recording_sid: str, *, channels: int | None, key: str) -> StoredAudio:
        try:
            with self._open(recording_sid, channels) as response:
                audio = _CheckedWav(response.raw, ends_by_closing=_ends_by_closing(response))
                self._put(audio, response.headers.get("Content-Length", ""), key)
        except (requests.RequestException, HTTPError) as error:
            raise RetryLaterError("the audio's download broke off", seconds=15) from error
        return StoredAudio(size_bytes=audio.size_bytes, channels=audio.channels)

    def _put(self, audio: _CheckedWav, length: str, key: str) -> None:
        """As one stream where S3 takes one: as fast as two sockets, flat in memory; what breaks off
        leaves nothing behind and is begun again.

        botocore sends it over TLS in aws-chunked form, with X-Amz-Decoded-Content-Length and without
        Content-Length, and its CRC-32 behind it (``when_supported``, its default: S3 stores only what
        was read). Versions 1.36 to 1.42.72 sent both framings, which S3 refuses (boto/botocore#3651):
        the layer brings its own.
        """
        body: Any = audio  # has what is read of a file
        if length.isdecimal() and int(length) <= self.largest_put_bytes and self._streams:
            self._s3.put_object(
                Bucket=self._bucket,
                Key=key,
                Body=body,
                ContentLength=int(length),
                ContentType=_TYPE,
            )
            return
        # in parts, each from memory, where S3 wants to know what it gets: the length (Twilio names none,
        # or more than one PutObject takes), or without TLS (a laptop's) the body's hash
        from boto3.s3.transfer import TransferConfig  # noqa: PLC0415 - hardly ever needed

        parts = TransferConfig(
            use_threads=False,
            multipart_threshold=_PART_BYTES,
            multipart_chunksize=_PART_BYTES,
        )
        self._s3.upload_fileobj(
            body, self._bucket, key, ExtraArgs={"ContentType": _TYPE}, Config=parts
        )

    def _open(self, recording_sid: str, channels: int | None) -> requests.Response:
        """Waits out an early 404, falls back to one channel, and re-reads a rotated key."""
        wanted: int | None = channels if channels and channels > 1 else None
        waits = list(_WAITS_FOR_MEDIA_SECONDS)
        fresh = False
        while True:
            response = self._get(recording_sid, wanted, fresh=fresh)
            if response.status_code == 200:
                return response
            response.close()
            if response.status_code == 400 and wanted:
                # Twilio answers 400 when two channels are asked of a file that has one
                wanted = None
            elif response.status_code == 401 and not fresh:
                fresh = True
            elif response.status_code == 404 and waits:
                self._sleep(waits.pop(0))
            else:
                raise _refusal(response.status_code, response.headers)

    def _get(self, recording_sid: str, channels: int | None, *, fresh: bool) -> requests.Response:
        secret = self._secrets.read(self._secret_name, fresh=fresh)
        return self._session.get(
            f"{self._media_url}/{recording_sid}.wav",
            params={"RequestedChannels": channels} if channels else None,
            auth=(secret["api_key_sid"], secret["api_key_secret"]),
            stream=True,
            headers={"Accept-Encoding": "identity"},
        )


def _refusal(status: int, headers: Mapping[str, str]) -> Exception:
    if status == 404:
        # retried by the queue; what is still missing then is decided by asking Twilio's API
        return RetryLaterError("Twilio does not have the audio yet", seconds=30)
    if status == 429 or status >= 500:
        after = headers.get("Retry-After", "")
        return RetryLaterError(
            f"Twilio answered {status}", seconds=min(int(after), 900) if after.isdecimal() else 15
        )
    return VendorRefusedError("Twilio", f"Twilio refused the audio with {status}", status=status)


def _ends_by_closing(response: requests.Response) -> bool:
    """Whether nothing but the end of the connection ends the body."""
    chunked = response.headers.get("Transfer-Encoding", "").lower() == "chunked"
    return "Content-Length" not in response.headers and not chunked


class _CheckedWav:
    """A stream that counts its bytes. Its header is read at once, for the number of channels.

    Raises RetryLaterError for what is no WAV (when made): a broken file, stored and sent on, would only
    fail later, at a vendor, and cost more; and where only the header can tell that the file broke off.
    """

    def __init__(self, raw: HTTPResponse, *, ends_by_closing: bool) -> None:
        self._raw = raw
        self._head = raw.read(_WAV_HEADER_BYTES)
        self.size_bytes = 0
        if self._head[:4] != b"RIFF" or self._head[8:12] != b"WAVE":
            raise RetryLaterError("Twilio sent something that is no WAV file", seconds=30)
        # bytes 22 and 23 of a RIFF/WAVE header, little-endian
        self.channels = int.from_bytes(self._head[22:24], "little") or 1
        # what follows the first eight bytes; none or all ones where the writer did not know
        size = int.from_bytes(self._head[4:8], "little")
        self._at_least = size + 8 if ends_by_closing and 0 < size < 0xFFFFFFFF else 0

    def read(self, size: int = -1) -> bytes:
        """``size`` bytes, fewer only at the end: of fewer, S3's parts would become too small."""
        head, self._head = self._head, b""
        chunk = head + self._raw.read(None if size < 0 else max(size - len(head), 0))
        self.size_bytes += len(chunk)
        if (size < 0 or len(chunk) < size) and self.size_bytes < self._at_least:
            raise RetryLaterError("the audio's download broke off", seconds=15)
        return chunk
