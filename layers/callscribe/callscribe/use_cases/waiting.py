"""The two fields that put an item into the deadline index, or take it out."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from callscribe.domain import deadlines


def call_waits(call_id: str, status: str, now: datetime, attempts: int = 0) -> dict[str, Any]:
    """A call in ``status`` waits for news; in one that waits for nothing it leaves the index."""
    return _waits(call_id, deadlines.CALL.get(status), now, attempts)


def recording_waits(call_id: str, status: str, now: datetime, attempts: int = 0) -> dict[str, Any]:
    """The same for a recording; ``announce`` is the state of an event that is still to be sent."""
    return _waits(call_id, deadlines.RECORDING.get(status), now, attempts)


def _waits(call_id: str, wait: Any, now: datetime, attempts: int) -> dict[str, Any]:
    if wait is None:
        return {"waiting_for": None, "due_at": None}
    return {
        "waiting_for": deadlines.waiting_shard(call_id),
        "due_at": deadlines.due(now, wait, attempts),
    }
