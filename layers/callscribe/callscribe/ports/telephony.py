"""What the use cases ask of the telephony vendor."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from callscribe.domain.calls import Call, CallState
from callscribe.domain.failures import Failure
from callscribe.ports.storage import StoredAudio
from callscribe.ports.vendors import Page


@dataclass(frozen=True, slots=True, kw_only=True)
class CallStatusUpdate:
    """What the vendor says of a call, by callback or by its API; times as RFC 3339 texts.

    ``status`` is None for one that is not known here, and ``at`` says when it began. Only the API tells
    ``created_at``, and ``answered_at`` and ``ended_at`` whatever the status.
    """

    call_sid: str
    status: CallState | None
    at: str | None = None
    created_at: str | None = None
    answered_at: str | None = None
    ended_at: str | None = None
    duration_seconds: int | None = None
    answered_by: str | None = None
    to_number: str | None = None
    from_number: str | None = None
    direction: str | None = None


class VendorRecordingState(StrEnum):
    """How far the vendor is with a recording; ``RecordingState`` is how far we are."""

    IN_PROGRESS = "in-progress"
    PROCESSING = "processing"
    COMPLETED = "completed"
    ABSENT = "absent"
    DELETED = "deleted"

    @property
    def is_unfinished(self) -> bool:
        """Whether the file may still follow."""
        return self in (self.IN_PROGRESS, self.PROCESSING)


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingStatusUpdate:
    """What the vendor says of a recording, by callback or by its API; also the queue's message.

    ``failure`` says why a recording is absent, where the vendor does. ``imported``: an import named it,
    and nothing else says that its call is this stack's. ``redrives`` counts how often it came back from
    the dead-letter queue.
    """

    recording_sid: str
    status: VendorRecordingState
    call_sid: str | None = None
    call_id: str | None = None
    channels: int | None = None
    duration_seconds: int | None = None
    created_at: str | None = None
    started_at: str | None = None
    source: str | None = None
    failure: Failure | None = None
    base_url: str | None = None
    imported: bool | None = None
    redrives: int = 0


class Telephony(Protocol):
    """The vendor's API. Times and spans are RFC 3339 texts in our form.

    Raises (all methods):
        VendorRefusedError: with a ``failure`` in our words; VendorNotFoundError for what it does not
            have, or not any more.
        VendorRateLimitedError: it was not done, and may be asked for again.
        VendorOutcomeUnknownError: it may have been done.
    """

    def place_call(self, call: Call) -> CallStatusUpdate:
        """Asks once: a second request would ring a second time."""
        ...

    def get_call(self, call_sid: str) -> CallStatusUpdate:
        """A call as it stands now."""
        ...

    def find_calls(self, *, to_number: str, from_number: str, since: str) -> list[CallStatusUpdate]:
        """Calls between two numbers that were created at or after ``since``."""
        ...

    def get_recording(self, recording_sid: str) -> RecordingStatusUpdate:
        """A recording as it stands now."""
        ...

    def list_recordings(self, call_sid: str) -> list[RecordingStatusUpdate]:
        """Every recording of a call, those that are not finished included."""
        ...

    def delete_recording(self, recording_sid: str) -> None:
        """The audio is gone at once."""
        ...

    def delete_call(self, call_sid: str) -> None:
        """Only of a call that ended; its recordings are deleted apart."""
        ...

    def page_recordings(
        self, since: str, until: str, cursor: str | None
    ) -> Page[RecordingStatusUpdate]:
        """Recordings made from ``since`` to ``until``; ``cursor`` None: the first page."""
        ...

    def page_ended_calls(
        self, since: str, until: str, cursor: str | None
    ) -> Page[CallStatusUpdate]:
        """Calls that ended from ``since`` to ``until``; ``cursor`` None: the first page."""
        ...


class AudioSource(Protocol):
    """Where the vendor keeps what was recorded."""

    def copy(self, recording_sid: str, *, channels: int | None, key: str) -> StoredAudio:
        """Streams a recording into the bucket, under ``key``; memory does not grow with it.

        ``channels`` is how many it should have; a file that has fewer is taken as it is.

        Raises:
            RetryLaterError: not available yet, or the network failed.
            VendorRefusedError: it is not given to this stack's credentials.
        """
        ...
