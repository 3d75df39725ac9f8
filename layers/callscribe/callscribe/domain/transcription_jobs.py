"""A transcription as we speak of it, whichever vendor does it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from callscribe.domain.failures import Failure
from callscribe.domain.transcripts import Transcript


class JobStatus(StrEnum):
    """How far a job is. A vendor's word that its adapter does not know counts as processing."""

    QUEUED = "queued"
    PROCESSING = "processing"
    COMPLETED = "completed"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class AudioReference:
    """Audio as the vendor may read it: ``url`` may be a credential; ``location`` is what stays the same
    of it, and what the vendor's jobs say of their audio."""

    url: str
    location: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TranscriptionRequest:
    """What is to be transcribed. ``options`` are the caller's own, checked by the vendor's adapter.

    The vendor calls ``callback_url`` back with ``callback_secret`` once the job has ended.
    """

    audio: AudioReference
    channels: int
    callback_url: str
    callback_secret: str
    options: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class TranscriptionJob:
    """A vendor's job.

    ``audio_location`` says which audio it is of; ``callback_url`` is None where the vendor does not say
    it (its list). ``created_at`` is RFC 3339. Of ``transcript`` and ``failure`` a job that has ended
    has one when it is asked for by its id, and none in a list; a ``completed`` one with a failure is of
    no use, although it was paid for. ``document`` is what to keep of the vendor's answer: what its
    ``TranscriptReader`` reads, without credentials.
    """

    vendor: str
    transcript_id: str
    status: JobStatus
    audio_location: str
    callback_url: str | None = None
    created_at: str | None = None
    transcript: Transcript | None = None
    failure: Failure | None = None
    document: Mapping[str, Any] = field(default_factory=dict)

    @property
    def has_ended(self) -> bool:
        return self.status in (JobStatus.COMPLETED, JobStatus.ERROR)
