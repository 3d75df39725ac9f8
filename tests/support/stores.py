"""Tables in memory that somebody else writes to, or that take no change."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from callscribe.domain.errors import RetryLaterError
from simulation.memory_store import MemoryCallStore


class ContendedStore(MemoryCallStore):
    """Just before each change of an entry another writer's is written.

    ``rival`` makes of the entry as it was read, and as it is to be written, what the other writes;
    None: nothing.
    """

    def __init__(self, rival: Callable[[Any, Any], Any]) -> None:
        super().__init__()
        self._rival = rival

    def save(self, before: Any, after: Any, **conditions: Any) -> bool:
        theirs = None if before is None else self._rival(before, after)
        if theirs is not None:
            super().save(before, theirs, **conditions)
        return super().save(before, after, **conditions)


class BusyStore(MemoryCallStore):
    """Takes what is new, and no change."""

    def save(self, before: Any, after: Any, **conditions: Any) -> bool:
        if before is not None:
            raise RetryLaterError("the table is busy", seconds=5)
        return super().save(before, after, **conditions)
