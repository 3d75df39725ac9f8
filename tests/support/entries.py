"""Calls and recordings of which a test says only what it is about."""

from __future__ import annotations

from typing import Any

from callscribe.domain.calls import Call, CallState
from callscribe.domain.recordings import Recording, RecordingState
from callscribe.domain.shares import Share
from simulation.memory_store import MemoryCallStore

CALL_ID, CALL_SID, RECORDING_SID = "a" * 32, "CA" + "1" * 32, "RE" + "1" * 32
AT = "2026-11-21T08:00:00.000Z"


def a_call(status: str = "completed", **more: Any) -> Call:
    fixed: dict[str, Any] = {"call_id": CALL_ID, "created_at": AT, "updated_at": AT}
    return Call(status=CallState(status), **(fixed | more))


def a_share(**more: Any) -> Share:
    fixed: dict[str, Any] = {"call_id": CALL_ID, "share_id": "5" * 32, "created_at": AT}
    rest = {"created_by": "a sharer", "expires_at": 4_000_000_000, "show_numbers": False}
    return Share(**(fixed | rest | more))


def a_recording(status: str = "received", **more: Any) -> Recording:
    ids = {"call_id": CALL_ID, "recording_sid": RECORDING_SID}
    fixed: dict[str, Any] = {**ids, "created_at": AT, "updated_at": AT}
    return Recording(status=RecordingState(status), **(fixed | more))


def put(store: MemoryCallStore, call: Call, *recordings: Recording) -> None:
    """The call as it is given, be it erased, and recordings as they were added before that."""
    for recording in recordings:
        store.save(None, a_call(call_id=recording.call_id))
        store.save(None, recording)
        del store.calls[recording.call_id]
    store.save(None, call)
