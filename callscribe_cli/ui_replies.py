"""What the server of `callscribe ui` answers, made of the API's answers or of its own."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

Answer = tuple[int, Mapping[str, str], bytes]
"""Status, headers (names in lower case), body."""
Forward = Callable[[str, str, Mapping[str, str], bytes], Answer]
"""Method, path, query, body → the API's answer, whatever its status. Raises ForwardError if none came."""
Renderer = Callable[[Mapping[str, Any]], bytes]
"""The transcript, as the API shows it → a file."""


class ForwardError(Exception):
    """The API gave no answer. The message is shown to the user: it says why and how to fix it."""


@dataclass(frozen=True, slots=True)
class Reply:
    status: int
    content_type: str
    body: bytes | Iterable[bytes]
    headers: Mapping[str, str] = field(default_factory=dict)
    close: Callable[[], None] = lambda: None


def forwarded(answer: Answer) -> Reply:
    status, headers, body = answer
    if status == HTTPStatus.NO_CONTENT:
        return as_json(HTTPStatus.OK, {})
    kept = {"Retry-After": headers["retry-after"]} if "retry-after" in headers else {}
    return Reply(status, headers.get("content-type", "application/octet-stream"), body, kept)


def rendered(forward: Forward, renderer: Renderer, path: str) -> Reply:
    answer = forward("GET", path, {}, b"")
    if answer[0] != HTTPStatus.OK:
        return forwarded(answer)
    # it is a file to keep, whatever is in it
    return Reply(HTTPStatus.OK, "application/octet-stream", renderer(json.loads(answer[2])))


def as_json(status: int, document: Mapping[str, object]) -> Reply:
    return Reply(status, "application/json", json.dumps(document, ensure_ascii=False).encode())


def problem(status: int, detail: str) -> Reply:
    title = HTTPStatus(status).phrase
    document = {"type": "about:blank", "title": title, "status": status, "detail": detail}
    return Reply(status, "application/problem+json", json.dumps(document).encode())
