"""Audio by presigned links: a lost connection goes on where it was, an expired link is renewed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from callscribe_cli.api import Api
from callscribe_cli.errors import CliError, UnreachableError
from callscribe_cli.messages import path

if TYPE_CHECKING:
    from urllib3 import BaseHTTPResponse, PoolManager

_CHUNK = 1 << 16
_TRIES = 5
_SUFFIXES = {"audio/mpeg": "mp3", "audio/mp3": "mp3", "audio/ogg": "ogg", "audio/flac": "flac"}
Show = Callable[[int, int | None], None]
"""bytes so far, bytes in all."""


def audio_url(api: Api, call_id: str, recording_sid: str) -> str:
    """A fresh link, good for five minutes. Raises CliError: there is no audio (any more)."""
    for recording in recordings(api, call_id):
        if recording["recording_sid"] == recording_sid and recording["audio_url"]:
            return str(recording["audio_url"])
    raise CliError(f"{recording_sid} has no audio any more", fix=f"callscribe show {call_id}")


def recordings(api: Api, call_id: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = api.get(path("calls", call_id, "recordings"))["recordings"]
    return found


class Download:
    """One recording into one file; ``link`` gives a fresh URL."""

    def __init__(self, link: Callable[[], str], sleep: Callable[[float], None], show: Show) -> None:
        import urllib3

        self._link = link
        self._sleep = sleep
        self._show = show
        timeout = urllib3.Timeout(connect=10.0, read=35.0)
        self._http: PoolManager = urllib3.PoolManager(timeout=timeout, retries=False)

    def save(self, target: Path) -> Path:
        """The file's path with its suffix, if ``target`` has none.

        Raises:
            UnreachableError: the connection is lost again and again; what came stays for the next try.
        """
        part = target.with_name(f"{target.name}.part")
        reason = ""
        for attempt in range(_TRIES):
            self._sleep(float(attempt))
            suffix, reason = self._try(part)
            if suffix:
                final = target if target.suffix else target.with_suffix(f".{suffix}")
                return part.replace(final)
        raise UnreachableError(f"the audio cannot be read ({reason})", fix="run the command again")

    def _try(self, part: Path) -> tuple[str, str]:
        """The suffix; or nothing and the reason."""
        from urllib3.exceptions import HTTPError

        have = part.stat().st_size if part.exists() else 0
        headers = {"Range": f"bytes={have}-"} if have else {}
        try:
            got = self._http.request("GET", self._link(), headers=headers, preload_content=False)
            return self._receive(got, part, have)
        except HTTPError as error:
            return "", str(error)

    def _receive(self, got: BaseHTTPResponse, part: Path, have: int) -> tuple[str, str]:
        if got.status == 416:
            # all of it is there, or something else: from the start
            part.unlink()
        if got.status not in (200, 206):
            return "", f"HTTP {got.status}"
        have = have if got.status == 206 else 0
        length = got.headers.get("Content-Length")
        total = have + int(length) if length else None
        with part.open("ab" if have else "wb") as file:
            for chunk in got.stream(_CHUNK):
                file.write(chunk)
                have += len(chunk)
                self._show(have, total)
        if total is not None and have != total:
            return "", f"{have} of {total} bytes came"
        return _SUFFIXES.get(got.headers.get("Content-Type", "").split(";")[0], "wav"), ""
