"""What `callscribe ui` works with: the signed client, and the formats that are made here."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from callscribe_cli.api import Api
from callscribe_cli.documents import MADE_HERE
from callscribe_cli.errors import CliError, kind_of
from callscribe_cli.search.hits import Filters, find
from callscribe_cli.ui import Backend, Search
from callscribe_cli.ui_replies import Answer, Forward, ForwardError

_HITS = 50
_FORBIDDEN = (
    "check that your credentials have not expired (aws sts get-caller-identity), and that they may do "
    "this (policies/*.json)"
)


def backend_of(api: Api, stack: str, index: Path | None = None) -> Backend:
    """``stack``: what the pages call it; ``index``: of `callscribe sync`, if there is one."""
    search = search_in(index) if index and index.exists() else None
    return Backend(forward=forward_with(api), renderers=MADE_HERE, stack=stack, search=search)


def search_in(index: Path) -> Search:
    """Calls in which something was said, the best first."""

    def search(query: str) -> Mapping[str, object]:
        try:
            return {"hits": find(index, query, Filters(), limit=_HITS)["calls"]}
        except CliError as error:
            raise ForwardError(f"{error}. To fix it: {error.fix}") from error

    return search


def forward_with(api: Api) -> Forward:
    """Requests that are signed, and repeated where that does no harm."""

    def forward(method: str, path: str, query: Mapping[str, str], body: bytes) -> Answer:
        headers = {"Content-Type": "application/json"} if body else {}
        try:
            answer = api.forward(method, path, query, headers, body)
        except CliError as error:
            raise ForwardError(f"{error}. To fix it: {error.fix}") from error
        document = answer.document() if answer.status in (401, 403) else {}
        if document and not kind_of(document):
            raise ForwardError(f"AWS refused it ({document.get('message')}): {_FORBIDDEN}")
        return answer.status, answer.headers, answer.body

    return forward
