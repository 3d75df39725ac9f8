"""Entries that could not be advanced let others go first in the next runs."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from callscribe.domain.deadlines import deferred
from callscribe.domain.times import Clock, parse_timestamp
from callscribe.ports.storage import CallStore, Entry, OverdueItem
from callscribe.use_cases.ledger import Ledger


@dataclass(frozen=True, slots=True, kw_only=True)
class DeferEntry:
    """For an entry that could not be advanced in this run."""

    store: CallStore
    ledger: Ledger
    clock: Clock

    def defer(self, item: OverdueItem) -> datetime:
        """Makes an entry due later, unless it moved meanwhile. Raises nothing.

        Returns:
            Since when the entry is overdue.
        """
        if item.recording_sid is None:
            return self._defer(item, partial(self.store.get_call, item.call_id))
        read = partial(self.store.get_recording, item.call_id, item.recording_sid)
        return self._defer(item, read)

    def _defer(self, item: OverdueItem, read: Callable[[], Entry | None]) -> datetime:
        since = parse_timestamp(item.due_at)
        # an entry that cannot even be read or written stays first: its turn is over all the same
        with suppress(Exception):
            entry = read()
            if entry is not None and entry.due_at == item.due_at:
                since = parse_timestamp(entry.overdue_since or item.due_at)
                # whatever moved the entry has changed or removed ``due_at``, and stands
                later = deferred(entry, since, self.clock())
                self.ledger.save(entry, later, unchanged=["due_at"])
        return since
