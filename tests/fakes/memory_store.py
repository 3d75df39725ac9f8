"""``ports.CallStore`` in memory; tests/contracts/test_call_store.py holds it to the table."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from threading import Lock
from typing import Any, TypeVar

from callscribe.domain.calls import Call
from callscribe.domain.deadlines import waiting_shard
from callscribe.domain.recordings import Recording
from callscribe.ports import Waiting

Entry = TypeVar("Entry", Call, Recording)


class MemoryCallStore:
    def __init__(self) -> None:
        self.calls: dict[str, Call] = {}
        self.recordings: dict[tuple[str, str], Recording] = {}
        self._lock = Lock()

    def add_call(self, call: Call) -> bool:
        with self._lock:
            return self.calls.setdefault(call.call_id, call) is call

    def add_recording(self, recording: Recording) -> bool:
        key = (recording.call_id, recording.recording_sid)
        with self._lock:
            return self.recordings.setdefault(key, recording) is recording

    def get_call(self, call_id: str) -> Call | None:
        return self.calls.get(call_id)

    def get_recording(self, call_id: str, recording_sid: str) -> Recording | None:
        return self.recordings.get((call_id, recording_sid))

    def get_call_with_recordings(self, call_id: str) -> tuple[Call, list[Recording]] | None:
        call = self.calls.get(call_id)
        if call is None:
            return None
        return call, [r for (owner, _), r in sorted(self.recordings.items()) if owner == call_id]

    def find_call_id(self, call_sid: str) -> str | None:
        found = (c.call_id for c in self.calls.values() if c.call_sid == call_sid)
        return next(found, None)

    def change_call(
        self,
        call_id: str,
        changes: Mapping[str, Any],
        *,
        only_from: Collection[str],
        expected: Mapping[str, Any] | None = None,
    ) -> bool:
        with self._lock:
            changed = _changed(self.calls.get(call_id), changes, only_from, expected or {})
            if changed is None:
                return False
            self.calls[call_id] = changed
            return True

    def change_recording(
        self,
        call_id: str,
        recording_sid: str,
        changes: Mapping[str, Any],
        *,
        only_from: Collection[str],
        expected: Mapping[str, Any] | None = None,
    ) -> bool:
        key = (call_id, recording_sid)
        with self._lock:
            changed = _changed(self.recordings.get(key), changes, only_from, expected or {})
            if changed is None:
                return False
            self.recordings[key] = changed
            return True

    def list_day(
        self, day: str, *, before: tuple[str, str] | None, status: str | None, limit: int
    ) -> list[Call]:
        found = [
            call
            for call in self.calls.values()
            if call.created_at.startswith(day)
            and (status is None or call.status == status)
            and (before is None or (call.created_at, call.call_id) < before)
        ]
        found.sort(key=lambda call: (call.created_at, call.call_id), reverse=True)
        return found[:limit]

    def list_overdue(self, now: str, *, limit: int) -> list[Waiting]:
        entries: list[Call | Recording] = [*self.calls.values(), *self.recordings.values()]
        waiting = [
            Waiting(
                call_id=entry.call_id,
                recording_sid=getattr(entry, "recording_sid", None),
                due_at=entry.due_at,
            )
            for entry in entries
            if entry.waiting_for == waiting_shard(entry.call_id)
            and entry.due_at is not None
            and entry.due_at <= now
        ]
        return sorted(waiting, key=lambda entry: entry.due_at)[:limit]


def _changed(
    entry: Entry | None,
    changes: Mapping[str, Any],
    only_from: Collection[str],
    expected: Mapping[str, Any],
) -> Entry | None:
    if entry is None or entry.status not in only_from:
        return None
    if any(getattr(entry, name) != value for name, value in expected.items()):
        return None
    defaults = type(entry).__dataclass_fields__
    # an attribute that is removed reads as the field's default
    values: dict[str, Any] = {
        k: defaults[k].default if v is None else v for k, v in changes.items()
    }
    return replace(entry, **values)
