"""What `callscribe ui` works with: the signed client, and the formats that are made here."""

from __future__ import annotations

from collections.abc import Mapping

from callscribe_cli.api import Api
from callscribe_cli.documents import MADE_HERE
from callscribe_cli.errors import CliError, kind_of
from callscribe_cli.ui import Backend
from callscribe_cli.ui_replies import Answer, Forward, ForwardError

_FORBIDDEN = (
    "check that your credentials have not expired (aws sts get-caller-identity), and that they may do "
    "this (policies/*.json)"
)


def backend_of(api: Api, stack: str) -> Backend:
    """``stack``: what the pages call it."""
    return Backend(forward=forward_with(api), renderers=MADE_HERE, stack=stack)


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
