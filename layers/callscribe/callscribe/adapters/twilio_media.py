"""Audio from Twilio into the bucket, as a stream: memory does not grow with the recording."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from tempfile import TemporaryFile
from typing import TYPE_CHECKING, Any

import requests
from urllib3.exceptions import HTTPError
from urllib3.response import HTTPResponse

from callscribe.adapters.aws_errors import translated
from callscribe.adapters.secrets import Secrets
from callscribe.adapters.vendor_http import VendorSession
from callscribe.domain.problems import RetryLaterError, VendorRefusedError
from callscribe.ports import StoredAudio

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

CONNECT_SECONDS, READ_SECONDS = 5, 60
# a callback may come before the file is there (Twilio): seen to take a second or so
_WAITS_FOR_MEDIA_SECONDS = (0.5, 1, 2, 4)
_WAV_HEADER_BYTES = 44


class TwilioAudioSource:
    """Implements ``ports.AudioSource``."""

    def __init__(
        self,
        secrets: Secrets,
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
            with self._open(recording_sid, channels) as response, ExitStack() as stop:
                audio = _CheckedWav(response.raw)
                length = response.headers.get("Content-Length", "")
                body: Any = audio
                if not length.isdecimal() or not self._streams:
                    # S3 wants to know the length beforehand, and without TLS (a laptop's) the body's
                    # hash too: then it goes by the disk
                    body = stop.enter_context(TemporaryFile())
                    shutil.copyfileobj(audio, body)
                    length = str(body.tell())
                    body.seek(0)
                # one stream of one part: as fast as two sockets, flat in memory; what breaks off leaves
                # nothing behind and is begun again
                self._s3.put_object(
                    Bucket=self._bucket,
                    Key=key,
                    Body=body,
                    ContentLength=int(length),
                    ContentType="audio/wav",
                )
        except (requests.RequestException, HTTPError) as error:
            raise RetryLaterError("the audio's download broke off", seconds=15) from error
        return StoredAudio(size_bytes=audio.size_bytes, channels=audio.channels)

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


class _CheckedWav:
    """A stream that counts its bytes. Its header is read at once, for the number of channels.

    Raises RetryLaterError (when made) for what is no WAV: a broken file, stored and sent on, would
    only fail later, at a vendor, and cost more.
    """

    def __init__(self, raw: HTTPResponse) -> None:
        self._raw = raw
        self._head = raw.read(_WAV_HEADER_BYTES)
        self.size_bytes = 0
        if self._head[:4] != b"RIFF" or self._head[8:12] != b"WAVE":
            raise RetryLaterError("Twilio sent something that is no WAV file", seconds=30)
        # bytes 22 and 23 of a RIFF/WAVE header, little-endian
        self.channels = int.from_bytes(self._head[22:24], "little") or 1

    def read(self, size: int = -1) -> bytes:
        if self._head:
            chunk, self._head = self._head, b""
        else:
            chunk = self._raw.read(None if size < 0 else size)
        self.size_bytes += len(chunk)
        return chunk
