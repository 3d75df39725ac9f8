"""The viewer's server on a free port, with a made-up API behind it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from threading import Thread
from typing import Any

import pytest

from callscribe_cli.ui import Backend, UiServer
from tests.viewer.fake_api import COMPLETED, FakeApi


@pytest.fixture
def api() -> FakeApi:
    return FakeApi()


@pytest.fixture
def server(api: FakeApi) -> Iterator[UiServer]:
    backend = Backend(
        forward=api.forward,
        open_audio=api.open_audio,
        search=search,
        renderers={"docx": render},
        stack="callscribe-dev",
    )
    with UiServer(backend) as running:
        thread = Thread(target=running.serve_forever, args=(0.02,))
        thread.start()
        yield running
        running.shutdown()
        thread.join()


def search(query: str) -> Mapping[str, object]:
    moment = {"at_ms": 9000, "parts": ["they want a ", query, " by Friday"]}
    hit = {
        "call_id": COMPLETED,
        "to_number": "+14155550100",
        "from_number": "+15005550006",
        "direction": "outbound-api",
        "created_at": "2026-11-20T10:00:01.000Z",
        "moments": [moment],
    }
    return {"hits": [hit] if query == "refund" else []}


def render(transcript: Mapping[str, Any]) -> bytes:
    return f"{transcript['call_id']} {len(transcript['recordings'])}".encode()
