"""Entries that could not be advanced let others go first in the next runs."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from callscribe.domain.calls import Call
from callscribe.domain.deadlines import deferred
from callscribe.domain.recordings import Recording
from callscribe.domain.times import Clock, parse_timestamp
from callscribe.ports.storage import CallStore, OverdueItem


@dataclass(frozen=True, slots=True, kw_only=True)
class DeferEntry:
    store: CallStore
    clock: Clock

    def defer(self, item: OverdueItem) -> datetime:
        """Makes an entry due later, unless it moved meanwhile. Raises nothing.

        Returns:
            Since when the entry is overdue.
        """
        since = parse_timestamp(item.due_at)
        # an entry that cannot even be read or written stays first: its turn is over all the same
        with suppress(Exception):
            entry = self._read(item)
            if entry is not None and entry.due_at == item.due_at:
                since = parse_timestamp(entry.overdue_since or item.due_at)
                self._write(entry, deferred(since, self.clock()))
        return since

    def _read(self, item: OverdueItem) -> Call | Recording | None:
        if item.recording_sid is None:
            return self.store.get_call(item.call_id)
        return self.store.get_recording(item.call_id, item.recording_sid)

    def _write(self, entry: Call | Recording, changes: dict[str, Any]) -> None:
        """Whatever moved the entry has changed or removed ``due_at``, and stands."""
        same = {"due_at": entry.due_at}
        if isinstance(entry, Call):
            self.store.change_call(entry.call_id, changes, only_from=[entry.status], expected=same)
        else:
            self.store.change_recording(
                entry.call_id, entry.recording_sid, changes, only_from=[entry.status], expected=same
            )
