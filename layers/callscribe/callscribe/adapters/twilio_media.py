"""Audio from Twilio into the bucket, as a stream: memory does not grow with the recording."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import requests
from s3transfer.manager import TransferConfig, TransferManager
from urllib3.exceptions import HTTPError
from urllib3.response import HTTPResponse

from callscribe.adapters.aws_errors import translated
from callscribe.adapters.secrets import Secrets
from callscribe.domain.problems import RetryLaterError, VendorRefusedError
from callscribe.ports import StoredAudio

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_CONNECT_AND_READ_SECONDS = (5, 60)
# a callback may come before the file is there (Twilio): seen to take a second or so
_WAITS_FOR_MEDIA_SECONDS = (0.5, 1, 2, 4)
_WAV_HEADER_BYTES = 44
_MIB = 1024 * 1024


class TwilioAudioSource:
    """Implements ``ports.AudioSource``."""

    def __init__(
        self,
        secrets: Secrets,
        s3: S3Client,
        *,
        secret_arn: str,
        account_sid: str,
        api_url: str,
        bucket_name: str,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._secrets = secrets
        self._s3 = s3
        self._secret_arn = secret_arn
        # built from our own configuration: a RecordingUrl in a callback is never followed
        self._media_url = f"{api_url.rstrip('/')}/2010-04-01/Accounts/{account_sid}/Recordings"
        self._bucket = bucket_name
        self._sleep = sleep
        self._session = requests.Session()
        # 4 threads of 5 MiB parts, and no more than that waiting: 97 MB at the most, measured
        self._transfer = TransferConfig(
            multipart_threshold=5 * _MIB,
            multipart_chunksize=5 * _MIB,
            max_request_concurrency=4,
            max_in_memory_upload_chunks=4,
        )

    @translated("S3")
    def copy(self, recording_sid: str, *, channels: int | None, key: str) -> StoredAudio:
        try:
            with self._open(recording_sid, channels) as response:
                audio = _CheckedWav(response.raw)
                with TransferManager(self._s3, self._transfer) as transfer:
                    wav = {"ContentType": "audio/wav"}
                    # needs only read(): s3transfer streams it
                    transfer.upload(audio, self._bucket, key, wav).result()  # type: ignore[arg-type]
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
        secret = self._secrets.read(self._secret_arn, fresh=fresh)
        return self._session.get(
            f"{self._media_url}/{recording_sid}.wav",
            params={"RequestedChannels": channels} if channels else None,
            auth=(secret["api_key_sid"], secret["api_key_secret"]),
            timeout=_CONNECT_AND_READ_SECONDS,
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
    """A stream that counts its bytes and reads the channels off the header as it passes.

    Raises RetryLaterError (in ``read``) for what is no WAV: a broken file, stored and sent on,
    would only fail later, at a vendor, and cost more.
    """

    def __init__(self, raw: HTTPResponse) -> None:
        self._raw = raw
        self._head = b""
        self.size_bytes = 0

    def read(self, size: int = -1) -> bytes:
        chunk: bytes = self._raw.read(None if size < 0 else size)
        self.size_bytes += len(chunk)
        if len(self._head) < _WAV_HEADER_BYTES:
            self._head += chunk[: _WAV_HEADER_BYTES - len(self._head)]
            complete = len(self._head) == _WAV_HEADER_BYTES
            if (complete or not chunk) and not self._is_wav():
                raise RetryLaterError("Twilio sent something that is no WAV file", seconds=30)
        return chunk

    def _is_wav(self) -> bool:
        return self._head[:4] == b"RIFF" and self._head[8:12] == b"WAVE"

    @property
    def channels(self) -> int:
        """Number of channels: bytes 22 and 23 of a RIFF/WAVE header, little-endian."""
        return int.from_bytes(self._head[22:24], "little") or 1
