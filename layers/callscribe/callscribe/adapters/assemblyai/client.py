"""AssemblyAI over plain HTTP: its SDK never retries and its enums break on new values.

Submitting has no idempotency key: only a definite no (429, a connection that never came about) is
tried again here; a time-out or a 5xx becomes VendorOutcomeUnknownError and is resolved by looking.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, quote, urlsplit

import requests

from callscribe.adapters.aws.secrets import Secrets
from callscribe.adapters.vendor_http import VendorSession, never_sent
from callscribe.domain.errors import (
    VendorError,
    VendorNotFoundError,
    VendorOutcomeUnknownError,
    VendorRateLimitedError,
    VendorRefusedError,
)
from callscribe.domain.transcript_failures import without_places
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
    """Implements ``ports.Transcriber``."""

    def __init__(
        self,
        secrets: Secrets,
        *,
        secret_name: str,
        api_url: str,
        audio: PresignedAudio | UploadedAudio,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._secrets = secrets
        self._secret_name = secret_name
        self._api_url = api_url.rstrip("/")
        self._audio = audio
        self._sleep = sleep
        self._session = VendorSession(connect_seconds=CONNECT_SECONDS, read_seconds=READ_SECONDS)

    def audio_url(self, key: str) -> str:
        return self._audio.url(self, key)

    def submit(self, request: Mapping[str, Any]) -> dict[str, Any]:
        return self._ask("POST", "/v2/transcript", repeatable=False, json=request)

    def get(self, transcript_id: str) -> dict[str, Any]:
        path = f"/v2/transcript/{quote(transcript_id, safe='')}"
        return self._ask("GET", path, patience_seconds=FETCH_PATIENCE_SECONDS)

    def delete(self, transcript_id: str) -> None:
        """AssemblyAI keeps the id and its status, and blanks the rest."""
        self._ask("DELETE", f"/v2/transcript/{quote(transcript_id, safe='')}")

    def list_since(self, since: str) -> list[dict[str, Any]]:
        """The account's transcripts created at or after ``since``, newest first."""
        found: list[dict[str, Any]] = []
        cursor: str | None = None
        while True:
            page = self.page_since(since, cursor)
            found += page.entries
            if page.cursor is None:
                return found
            cursor = page.cursor

    def page_since(self, since: str, cursor: str | None) -> Page[dict[str, Any]]:
        older = {"before_id": cursor} if cursor else {}
        answer = self._ask("GET", "/v2/transcript", params={"limit": _PAGE, **older})
        listed = answer.get("transcripts") or []
        # AssemblyAI's times have no offset and are UTC
        young = [item for item in listed if str(item.get("created", "")) >= since.removesuffix("Z")]
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
        raise VendorOutcomeUnknownError("AssemblyAI", "AssemblyAI was asked too often")

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
                raise VendorRateLimitedError(
                    "AssemblyAI", "AssemblyAI cannot be reached"
                ) from error
            raise VendorOutcomeUnknownError("AssemblyAI", "AssemblyAI did not answer") from error
        return _read(response)


class PresignedAudio:
    """AssemblyAI reads the audio straight from the bucket, through a link made just before."""

    def __init__(self, links: AudioLinks) -> None:
        self._links = links

    def url(self, _transcriber: AssemblyAITranscriber, key: str) -> str:
        return self._links.presigned_url(key, seconds=_LINK_SECONDS)


class UploadedAudio:
    """The audio is sent to AssemblyAI: for a bucket that the internet cannot reach (a laptop's)."""

    def __init__(self, s3: S3Client, bucket_name: str) -> None:
        self._s3 = s3
        self._bucket = bucket_name

    def url(self, transcriber: AssemblyAITranscriber, key: str) -> str:
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
    message = body.get("error") if isinstance(body, dict) else None
    words = str(message or f"AssemblyAI answered {response.status_code}")
    raise _error(response, without_places(words))


def _error(response: requests.Response, message: str) -> VendorError:
    status = response.status_code
    # over the rate limit AssemblyAI answers 429, or 403 by another of its documents; its other 403
    # ("Cannot access uploaded file") has a text of its own
    rate_limited = status == 429 or (status == 403 and "uploaded file" not in message)
    if rate_limited:
        busy = VendorRateLimitedError("AssemblyAI", message, code=status, status=status)
        after = response.headers.get("Retry-After", "")
        busy.retry_after_seconds = min(int(after), 900) if after.isdecimal() else 5
        return busy
    # an unknown id is answered 400 with these words, or 404 (AssemblyAI's documents say both)
    if status == 404 or (status == 400 and "transcript id not found" in message):
        kind: type[VendorError] = VendorNotFoundError
    else:
        kind = VendorRefusedError if 400 <= status < 500 else VendorOutcomeUnknownError
    return kind("AssemblyAI", message, code=status, status=status)
