"""The store's ports in memory, for a world that lives a day in a second.

tests/contracts/test_call_store.py checks it against the real table.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from threading import Lock
from typing import Any, TypeVar

from callscribe.domain.calls import ENDED_STATUSES, ERASED_STATUSES, ERASING, Call
from callscribe.domain.dialing.kill_switch import KillSwitch
from callscribe.domain.differences import differing, news, to_write
from callscribe.domain.recordings import Recording
from callscribe.domain.sweeps import Sweep
from callscribe.domain.times import Clock
from callscribe.domain.transcript_status import outcome_of
from callscribe.ports.storage import Entry as Stored
from callscribe.ports.storage import Failed, InFlightCall, OverdueItem, position_of
from simulation.memory_shares import MemoryShareStore

Entry = TypeVar("Entry", Call, Recording, Sweep)


class MemoryCallStore(MemoryShareStore):
    def __init__(self, clock: Clock = lambda: datetime.min.replace(tzinfo=UTC)) -> None:
        """``clock`` tells what has expired; as it is, nothing has."""
        super().__init__(clock)
        self._clock = clock
        self.calls: dict[str, Call] = {}
        self.recordings: dict[tuple[str, str], Recording] = {}
        self.sweeps: dict[str, Sweep] = {}
        self._first_day: str | None = None
        self._leases: dict[str, tuple[str, str]] = {}
        self._by_call_sid: dict[str, str] = {}
        self._recordings_of: dict[str, list[str]] = {}
        self._switch = KillSwitch()
        self._listed: dict[str, bool] = {}
        self.keys: dict[str, tuple[str, int]] = {}
        self._counters: dict[tuple[str, str], int] = {}
        # in the order of their arrival: what a world does must not hang on how Python hashes
        self._under_way: dict[int, dict[InFlightCall, None]] = {}
        self._lock = Lock()

    def _is_live(self, entry: Call | Recording | Sweep | None) -> bool:
        """Whether it is there and has not expired."""
        if entry is None:
            return False
        return entry.expires_at is None or entry.expires_at > self._clock().timestamp()

    def expire(self) -> None:
        """Deletes what has expired, as DynamoDB does in the background."""
        with self._lock:
            for call_id, call in list(self.calls.items()):
                if not self._is_live(call):
                    del self.calls[call_id]
                    self._by_call_sid.pop(call.call_sid or "", None)
            for key, recording in list(self.recordings.items()):
                if not self._is_live(recording):
                    del self.recordings[key]
                    self._recordings_of[key[0]].remove(key[1])

    def save(
        self,
        before: Stored | None,
        after: Stored | None,
        *,
        only_from: Collection[str] = (),
        unchanged: Collection[str] = (),
    ) -> bool:
        if before is None:
            return after is not None and self._add(after)
        with self._lock:
            stands = self._find(before)
            if stands is None or stands.status not in (only_from or [before.status]):
                return False
            if any(getattr(stands, name) != getattr(before, name) for name in unchanged):
                return False
            moves = isinstance(after, Recording) and news(before, after)
            if moves and not self._move_call(after):
                return False
            self._write(stands, before, after)
            return True

    def _move_call(self, recording: Any) -> bool:
        """What the table does in one transaction with a recording's write; False where it may not."""
        call = self.calls.get(recording.call_id)
        if call is None or call.status in ERASED_STATUSES:
            return False
        outcomes = {**call.outcomes, recording.recording_sid: outcome_of(recording)}
        moved = replace(call, updated_at=recording.updated_at, outcomes=outcomes)
        self.calls[call.call_id] = moved
        return True

    def _add(self, entry: Call | Recording) -> bool:
        if isinstance(entry, Call):
            return self._add_call(entry)
        return self._add_recording(entry)

    def _find(self, entry: Call | Recording) -> Call | Recording | None:
        if isinstance(entry, Call):
            return self.calls.get(entry.call_id)
        return self.recordings.get((entry.call_id, entry.recording_sid))

    def _write(self, stands: Any, before: Any, after: Any) -> None:
        """The three are of one kind; without ``after`` it is removed."""
        if after is not None and not (after.status == ERASING != before.status):
            names = to_write(before, after) - {"outcomes"}
            after = replace(stands, **{name: getattr(after, name) for name in names})
        if isinstance(stands, Call):
            self.calls[stands.call_id] = after
            if after.call_sid:
                self._by_call_sid[after.call_sid] = stands.call_id
            return
        key = (stands.call_id, stands.recording_sid)
        if after is not None:
            self.recordings[key] = after
            return
        del self.recordings[key]
        self._recordings_of[key[0]].remove(key[1])

    def _add_call(self, call: Call) -> bool:
        # what a caller wrote, as it stands
        _check_writable([call.metadata, call.transcription, call.consent])
        with self._lock:
            if self._is_live(self.calls.get(call.call_id)):
                return False
            self.calls[call.call_id] = call
            if call.call_sid:
                self._by_call_sid[call.call_sid] = call.call_id
            return True

    def _add_recording(self, recording: Recording) -> bool:
        key = (recording.call_id, recording.recording_sid)
        with self._lock:
            if self._is_live(self.recordings.get(key)) or not self._move_call(recording):
                return False
            self.recordings[key] = recording
            known = self._recordings_of.setdefault(key[0], [])
            known += [] if key[1] in known else [key[1]]
            return True

    def get_call(self, call_id: str) -> Call | None:
        call = self.calls.get(call_id)
        return call if self._is_live(call) else None

    def get_recording(self, call_id: str, recording_sid: str) -> Recording | None:
        recording = self.recordings.get((call_id, recording_sid))
        return recording if self._is_live(recording) else None

    def get_call_with_recordings(self, call_id: str) -> tuple[Call, list[Recording]] | None:
        call = self.get_call(call_id)
        if call is None:
            return None
        sids = sorted(self._recordings_of.get(call_id, []))
        found = [self.recordings[call_id, sid] for sid in sids]
        return call, [recording for recording in found if self._is_live(recording)]

    def find_call_id(self, call_sid: str) -> str | None:
        return self._by_call_sid.get(call_sid)

    def find_calls_with(
        self, phone_number: str, *, limit: int, newest_first: bool = False
    ) -> list[str]:
        found = [call for call in self.calls.values() if call.phone_number == phone_number]
        found.sort(key=lambda call: call.created_at, reverse=newest_first)
        return [call.call_id for call in found[:limit]]

    def list_day(
        self, day: str, *, before: tuple[str, str] | None, status: str | None, limit: int
    ) -> list[Call]:
        found = [
            call
            for call in self.calls.values()
            if call.created_at.startswith(day)
            and self._is_live(call)
            and (status is None or call.status == status)
            and (before is None or (call.created_at, call.call_id) < before)
        ]
        found.sort(key=lambda call: (call.created_at, call.call_id), reverse=True)
        return found[:limit]

    def first_day(self) -> str | None:
        return self._first_day

    def set_first_day(self, day: str) -> None:
        self._first_day = day

    def list_scheduled(
        self, *, after: tuple[str, str] | None, caller: str | None, limit: int
    ) -> list[Call]:
        found = [
            call
            for call in self.calls.values()
            if call.status == "scheduled"
            and self._is_live(call)
            and (caller is None or call.asked_by == caller)
            and (after is None or (call.place_at or "", call.call_id) > after)
        ]
        found.sort(key=lambda call: (call.place_at or "", call.call_id))
        return found[:limit]

    def list_changed(self, *, after: tuple[str, str], until: str, limit: int) -> list[Call]:
        if after[0] > until:
            raise ValueError("BETWEEN needs an upper bound that is not below the lower one")
        live = filter(self._is_live, self.calls.values())
        return changed(live, after=after, until=until)[:limit]

    def overdue(self, now: str) -> Iterator[OverdueItem]:
        entries: list[Call | Recording] = [*self.calls.values(), *self.recordings.values()]
        waiting = [
            OverdueItem(
                call_id=entry.call_id,
                recording_sid=getattr(entry, "recording_sid", None),
                due_at=entry.due_at,
            )
            for entry in entries
            if entry.due_at is not None and entry.due_at <= now
        ]
        waiting.sort(key=lambda entry: entry.due_at)
        yield from waiting

    def failures(self, since: str, until: str) -> Iterator[Failed]:
        if since > until:
            raise ValueError("BETWEEN needs an upper bound that is not below the lower one")
        failed = [
            Failed(call_id=r.call_id, recording_sid=r.recording_sid, failed_at=r.failed_at)
            for r in self.recordings.values()
            if r.failed_at is not None and since <= r.failed_at <= until
        ]
        failed.sort(key=lambda entry: entry.failed_at)
        yield from failed

    def bind_key(self, digest: str, wanted: str, *, now: int, expires_at: int) -> str:
        with self._lock:
            stands_for, until = self.keys.get(digest, ("", 0))
            if until <= now:
                self.keys[digest] = (wanted, expires_at)
                return wanted
            return stands_for

    def save_sweep(self, before: Sweep | None, after: Sweep) -> bool:
        with self._lock:
            stands = self.sweeps.get(after.sweep_id)
            if before is None:
                if self._is_live(stands):
                    return False
                self.sweeps[after.sweep_id] = after
                return True
            if stands is None or stands.status != before.status:
                return False
            changes: dict[str, Any] = {n: getattr(after, n) for n in differing(before, after)}
            self.sweeps[after.sweep_id] = replace(stands, **changes)
            return True

    def get_sweep(self, sweep_id: str) -> Sweep | None:
        sweep = self.sweeps.get(sweep_id)
        return sweep if self._is_live(sweep) else None

    def list_sweeps(self) -> list[Sweep]:
        live = filter(self._is_live, self.sweeps.values())
        return sorted(live, key=lambda sweep: sweep.sweep_id)

    def take_lease(self, name: str, *, owner: str, now: str, until: str) -> bool:
        with self._lock:
            holder, held_until = self._leases.get(name, (owner, ""))
            if holder != owner and held_until >= now:
                return False
            self._leases[name] = (owner, until)
            return True

    def give_back_lease(self, name: str, *, owner: str) -> None:
        with self._lock:
            if self._leases.get(name, ("", ""))[0] == owner:
                del self._leases[name]

    def get_switch(self) -> KillSwitch:
        return self._switch

    def set_switch(self, switch: KillSwitch) -> None:
        self._switch = switch

    def is_do_not_call(self, phone_number: str) -> bool:
        return self._listed.get(phone_number, False)

    def set_do_not_call(self, phone_number: str, *, listed: bool) -> None:
        self._listed[phone_number] = listed

    def acquire_slot(self, call: InFlightCall, *, shard: int, limit: int) -> bool:
        with self._lock:
            inside = self._under_way.setdefault(shard, {})
            if call not in inside and len(inside) >= limit:
                return False
            inside[call] = None
            return True

    def in_flight_calls(self, shard: int) -> list[InFlightCall]:
        with self._lock:
            return list(self._under_way.get(shard, ()))

    def release_slots(self, ended: Collection[InFlightCall], *, shard: int) -> None:
        with self._lock:
            for call in ended:
                self._under_way.get(shard, {}).pop(call, None)

    def count_up(self, name: str, day: str, *, limit: int, expires_at: int) -> bool:  # noqa: ARG002
        with self._lock:
            counted = self._counters.get((name, day), 0)
            if counted >= limit:
                return False
            self._counters[name, day] = counted + 1
            return True


def changed(calls: Iterable[Call], *, after: tuple[str, str], until: str) -> list[Call]:
    """Those of them that the index of changes has between the two, in its order."""
    found = [
        call
        for call in calls
        if call.status in ENDED_STATUSES and position_of(call) > after and call.updated_at <= until
    ]
    return sorted(found, key=position_of)


def _check_writable(value: Any, depth: int = 0) -> None:
    """What DynamoDB refuses to write, with a ValidationException that only a bug can cause.

    Names in a map have one character at least, values nest 32 levels at most
    (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html).
    """
    if depth > 32:
        raise ValueError("nested deeper than 32 levels")
    if isinstance(value, Mapping):
        if "" in value:
            raise ValueError("an attribute's name is empty")
        value = [*value, *value.values()]
    if isinstance(value, list | tuple):
        for inner in value:
            _check_writable(inner, depth + 1)
    elif isinstance(value, str):
        value.encode()
