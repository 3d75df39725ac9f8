"""Requests to others than the API: the vendors, and the stack's doors that are open to all."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from callscribe_cli.errors import CliError
from callscribe_cli.messages import Answer

if TYPE_CHECKING:
    import urllib3

_CONNECT_SECONDS, _READ_SECONDS = 10.0, 20.0


class NoAnswerError(CliError):
    """``str()``: who did not answer, and why."""

    def __init__(self, url: str, reason: str) -> None:
        message = f"{url} cannot be reached ({reason})"
        super().__init__(message, fix="check the connection and the address")


class Web:
    """Follows no redirect: what is sent may be a credential, or signed for this address."""

    def __init__(self) -> None:
        self._pool: urllib3.PoolManager | None = None

    def send(
        self, method: str, url: str, headers: Mapping[str, str] | None = None, body: bytes = b""
    ) -> Answer:
        """Once. Raises NoAnswerError."""
        from urllib3.exceptions import HTTPError

        try:
            got = self._http().request(method, url, headers=dict(headers or {}), body=body)
        except HTTPError as error:
            raise NoAnswerError(url, _reason(error)) from error
        return Answer(got.status, {k.lower(): v for k, v in got.headers.items()}, got.data)

    def get(self, url: str, headers: Mapping[str, str]) -> Answer:
        """Twice, if need be: it changes nothing. Raises NoAnswerError."""
        try:
            answer = self.send("GET", url, headers)
        except NoAnswerError:
            return self.send("GET", url, headers)
        return self.send("GET", url, headers) if answer.status >= 500 else answer

    def _http(self) -> urllib3.PoolManager:
        if self._pool is None:
            import urllib3

            timeout = urllib3.Timeout(connect=_CONNECT_SECONDS, read=_READ_SECONDS)
            self._pool = urllib3.PoolManager(
                timeout=timeout, retries=False, headers={"User-Agent": "callscribe"}
            )
        return self._pool


def _reason(error: Exception) -> str:
    inner = error.args[-1] if error.args and isinstance(error.args[-1], Exception) else error
    return str(inner).rsplit(": ", 1)[-1] or type(inner).__name__
