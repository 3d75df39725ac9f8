"""What the use cases ask of the telephony vendor."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from callscribe.domain.calls import Call
from callscribe.ports.storage import StoredAudio
from callscribe.ports.vendors import Page


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


class AudioSource(Protocol):
    def copy(self, recording_sid: str, *, channels: int | None, key: str) -> StoredAudio:
        """Streams Twilio's media into the bucket; memory does not grow with it.

        Raises:
            RetryLaterError: not available yet, or the network failed.
            VendorRefusedError: Twilio will not give it (401, 403) or it is gone.
        """
        ...
