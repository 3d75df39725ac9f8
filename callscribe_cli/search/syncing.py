"""Bringing the index up to date with the stack, by its feed of changes.

A page of changes and the place where the next one begins are written together: whenever it stops, it
goes on there. The feed may tell of a change twice, and tells of every one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from callscribe_cli.api import Api
from callscribe_cli.errors import RefusedError
from callscribe_cli.messages import path
from callscribe_cli.search.index import Index

_PAGE = 100
# what the stack answers beside everybody else's requests
_AT_ONCE = 4
_WITH_TEXT = ("completed", "partial")
_ERASED = ("erasing", "erased")
Document = dict[str, Any]


@dataclass
class Counts:
    """``indexed``: calls that are new in the index, or there anew; ``removed``: erased or expired."""

    indexed: int = 0
    removed: int = 0


@dataclass
class Sync:
    """``tell``: called after each page with the counts, and the time up to which the index is whole."""

    api: Api
    index: Index
    tell: Callable[[Counts, str], None]

    def run(self) -> Counts:
        """Raises CliError: the API cannot be asked, or the index not written; what is written stays."""
        counts = Counts()
        self.index.purge()
        for page in self._pages():
            self._take(page, counts)
            until = page["calls"][-1]["updated_at"] if page["more"] else page["server_time"]
            self.tell(counts, until)
        self.index.purge()
        return counts

    def _pages(self) -> Iterator[Document]:
        more = True
        while more:
            page = self.api.get("/changes", since=self.index.state("cursor"), limit=_PAGE)
            if self._is_too_late(page):
                self.index.clear()
            else:
                yield page
                more = page["more"]

    def _is_too_late(self, page: Document) -> bool:
        """After so long even the record of an erasure may be gone."""
        last = self.index.state("server_time")
        days = timedelta(days=page["retention_days"] - 1)
        return last is not None and _time(page["server_time"]) - _time(last) > days

    def _take(self, page: Document, counts: Counts) -> None:
        """The transcripts come first: the index is not locked while the API is asked."""
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            transcripts = list(pool.map(self._transcript, page["calls"]))
        with self.index.transaction():
            for call, transcript in zip(page["calls"], transcripts, strict=True):
                self._keep(call, transcript, page, counts)
            counts.removed += self.index.delete_expired(page["server_time"])
            self.index.set_state("cursor", page["next_cursor"])
            self.index.set_state("server_time", page["server_time"])

    def _keep(
        self, call: Document, transcript: Document | None, page: Document, counts: Counts
    ) -> None:
        if transcript is not None:
            self.index.put(call, transcript, expires_at=_expires_at(call, page["retention_days"]))
            counts.indexed += 1
        # a retry may be under way: what was there of it stays until that has ended
        elif call["transcript_status"] != "pending":
            counts.removed += self.index.delete([call["call_id"]])

    def _transcript(self, call: Document) -> Document | None:
        """None: there is none, by now: the feed will tell why."""
        if call["status"] in _ERASED or call["transcript_status"] not in _WITH_TEXT:
            return None
        try:
            return self.api.get(path("calls", call["call_id"], "transcript"), format="json")
        except RefusedError as error:
            if error.status in (404, 409):
                return None
            raise


def _expires_at(call: Document, days: int) -> str:
    """When the stack deletes it."""
    kept_from = call["place_at"] or call["created_at"]
    return _written(_time(kept_from) + timedelta(days=days))


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _written(moment: datetime) -> str:
    """As the API writes times: the texts are in the order of time."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"
