"""Requests and answers, as they are before and after the network."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from callscribe_cli.errors import CliError

_ELSEWHERE = "check the address: --api-url must be the stack's output ApiUrl"


@dataclass(frozen=True, slots=True)
class Answer:
    """``headers``: names in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode("utf-8", "replace")

    def document(self) -> dict[str, Any]:
        """The body as a JSON object; what is none is its ``detail``."""
        try:
            document = json.loads(self.body)
        except ValueError:
            return {"detail": self.text[:500]}
        return document if isinstance(document, dict) else {"detail": document}

    def result(self) -> dict[str, Any]:
        """The body of a success. Raises CliError: whoever answered, it was not the API."""
        try:
            document = json.loads(self.body)
        except ValueError:
            document = None
        if not isinstance(document, dict):
            raise CliError(f"the answer is not the API's: {self.text[:80]!r}", fix=_ELSEWHERE)
        return document

    @property
    def retry_after(self) -> float | None:
        try:
            return max(0.0, float(self.headers.get("retry-after", "")))
        except ValueError:
            return None


@dataclass(frozen=True, slots=True)
class NoAnswer:
    """``sent``: the request may have arrived."""

    reason: str
    sent: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def key(self) -> str | None:
        return self.headers.get("Idempotency-Key")

    @property
    def repeatable(self) -> bool:
        return self.method in ("GET", "HEAD", "PUT", "DELETE") or self.key is not None


def path(*parts: str) -> str:
    """A path whose parts may hold anything: ``path("do-not-call", "+1…")``."""
    return "".join(f"/{quote(part, safe='', errors='replace')}" for part in parts)


def query_string(query: Mapping[str, object]) -> str:
    given = [(name, str(value)) for name, value in query.items() if value is not None]
    return f"?{urlencode(given, quote_via=quote, errors='replace')}" if given else ""


def headers_for(body: object, key: str | None) -> dict[str, str]:
    headers = {"Accept": "application/json, text/*;q=0.9, */*;q=0.8"}
    if body is not None:
        headers["Content-Type"] = "application/json"
    if key is not None:
        headers["Idempotency-Key"] = key
    return headers


def encoded(body: Mapping[str, Any] | bytes | None) -> bytes:
    if body is None or isinstance(body, bytes):
        return body or b""
    return json.dumps(body).encode()


def clock_skew(answer: Answer) -> float | None:
    """Seconds that this machine's clock is ahead of the server's; None: it does not say."""
    from email.utils import parsedate_to_datetime

    try:
        return time.time() - parsedate_to_datetime(answer.headers["date"]).timestamp()
    except (KeyError, ValueError):
        return None
