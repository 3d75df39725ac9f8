"""Audio from Twilio into the bucket, as a stream: memory does not grow with the recording."""

from __future__ import annotations

import time
from collections.abc import Callable

import requests
from urllib3.exceptions import HTTPError

from callscribe.adapters.aws.streams import S3Streams
from callscribe.adapters.vendor_http import VendorSession, retry_after_seconds
from callscribe.adapters.wav import CheckedWav
from callscribe.domain.errors import CallscribeError, RetryLaterError, VendorRefusedError
from callscribe.domain.whole_numbers import read_whole_number
from callscribe.ports.secrets import SecretReader
from callscribe.ports.storage import StoredAudio

CONNECT_SECONDS, READ_SECONDS = 5, 60
# a callback may come before the file is there (Twilio): seen to take a second or so
_WAITS_FOR_MEDIA_SECONDS = (0.5, 1, 2, 4)


class TwilioAudioSource:
    """Implements ``ports.AudioSource``."""

    def __init__(
        self,
        secrets: SecretReader,
        bucket: S3Streams,
        *,
        secret_name: str,
        account_sid: str,
        api_url: str,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._secrets = secrets
        self._bucket = bucket
        self._secret_name = secret_name
        # built from our own configuration: a RecordingUrl in a callback is never followed
        self._media_url = f"{api_url.rstrip('/')}/2010-04-01/Accounts/{account_sid}/Recordings"
        self._sleep = sleep
        self._session = VendorSession(connect_seconds=CONNECT_SECONDS, read_seconds=READ_SECONDS)

    def copy(self, recording_sid: str, *, channels: int | None, key: str) -> StoredAudio:
        try:
            with self._open(recording_sid, channels) as response:
                audio = CheckedWav(response.raw, ends_by_closing=_ends_by_closing(response))
                self._bucket.put(key, audio, length=_length(response), content_type="audio/wav")
        except (requests.RequestException, HTTPError) as error:
            raise RetryLaterError("the audio's download broke off", seconds=15) from error
        return StoredAudio(size_bytes=audio.size_bytes, channels=audio.channels, peaks=audio.peaks)

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
                raise _error(response)

    def _get(self, recording_sid: str, channels: int | None, *, fresh: bool) -> requests.Response:
        secret = self._secrets.read(self._secret_name, fresh=fresh)
        return self._session.get(
            f"{self._media_url}/{recording_sid}.wav",
            params={"RequestedChannels": channels} if channels else None,
            auth=(secret["api_key_sid"], secret["api_key_secret"]),
            stream=True,
            headers={"Accept-Encoding": "identity"},
        )


def _error(response: requests.Response) -> CallscribeError:
    status = response.status_code
    if status == 404:
        # retried by the queue; what is still missing then is decided by asking Twilio's API
        return RetryLaterError("Twilio does not have the audio yet", seconds=30)
    if status == 429 or status >= 500:
        seconds = retry_after_seconds(response, default=15)
        return RetryLaterError(f"Twilio answered {status}", seconds=seconds)
    return VendorRefusedError("Twilio", f"Twilio refused the audio with {status}", status=status)


def _length(response: requests.Response) -> int | None:
    """In bytes; None where Twilio names none."""
    return read_whole_number(response.headers.get("Content-Length", ""))


def _ends_by_closing(response: requests.Response) -> bool:
    """Whether nothing but the end of the connection ends the body."""
    chunked = response.headers.get("Transfer-Encoding", "").lower() == "chunked"
    return "Content-Length" not in response.headers and not chunked
