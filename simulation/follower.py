"""A client that keeps a copy of all ended calls, and only ever reads ``GET /changes``."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

from simulation.api import Api

LABEL = "follower"
_PAGE = 20


class Follower:
    """``seen`` has the last state of each call that it was told of, by call_id."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._cursor: str | None = None
        self._is_reading = False
        self.seen: dict[str, dict[str, Any]] = {}

    def poll(self) -> None:
        """Reads on as far as there is more; where it gets no answer, the next poll begins there."""
        # a poll whose answers are slow may last longer than the pause between two
        if self._is_reading:
            return
        self._is_reading = True
        while self._read_page():
            pass
        self._is_reading = False

    def _read_page(self) -> bool:
        """Whether there is more."""
        query: dict[str, Any] = {"limit": _PAGE} | ({"since": self._cursor} if self._cursor else {})
        url = f"{self._api.base_url}/changes?{urlencode(query)}"
        status, body = self._api.request(LABEL, "GET", url)
        if status != 200:
            return False
        page = json.loads(body)
        self.seen |= {call["call_id"]: call for call in page["calls"]}
        self._cursor = page["next_cursor"]
        return bool(page["more"])
