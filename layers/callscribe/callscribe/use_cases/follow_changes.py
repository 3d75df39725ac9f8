"""What happened to ended calls, in the order in which it happened: for whoever keeps a copy of them.

Nothing is skipped: a page ends so long before the present that whatever was stamped by then is in the
index. docs/reliability.md has the sum.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from callscribe.domain.calls import Call
from callscribe.domain.retention import Retention
from callscribe.domain.times import Clock, format_timestamp
from callscribe.ports.storage import CallStore, position_of

# longer than a write may take from its stamp to the index, by clocks that may be apart
MARGIN = timedelta(seconds=60)
# no call_id is greater
_LAST_ID = "f" * 32


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeQuery:
    """``since``: (updated_at, call_id), after which the page begins; None: the first change there is."""

    limit: int
    since: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangePage:
    """Ended calls, the one that changed first at the front. ``next`` is where the next page begins;
    without ``more`` there is nothing to be had there yet. ``read_at`` is the server's time."""

    calls: list[Call]
    next: tuple[str, str]
    more: bool
    read_at: str
    retention_days: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowChanges:
    """Reads the feed of changes. Raises RetryLaterError."""

    store: CallStore
    retention: Retention
    clock: Clock

    def page(self, query: ChangeQuery) -> ChangePage:
        """A page of at most ``limit`` calls, none of which changed within the last minute."""
        now, since = self.clock(), query.since or ("", "")
        until = format_timestamp(now - MARGIN)
        found = self._changed(since, until, query.limit + 1)
        more = len(found) > query.limit
        calls = found[: query.limit]
        return ChangePage(
            calls=calls,
            next=position_of(calls[-1]) if more else max(since, (until, _LAST_ID)),
            more=more,
            read_at=format_timestamp(now),
            retention_days=self.retention.days,
        )

    def _changed(self, since: tuple[str, str], until: str, limit: int) -> list[Call]:
        # another server's clock may have been ahead, or the client asks for the future
        if since[0] > until:
            return []
        return self.store.list_changed(after=since, until=until, limit=limit)
