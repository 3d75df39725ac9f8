"""What `callscribe ui` works with: the signed client, the formats that are made here."""

from __future__ import annotations

import json
from collections.abc import Mapping

from callscribe_cli.api import Api
from callscribe_cli.errors import CliError, RefusedError
from callscribe_cli.exporting import MADE_HERE
from callscribe_cli.ui import Answer, Backend, Forward, ForwardError


def backend_of(api: Api, stack: str) -> Backend:
    """``stack``: what the pages call it."""
    return Backend(forward=forward_with(api), renderers=MADE_HERE, stack=stack)


def forward_with(api: Api) -> Forward:
    """Requests that are signed, and repeated where that does no harm."""

    def forward(method: str, path: str, query: Mapping[str, str], body: bytes) -> Answer:
        try:
            answer = api.send(method, path, query=query, body=body or None)
        except RefusedError as error:
            return _refusal(error)
        except CliError as error:
            raise ForwardError(f"{error}. To fix it: {error.fix}") from error
        return answer.status, answer.headers, answer.body

    return forward


def _refusal(error: RefusedError) -> Answer:
    headers = {"content-type": "application/problem+json"}
    if error.retry_after is not None:
        headers["retry-after"] = f"{error.retry_after:.0f}"
    return error.status, headers, json.dumps(error.problem).encode()
