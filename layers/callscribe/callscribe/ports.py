"""What the use cases ask of the world. The adapters implement these; the tests have their own."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

from callscribe.domain.calls import Call
from callscribe.domain.recordings import Recording
from callscribe.domain.sweeps import Sweep

T = TypeVar("T")


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


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """A part of a vendor's list; ``cursor`` asks for the next one, None at the end."""

    entries: list[T]
    cursor: str | None


class CallStore(Protocol):
    """Calls and recordings. Every change is one conditional write; False means it did not apply.

    ``changes`` maps field names to values, None removes. ``only_from`` are the statuses in which
    the change may happen, ``expected`` further fields that must still have these values.

    Raises (all methods):
        RetryLaterError: the table throttles or cannot be reached.
    """

    def add_call(self, call: Call) -> bool: ...
    def add_recording(self, recording: Recording) -> bool: ...
    def get_call(self, call_id: str) -> Call | None: ...
    def get_recording(self, call_id: str, recording_sid: str) -> Recording | None: ...
    def get_call_with_recordings(self, call_id: str) -> tuple[Call, list[Recording]] | None: ...
    def find_call_id(self, call_sid: str) -> str | None: ...
    def find_calls_with(
        self, phone_number: str, *, limit: int, newest_first: bool = False
    ) -> list[str]:
        """The call_ids of calls to or from a person's number, oldest first unless said otherwise."""
        ...

    def change_call(
        self,
        call_id: str,
        changes: Mapping[str, Any],
        *,
        only_from: Collection[str],
        expected: Mapping[str, Any] | None = None,
    ) -> bool: ...
    def change_recording(
        self,
        call_id: str,
        recording_sid: str,
        changes: Mapping[str, Any],
        *,
        only_from: Collection[str],
        expected: Mapping[str, Any] | None = None,
    ) -> bool: ...
    def replace_call(self, call: Call, *, only_from: Collection[str]) -> bool:
        """The whole item becomes this call: what ``call`` does not say is gone."""
        ...

    def remove_recording(self, recording: Recording) -> bool:
        """Removes the item where its status and its claims are still these."""
        ...

    def list_day(
        self, day: str, *, before: tuple[str, str] | None, status: str | None, limit: int
    ) -> list[Call]:
        """Calls created on ``day`` (YYYY-MM-DD), newest first, older than ``before``."""
        ...

    def list_scheduled(
        self, *, after: tuple[str, str] | None, caller: str | None, limit: int
    ) -> list[Call]:
        """Calls that are to be placed, soonest first, after (place_at, call_id); of one caller."""
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
    """What the fraud guard keeps: a switch, a list of numbers, counters of a day, calls under way.

    Raises (all methods):
        RetryLaterError: the table throttles or cannot be reached.
    """

    def get_switch(self) -> Mapping[str, Any]:
        """Empty where it was never touched."""
        ...

    def set_switch(self, switch: Mapping[str, Any]) -> None: ...
    def is_do_not_call(self, phone_number: str) -> bool: ...
    def set_do_not_call(self, phone_number: str, *, listed: bool) -> None: ...
    def count_up(self, name: str, day: str, *, limit: int, expires_at: int) -> bool:
        """Adds one, atomically; False where ``most`` are counted already."""
        ...

    def acquire_slot(self, admitted: InFlightCall, *, shard: int, limit: int) -> bool:
        """Adds it to a shard of those under way, atomically; False where that has ``most`` already."""
        ...

    def in_flight_calls(self, shard: int) -> list[InFlightCall]: ...
    def release_slots(self, ended: Collection[InFlightCall], *, shard: int) -> None: ...


class KeyStore(Protocol):
    """Which call or import an Idempotency-Key stands for.

    Raises RetryLaterError.
    """

    def bind_key(self, digest: str, wanted: str, *, now: int, expires_at: int) -> str:
        """The id that the key stands for: ``wanted`` where nobody has used it, or not since it expired.

        Times in epoch seconds.
        """
        ...


class SweepStore(Protocol):
    """Where each walk through a vendor's list stands, and who may walk now.

    Raises (all methods):
        RetryLaterError: the table throttles or cannot be reached.
    """

    def add_sweep(self, sweep: Sweep) -> bool: ...
    def get_sweep(self, sweep_id: str) -> Sweep | None: ...
    def list_sweeps(self) -> list[Sweep]: ...
    def change_sweep(
        self, sweep_id: str, changes: Mapping[str, Any], *, only_from: Collection[str]
    ) -> bool: ...
    def take_lease(self, name: str, *, owner: str, now: str, until: str) -> bool:
        """True where nobody else holds it: never held, given back, or past its ``until``."""
        ...

    def give_back_lease(self, name: str, *, owner: str) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class VendorCall:
    """A call as Twilio tells it; times in our form."""

    call_sid: str
    status: str
    to_number: str | None
    from_number: str | None
    direction: str
    created_at: str | None
    started_at: str | None
    ended_at: str | None
    duration_seconds: int | None
    queue_time_ms: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingStatusUpdate:
    """What Twilio says of a recording, by callback or by its API; also the queue's message.

    ``imported``: an import named it, and nothing else says that its call is this stack's. ``redrives``
    counts how often it came back from the dead-letter queue.
    """

    recording_sid: str
    status: str
    call_sid: str | None = None
    call_id: str | None = None
    channels: int | None = None
    duration_seconds: int | None = None
    created_at: str | None = None
    started_at: str | None = None
    source: str | None = None
    error_code: int | None = None
    base_url: str | None = None
    imported: bool | None = None
    redrives: int = 0


class Telephony(Protocol):
    """Twilio's API.

    Raises (all methods):
        VendorRefusedError (VendorNotFoundError), VendorRateLimitedError, VendorOutcomeUnknownError
    """

    def place_call(self, call: Call) -> VendorCall: ...
    def get_call(self, call_sid: str) -> VendorCall: ...
    def find_calls(self, *, to_number: str, from_number: str, since: str) -> list[VendorCall]: ...
    def get_recording(self, recording_sid: str) -> RecordingStatusUpdate: ...
    def list_recordings(self, call_sid: str) -> list[RecordingStatusUpdate]: ...
    def delete_recording(self, recording_sid: str) -> None:
        """The audio is gone at once."""
        ...

    def delete_call(self, call_sid: str) -> None:
        """Only of a call that ended; its recordings are deleted apart."""
        ...

    def page_recordings(
        self, since: str, until: str, cursor: str | None
    ) -> Page[RecordingStatusUpdate]:
        """Recordings made in a span of time."""
        ...

    def page_ended_calls(self, since: str, until: str, cursor: str | None) -> Page[VendorCall]:
        """Calls that ended in a span of time."""
        ...


class VendorShares(Protocol):
    """How much of a run's time each vendor may take; its ports raise VendorNotAskedError beyond that."""

    def begin(self, seconds: float) -> None:
        """A run begins: each vendor may be asked again, for so long."""
        ...

    def renew(self, seconds: float) -> None:
        """Those that answer may be asked for so long from now on."""
        ...

    def check(self, vendor: str) -> None:
        """Raises VendorNotAskedError where this run asks the vendor nothing more."""
        ...


@dataclass(frozen=True, slots=True)
class StoredAudio:
    size_bytes: int
    channels: int


class AudioSource(Protocol):
    def copy(self, recording_sid: str, *, channels: int | None, key: str) -> StoredAudio:
        """Streams Twilio's media into the bucket; memory does not grow with it.

        Raises:
            RetryLaterError: not available yet, or the network failed.
            VendorRefusedError: Twilio will not give it (401, 403) or it is gone.
        """
        ...


class AudioLinks(Protocol):
    def presigned_url(self, key: str, *, seconds: int) -> str:
        """A URL that reads this one object for so long, without credentials."""
        ...


class Documents(Protocol):
    def put(self, key: str, document: Mapping[str, Any]) -> None: ...
    def get(self, key: str) -> dict[str, Any]: ...


class StoredObjects(Protocol):
    def erase(self, call_id: str) -> int:
        """Removes audio and transcripts of a call, every version; how many there were.

        Raises RetryLaterError.
        """
        ...


class Transcriber(Protocol):
    """AssemblyAI's API.

    Raises (all methods):
        VendorRefusedError (VendorNotFoundError), VendorRateLimitedError, VendorOutcomeUnknownError
    """

    def audio_url(self, key: str) -> str:
        """A URL of the stored audio that AssemblyAI can read."""
        ...

    def submit(self, request: Mapping[str, Any]) -> dict[str, Any]: ...
    def get(self, transcript_id: str) -> dict[str, Any]: ...
    def delete(self, transcript_id: str) -> None: ...
    def list_since(self, since: str) -> list[dict[str, Any]]: ...
    def page_since(self, since: str, cursor: str | None) -> Page[dict[str, Any]]:
        """The account's transcripts created at or after ``since``, newest first."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetter:
    """A message that failed too often. ``notice`` None where it cannot be read."""

    notice: RecordingStatusUpdate | None
    handle: str


class RecordingsQueue(Protocol):
    def put(self, notice: RecordingStatusUpdate, *, delay_seconds: int = 0) -> None:
        """``delay_seconds`` 900 at most.

        Raises RetryLaterError.
        """
        ...


class DeadLetters(Protocol):
    """What the worker could not do. Raises RetryLaterError (all methods)."""

    def take(self, limit: int) -> list[DeadLetter]: ...
    def remove(self, letter: DeadLetter) -> None: ...


class EventPublisher(Protocol):
    def publish(self, call: Call, recording: Recording) -> None:
        """Sends the event of a recording that ended. At least once."""
        ...


class Schedules(Protocol):
    def place_call_at(self, call_id: str, place_at: str, *, target_arn: str) -> None: ...


class Telemetry(Protocol):
    """``count`` adds to the invocation's counts; ``note`` writes one line. No numbers, no secrets."""

    def count(self, metric: str, value: float = 1) -> None: ...
    def info(self, message: str, **fields: object) -> None: ...
    def warn(self, message: str, **fields: object) -> None: ...
