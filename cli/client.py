"""A client of callscribe's HTTP API: SigV4 by botocore, plain requests."""

from __future__ import annotations

from typing import Any

import requests
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

_TIMEOUT_SECONDS = 35


class ApiError(Exception):
    """An answer that is no success: ``problem`` is the RFC 9457 document, or what came instead."""

    def __init__(self, status: int, problem: dict[str, Any]) -> None:
        super().__init__(f"{status}: {problem.get('detail') or problem}")
        self.status = status
        self.problem = problem


class ApiClient:
    """Signs every request with ``credentials`` for ``region``.

    Raises (all methods):
        ApiError: the API refused.
        requests.RequestException: it did not answer.
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


def _problem(response: requests.Response) -> dict[str, Any]:
    try:
        body = response.json()
    except ValueError:
        body = {"detail": response.text}
    return body if isinstance(body, dict) else {"detail": str(body)}
