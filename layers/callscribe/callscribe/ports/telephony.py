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
    """What the vendor says of a call, by callback or by its API; times in our form.

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
    """Twilio's API.

    Raises (all methods):
        VendorRefusedError (VendorNotFoundError), VendorRateLimitedError, VendorOutcomeUnknownError
    """

    def place_call(self, call: Call) -> CallStatusUpdate: ...
    def get_call(self, call_sid: str) -> CallStatusUpdate: ...
    def find_calls(
        self, *, to_number: str, from_number: str, since: str
    ) -> list[CallStatusUpdate]: ...
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

    def page_ended_calls(
        self, since: str, until: str, cursor: str | None
    ) -> Page[CallStatusUpdate]:
        """Calls that ended in a span of time."""
        ...


class AudioSource(Protocol):
    def copy(self, recording_sid: str, *, channels: int | None, key: str) -> StoredAudio:
        """Streams Twilio's media into the bucket; memory does not grow with it.

        Raises:
            RetryLaterError: not available yet, or the network failed.
            VendorRefusedError: Twilio will not give it (401, 403) or it is gone.
        """
        ...
