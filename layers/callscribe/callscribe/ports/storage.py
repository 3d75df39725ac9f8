"""What the use cases ask of the table and the bucket."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from callscribe.domain.calls import Call
from callscribe.domain.dialing.kill_switch import KillSwitch
from callscribe.domain.peaks import Peaks
from callscribe.domain.recordings import Recording
from callscribe.domain.shares import Share
from callscribe.domain.sweeps import Sweep

Entry = TypeVar("Entry", Call, Recording)


@dataclass(frozen=True, slots=True, kw_only=True)
class OverdueItem:
    """An entry of the deadline index: a call, or one of its recordings."""

    call_id: str
    recording_sid: str | None
    due_at: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """An entry of the index of failures."""

    call_id: str
    recording_sid: str
    failed_at: str


def position_of(call: Call) -> tuple[str, str]:
    """Where an ended call is in the order of changes."""
    return call.updated_at, call.call_id


class CallStore(Protocol):
    """Calls and recordings. Every change is one conditional write; False means it did not apply.

    Raises (all methods):
        RetryLaterError: the table throttles or cannot be reached.
    """

    def save(
        self,
        before: Entry | None,
        after: Entry | None,
        *,
        only_from: Collection[str] = (),
        unchanged: Collection[str] = (),
    ) -> bool:
        """Writes what differs from ``before``, an entry as it was read, to ``after``.

        Only where the table's entry has one of the statuses ``only_from`` (without: that of
        ``before``), and the fields ``unchanged`` still have their values of ``before``. Without
        ``before`` the entry is added where there is none, without ``after`` it is removed. A call
        that becomes a tombstone is replaced whole: whatever else its item had is gone. Where nothing
        differs nothing is asked of the table.

        A recording that is added, or changes in more than its bookkeeping, moves its call along: that
        gets its ``updated_at`` and its outcome, and both items are written or neither. So it needs
        its call, and one that was not erased.
        """
        ...

    def get_call(self, call_id: str) -> Call | None:
        """As it stands now; None where there is none, or it has expired. So is every reading by id."""
        ...

    def get_recording(self, call_id: str, recording_sid: str) -> Recording | None:
        """One recording of a call."""
        ...

    def get_call_with_recordings(self, call_id: str) -> tuple[Call, list[Recording]] | None:
        """Both by one request, the recordings in the order of their SIDs."""
        ...

    def find_call_id(self, call_sid: str) -> str | None:
        """By an index, which shows a write a moment later."""
        ...

    def find_calls_with(
        self, phone_number: str, *, limit: int, newest_first: bool = False
    ) -> list[str]:
        """The call_ids of calls to or from a person's number, oldest first unless said otherwise."""
        ...

    def list_day(
        self, day: str, *, before: tuple[str, str] | None, status: str | None, limit: int
    ) -> list[Call]:
        """Calls created on ``day`` (YYYY-MM-DD), newest first, older than ``before``."""
        ...

    def first_day(self) -> str | None:
        """No call was created on a day before it; None where that was never looked for."""
        ...

    def set_first_day(self, day: str) -> None:
        """Of two that write, either is right."""
        ...

    def list_scheduled(
        self, *, after: tuple[str, str] | None, caller: str | None, limit: int
    ) -> list[Call]:
        """Calls that are to be placed, soonest first, after (place_at, call_id); of one caller."""
        ...

    def list_changed(self, *, after: tuple[str, str], until: str, limit: int) -> list[Call]:
        """Ended calls, erased ones among them, by (updated_at, call_id): those greater than ``after``,
        and not changed later than ``until``, which is not before. By an index, which shows a write a
        moment later."""
        ...

    def overdue(self, now: str) -> Iterator[OverdueItem]:
        """What should have had news by ``now``, oldest first, read as far as it is taken."""
        ...

    def failures(self, since: str, until: str) -> Iterator[Failed]:
        """Recordings in error, oldest first, read as far as they are taken."""
        ...


@dataclass(frozen=True, slots=True)
class InFlightCall:
    """A call that was let through, and when."""

    call_id: str
    at: str


class DialingStore(Protocol):
    """What the fraud guard keeps: kill switch, do-not-call list, counters of a day, calls in progress.

    Raises (all methods):
        RetryLaterError: the table throttles or cannot be reached.
    """

    def get_switch(self) -> KillSwitch:
        """As it was set last; not stopped where it never was."""
        ...

    def set_switch(self, switch: KillSwitch) -> None:
        """Replaces it whole: the last writer wins."""
        ...

    def is_do_not_call(self, phone_number: str) -> bool:
        """Whether a number, in its own E.164 form, is on the list."""
        ...

    def set_do_not_call(self, phone_number: str, *, listed: bool) -> None:
        """Puts a number on the list, or takes it off; done twice it is done once."""
        ...

    def count_up(self, name: str, day: str, *, limit: int, expires_at: int) -> bool:
        """Adds one, atomically; False where ``limit`` are counted already."""
        ...

    def acquire_slot(self, call: InFlightCall, *, shard: int, limit: int) -> bool:
        """Adds it to a shard of those in progress, atomically; False where that has ``limit``."""
        ...

    def in_flight_calls(self, shard: int) -> list[InFlightCall]:
        """The calls of a shard, in any order."""
        ...

    def release_slots(self, ended: Collection[InFlightCall], *, shard: int) -> None:
        """Takes calls out of a shard; those that are not in it make no difference."""
        ...


class KeyStore(Protocol):
    """Which call or import an Idempotency-Key stands for.

    Raises RetryLaterError.
    """

    def bind_key(self, digest: str, wanted: str, *, now: int, expires_at: int) -> str:
        """The id that the key stands for: ``wanted`` where it was not used, or not since it expired.

        Times in epoch seconds.
        """
        ...


class ShareStore(Protocol):
    """Links to calls.

    Raises (all methods):
        RetryLaterError: the table throttles or cannot be reached.
    """

    def add_share(self, share: Share) -> None:
        """Its share_id is random: there is none like it."""
        ...

    def list_shares(self, call_id: str) -> list[Share]:
        """Those of a call that have not expired, in any order."""
        ...

    def use_share(self, call_id: str, share_id: str, *, at: str, opened: bool) -> Share | None:
        """Counts a request, and with ``opened`` that the page was opened, atomically.

        The share as it stands then; None where there is none or it has expired: nothing is written.
        """
        ...

    def remove_share(self, call_id: str, share_id: str) -> bool:
        """Whether there was one."""
        ...

    def remove_shares(self, call_id: str) -> int:
        """Removes all of a call, expired ones too; how many there were."""
        ...


class SweepStore(Protocol):
    """Where each walk through a vendor's list stands, and who may walk now.

    Raises (all methods):
        RetryLaterError: the table throttles or cannot be reached.
    """

    def save_sweep(self, before: Sweep | None, after: Sweep) -> bool:
        """Writes what differs, where the table's sweep has still the status of ``before``; adds it
        where ``before`` is None and there is none."""
        ...

    def get_sweep(self, sweep_id: str) -> Sweep | None:
        """None where there is none, or it has expired."""
        ...

    def list_sweeps(self) -> list[Sweep]:
        """The standing ones, and every import that has not expired."""
        ...

    def take_lease(self, name: str, *, owner: str, now: str, until: str) -> bool:
        """True where no other run holds it: never held, given back, or past its ``until``."""
        ...

    def give_back_lease(self, name: str, *, owner: str) -> None:
        """Nothing where another owner holds it by now."""
        ...


@dataclass(frozen=True, slots=True)
class StoredAudio:
    """What was copied into the bucket. ``peaks``: None where the sound is of an unknown kind."""

    size_bytes: int
    channels: int
    peaks: Peaks | None = None


class AudioLinks(Protocol):
    """Links to audio in the bucket, valid without credentials."""

    def presigned_url(self, key: str, *, seconds: int) -> str:
        """A URL that reads this one object for so long, without credentials."""
        ...


class Documents(Protocol):
    """JSON documents in the bucket. Raises RetryLaterError (all methods)."""

    def put(self, key: str, document: Mapping[str, Any]) -> None:
        """Stores the document, gzipped, in the place of any other with this key."""
        ...

    def get(self, key: str) -> dict[str, Any]:
        """The document that was stored with this key."""
        ...


class StoredObjects(Protocol):
    """Everything of a call in the bucket."""

    def erase(self, call_id: str) -> int:
        """Removes audio and transcripts of a call, every version; how many there were.

        Raises RetryLaterError.
        """
        ...
