"""The audio of a call for `callscribe ui`: passed on from the bucket, by links that are renewed."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import urllib3

_CHUNK_BYTES = 64 * 1024
_RANGE = re.compile(r"bytes=(\d+-\d*|-\d+)")
# what S3 says to a link that has expired
_EXPIRED = (400, 401, 403)


@dataclass(frozen=True, slots=True)
class Audio:
    """A part of a file or all of it. ``headers``: names in lower case. ``close`` ends the transfer.

    ``chunks`` raises ConnectionError where the transfer breaks off.
    """

    status: int
    headers: Mapping[str, str]
    chunks: Iterable[bytes]
    close: Callable[[], None]


OpenAudio = Callable[[str, str | None], Audio]
"""URL, value of the header Range or None → the answer. Raises OSError if there is none."""

FindRecordings = Callable[[str], list[Mapping[str, object]]]
"""call_id → the recordings as in ``GET /calls/{call_id}/recordings``, each with a fresh ``audio_url``."""


class AudioLinks:
    """Remembers the links, because a browser asks many times for parts of one file."""

    def __init__(self, find: FindRecordings, open_audio: OpenAudio) -> None:
        self._find = find
        self._open = open_audio
        self._links: dict[tuple[str, str], str] = {}
        self._lock = Lock()

    def open(self, call_id: str, recording_sid: str, wanted: str | None) -> Audio | None:
        """None: this recording has no audio. A range that is none is left out, as HTTP asks for."""
        part = wanted if wanted and _RANGE.fullmatch(wanted) else None
        known = self._links.get((call_id, recording_sid))
        if known is not None:
            audio = self._open(known, part)
            if audio.status not in _EXPIRED:
                return audio
            audio.close()
        fresh = self._fresh(call_id, recording_sid)
        return None if fresh is None else self._open(fresh, part)

    def _fresh(self, call_id: str, recording_sid: str) -> str | None:
        links = {
            (call_id, str(one["recording_sid"])): str(one["audio_url"])
            for one in self._find(call_id)
            if one.get("audio_url")
        }
        with self._lock:
            self._links.update(links)
        return links.get((call_id, recording_sid))


def recordings_in(body: bytes) -> list[Mapping[str, object]]:
    """The recordings in an answer of the API; none in an answer of another shape."""
    document = json.loads(body)
    recordings = document.get("recordings") if isinstance(document, dict) else None
    return recordings if isinstance(recordings, list) else []


class AudioClient:
    """Fetches audio over HTTP; an instance is an ``OpenAudio``."""

    def __init__(self) -> None:
        self._pool: urllib3.PoolManager | None = None

    def __call__(self, url: str, wanted: str | None) -> Audio:
        from urllib3 import exceptions

        headers = {"Range": wanted} if wanted else {}
        try:
            got = self._http().request(
                "GET", url, headers=headers, preload_content=False, redirect=False
            )
        except exceptions.HTTPError as error:
            raise OSError(f"the audio cannot be reached ({type(error).__name__})") from error
        lower = {name.lower(): value for name, value in got.headers.items()}
        return Audio(got.status, lower, _chunks(got), got.close)

    def _http(self) -> urllib3.PoolManager:
        if self._pool is None:
            import urllib3

            timeout = urllib3.Timeout(connect=10, read=30)
            self._pool = urllib3.PoolManager(maxsize=4, timeout=timeout, retries=False)
        return self._pool


def _chunks(got: urllib3.BaseHTTPResponse) -> Iterator[bytes]:
    from urllib3 import exceptions

    try:
        yield from got.stream(_CHUNK_BYTES, decode_content=False)
    except exceptions.HTTPError as error:
        raise ConnectionError("the audio broke off") from error
