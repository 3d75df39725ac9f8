"""A client of callscribe's HTTP API: SigV4 by botocore, plain requests."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import requests
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

_TIMEOUT_SECONDS = 35
_POLL_SECONDS = 0.1
_RECORDING_ENDED = ("completed", "silent", "absent", "error")
# no conversation took place, or the call is erased: there is no recording to wait for
_NEVER_RECORDED = ("busy", "no-answer", "failed", "canceled", "erasing", "erased")
# the recording callback may arrive after the status callback with the call's end
_GRACE_SECONDS = 30.0


class ApiError(Exception):
    """The API returned an error: ``problem`` is the RFC 9457 document, or the body that came instead."""

    def __init__(self, status: int, problem: dict[str, Any]) -> None:
        super().__init__(f"{status}: {problem.get('detail') or problem}")
        self.status = status
        self.problem = problem


class NoRecordingError(Exception):
    """The call ended without a recording, or not in time; the message has its status."""


class ApiClient:
    """Signs every request with ``credentials`` for ``region``.

    Raises (all methods):
        ApiError: the API returned an error.
        requests.RequestException: the API did not answer.
    """

    def __init__(self, api_url: str, credentials: Credentials, region: str) -> None:
        self._api_url = api_url.rstrip("/")
        self._credentials = credentials
        self._region = region
        self._session = requests.Session()

    def place_call(
        self, request: dict[str, Any], *, idempotency_key: str | None = None
    ) -> dict[str, Any]:
        headers = {"Idempotency-Key": idempotency_key} if idempotency_key else {}
        answer: dict[str, Any] = self.send("POST", "/calls", json=request, headers=headers).json()
        return answer

    def get_call(self, call_id: str) -> dict[str, Any]:
        answer: dict[str, Any] = self.send("GET", f"/calls/{call_id}").json()
        return answer

    def follow(
        self,
        call_id: str,
        *,
        seconds: float = 120.0,
        grace_seconds: float = _GRACE_SECONDS,
        show: Callable[[dict[str, Any]], None] = lambda _: None,
    ) -> dict[str, Any]:
        """Waits until the call has recordings and all have ended; ``show`` gets every intermediate state.

        Raises:
            NoRecordingError: it was busy, failed, …; or it is completed and ``grace_seconds`` later
                there is still no recording; or the recordings did not end within ``seconds``.
        """
        began = time.monotonic()
        completed: float | None = None
        while True:
            call = self.get_call(call_id)
            show(call)
            if recordings_ended(call):
                return call
            now = time.monotonic()
            if call["status"] == "completed" and completed is None:
                completed = now
            late = completed is not None and now - completed >= grace_seconds
            if not call["recordings"] and (late or call["status"] in _NEVER_RECORDED):
                raise NoRecordingError(f"the call ended without a recording: {_status_of(call)}")
            if now - began > seconds:
                raise NoRecordingError(f"not ended within {seconds:.0f} s: {_status_of(call)}")
            time.sleep(_POLL_SECONDS)

    def get_transcript(self, call_id: str, form: str) -> str:
        """The transcript as ``json``, ``txt``, ``srt`` or ``vtt``."""
        response = self.send("GET", f"/calls/{call_id}/transcript?format={form}")
        response.encoding = "utf-8"
        return response.text

    def send(
        self,
        method: str,
        path: str,
        *,
        json: object = None,
        body: bytes | None = None,
        headers: dict[str, str] | None = None,
    ) -> requests.Response:
        prepared = requests.Request(
            method, self._api_url + path, json=json, data=body, headers=headers
        ).prepare()
        signed = AWSRequest(method, prepared.url, dict(prepared.headers), prepared.body or b"")
        SigV4Auth(self._credentials, "execute-api", self._region).add_auth(signed)
        prepared.headers.update(dict(signed.headers))
        response = self._session.send(prepared, timeout=_TIMEOUT_SECONDS)
        if not response.ok:
            raise ApiError(response.status_code, _problem(response))
        return response

    def close(self) -> None:
        self._session.close()


def recordings_ended(call: dict[str, Any]) -> bool:
    """Whether there is at least one recording, and none is in progress."""
    recordings = call["recordings"]
    return bool(recordings) and all(r["status"] in _RECORDING_ENDED for r in recordings)


def _status_of(call: dict[str, Any]) -> str:
    error = call.get("error")
    why = f" ({error['code']}: {error['message']})" if error else ""
    recordings = ", ".join(r["status"] for r in call["recordings"]) or "none"
    return f"call {call['call_id']} is {call['status']}{why}, its recordings: {recordings}"


def _problem(response: requests.Response) -> dict[str, Any]:
    try:
        body = response.json()
    except ValueError:
        body = {"detail": response.text}
    return body if isinstance(body, dict) else {"detail": str(body)}
