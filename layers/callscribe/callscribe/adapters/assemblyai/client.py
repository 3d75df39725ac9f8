"""AssemblyAI over plain HTTP: its SDK never retries and its enums break on new values.

Submitting has no idempotency key: only a definite no (429, a connection that never came about) is
tried again here; a time-out or a 5xx becomes VendorOutcomeUnknownError and is resolved by looking.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, quote, urlsplit

import requests

from callscribe.adapters.assemblyai.documents import audio_location, read_job, read_listed_job
from callscribe.adapters.assemblyai.errors import VENDOR, explain_answer
from callscribe.adapters.assemblyai.requests import build_transcript_request
from callscribe.adapters.vendor_http import VendorSession, never_sent, retry_after_seconds
from callscribe.domain.errors import (
    VendorOutcomeUnknownError,
    VendorRateLimitedError,
    VendorRefusedError,
)
from callscribe.domain.transcription_jobs import (
    AudioReference,
    TranscriptionJob,
    TranscriptionRequest,
)
from callscribe.ports.secrets import SecretReader
from callscribe.ports.storage import AudioLinks
from callscribe.ports.vendors import Page

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

CONNECT_SECONDS, READ_SECONDS = 3, 30
# a question with all its tries and pauses (tests/unit/test_time_outs.py)
PATIENCE_SECONDS = 40
# a transcript is also fetched while AssemblyAI waits for its webhook's answer, 10 s
FETCH_PATIENCE_SECONDS = 10
_TRIES = 4
_MAX_WAIT_SECONDS = 10.0
# no fetch deadline is published and a busy account's jobs queue: hours, not minutes. A link dies
# with the credentials that signed it all the same
_LINK_SECONDS = 6 * 3600
_PAGE = 200
_UPLOAD_CHUNK_BYTES = 1024 * 1024


class AssemblyAITranscriber:
    """Implements ``ports.Transcriber``. ``speech_models`` in the order of preference, for ``submit``."""

    def __init__(
        self,
        secrets: SecretReader,
        *,
        secret_name: str,
        api_url: str,
        audio: PresignedAudio | UploadedAudio,
        speech_models: Sequence[str] = (),
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._secrets = secrets
        self._secret_name = secret_name
        self._api_url = api_url.rstrip("/")
        self._audio = audio
        self._speech_models = speech_models
        self._sleep = sleep
        self._session = VendorSession(connect_seconds=CONNECT_SECONDS, read_seconds=READ_SECONDS)

    def prepare_audio(self, key: str) -> AudioReference:
        url = self._audio.url(self, key)
        return AudioReference(url, audio_location(url))

    def submit(self, request: TranscriptionRequest) -> TranscriptionJob:
        body = build_transcript_request(request, speech_models=self._speech_models)
        job = read_job(self._ask("POST", "/v2/transcript", repeatable=False, json=body))
        if not job.transcript_id:
            raise VendorOutcomeUnknownError(VENDOR, "AssemblyAI answered without an id")
        return job

    def get(self, transcript_id: str) -> TranscriptionJob:
        path = f"/v2/transcript/{quote(transcript_id, safe='')}"
        return read_job(self._ask("GET", path, patience_seconds=FETCH_PATIENCE_SECONDS))

    def delete(self, transcript_id: str) -> None:
        """AssemblyAI keeps the id and its status, and blanks the rest."""
        self._ask("DELETE", f"/v2/transcript/{quote(transcript_id, safe='')}")

    def list_since(self, since: str) -> list[TranscriptionJob]:
        """The account's transcripts created at or after ``since``, newest first."""
        found: list[TranscriptionJob] = []
        cursor: str | None = None
        while True:
            page = self.page_since(since, cursor)
            found += page.entries
            if page.cursor is None:
                return found
            cursor = page.cursor

    def page_since(self, since: str, cursor: str | None) -> Page[TranscriptionJob]:
        older = {"before_id": cursor} if cursor else {}
        answer = self._ask("GET", "/v2/transcript", params={"limit": _PAGE, **older})
        listed = [read_listed_job(document) for document in answer.get("transcripts") or []]
        young = [job for job in listed if (job.created_at or "") >= since]
        # prev_url is the older page (AssemblyAI); its host is not followed, only its cursor
        url = (answer.get("page_details") or {}).get("prev_url") or ""
        before = parse_qs(urlsplit(url).query).get("before_id")
        goes_on = before is not None and listed and len(young) == len(listed)
        return Page(young, before[0] if before and goes_on else None)

    def upload(self, chunks: Iterator[bytes]) -> str:
        """Sends audio to AssemblyAI itself, chunk by chunk; only this account's key can use the URL."""
        headers = {"Content-Type": "application/octet-stream"}
        self._session.begin(float("inf"))
        answer = self._once("POST", "/v2/upload", fresh=False, data=chunks, headers=headers)
        return str(answer["upload_url"])

    def _ask(
        self,
        method: str,
        path: str,
        *,
        repeatable: bool = True,
        patience_seconds: float = PATIENCE_SECONDS,
        **arguments: Any,
    ) -> dict[str, Any]:
        self._session.begin(patience_seconds)
        fresh = False
        for tries_left in reversed(range(_TRIES)):
            try:
                return self._once(method, path, fresh=fresh, **arguments)
            except VendorRateLimitedError as error:
                if not tries_left or not self._pause(
                    _TRIES - tries_left, error.retry_after_seconds
                ):
                    raise
            except VendorOutcomeUnknownError:
                if not tries_left or not repeatable or not self._pause(_TRIES - tries_left, 0):
                    raise
            except VendorRefusedError as error:
                if error.status != 401 or fresh:
                    raise
                fresh = True  # refused before anything was done: the key may have been rotated
        raise VendorOutcomeUnknownError(VENDOR, "AssemblyAI was asked too often")

    def _pause(self, tries: int, at_least_seconds: float) -> bool:
        """Full jitter, so that many workers do not come back at the same moment. False: there is no
        time left for it."""
        # jitter needs no cryptography
        wait = random.uniform(0.1, 2.0**tries / 2)  # noqa: S311  # nosec B311
        seconds = min(max(wait, at_least_seconds), _MAX_WAIT_SECONDS)
        if seconds >= self._session.seconds_left():
            return False
        self._sleep(seconds)
        return True

    def _once(
        self,
        method: str,
        path: str,
        *,
        fresh: bool,
        headers: Mapping[str, str] | None = None,
        **arguments: Any,
    ) -> dict[str, Any]:
        key = self._secrets.value(self._secret_name, "api_key", fresh=fresh)
        try:
            response = self._session.request(
                method,
                self._api_url + path,
                headers={**(headers or {}), "Authorization": key},
                allow_redirects=False,
                **arguments,
            )
        except requests.RequestException as error:
            if never_sent(error):
                raise VendorRateLimitedError(VENDOR, "AssemblyAI cannot be reached") from error
            raise VendorOutcomeUnknownError(VENDOR, "AssemblyAI did not answer") from error
        return _read(response)


class PresignedAudio:
    """AssemblyAI reads the audio straight from the bucket, through a link made just before."""

    def __init__(self, links: AudioLinks) -> None:
        self._links = links

    def url(self, _transcriber: AssemblyAITranscriber, key: str) -> str:
        """A presigned link to the object, good for six hours."""
        return self._links.presigned_url(key, seconds=_LINK_SECONDS)


class UploadedAudio:
    """The audio is sent to AssemblyAI: for a bucket that the internet cannot reach (a laptop's)."""

    def __init__(self, s3: S3Client, bucket_name: str) -> None:
        self._s3 = s3
        self._bucket = bucket_name

    def url(self, transcriber: AssemblyAITranscriber, key: str) -> str:
        """Where AssemblyAI put the object's bytes. Raises VendorError."""
        audio = self._s3.get_object(Bucket=self._bucket, Key=key)
        with closing(audio["Body"]) as body:
            return transcriber.upload(body.iter_chunks(_UPLOAD_CHUNK_BYTES))


def _read(response: requests.Response) -> dict[str, Any]:
    """The answer's JSON object, or the error that says whether it may be asked again."""
    try:
        body = response.json()
    except ValueError:
        body = None
    if response.status_code == 200 and isinstance(body, dict):
        return body
    error = body.get("error") if isinstance(body, dict) else None
    seconds = retry_after_seconds(response, default=5)
    raise explain_answer(response.status_code, str(error or ""), retry_after_seconds=seconds)
