"""A recording: what it is, and the way from Twilio's callback to a transcript or a named reason."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from callscribe.domain.failures import Failure
from callscribe.domain.transcription_jobs import TranscriptionJob

RECORDING_SID = re.compile(r"RE[0-9a-fA-F]{32}")


class RecordingState(StrEnum):
    """How far a recording is. ``submitting`` is the claim that is written before the vendor is asked."""

    RECEIVED = "received"
    STORED = "stored"
    SUBMITTING = "submitting"
    SUBMITTED = "submitted"
    COMPLETED = "completed"
    SILENT = "silent"
    ABSENT = "absent"
    ERROR = "error"


STATUSES = tuple(RecordingState)
# ended well: nobody needs the vendors' copies any more
DONE = frozenset({RecordingState.COMPLETED, RecordingState.SILENT})
RECORDING_TERMINAL = DONE | {RecordingState.ABSENT, RecordingState.ERROR}
_ENDS_OF_TRANSCRIPT = DONE | {RecordingState.ERROR}
# the states that each state may become
RECORDING_TRANSITIONS: Mapping[RecordingState, frozenset[RecordingState]] = {
    RecordingState.RECEIVED: frozenset(
        {RecordingState.STORED, RecordingState.ABSENT, RecordingState.ERROR}
    ),
    # an end: of a submission that was taken for lost
    RecordingState.STORED: _ENDS_OF_TRANSCRIPT | {RecordingState.SUBMITTING},
    # back: it certainly was not submitted
    RecordingState.SUBMITTING: _ENDS_OF_TRANSCRIPT
    | {RecordingState.SUBMITTED, RecordingState.STORED},
    # back: the vendor failed, and is asked again
    RecordingState.SUBMITTED: _ENDS_OF_TRANSCRIPT | {RecordingState.STORED},
    RecordingState.COMPLETED: frozenset(),
    RecordingState.SILENT: frozenset(),
    RecordingState.ABSENT: frozenset(),
    # an operator asked for another try
    RecordingState.ERROR: frozenset({RecordingState.RECEIVED, RecordingState.STORED}),
}
# the transcription vendor's own failures are worth two more tries; each is free, only success is billed
MAX_ATTEMPTS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """One recording of a call. Fields equal the table's attributes; None means absent.

    ``audio_path`` is the location of the audio that the vendor was given: its jobs name it, so a
    submission whose answer was lost is found by it. ``transcript_status`` is the job's; ``announce``
    says an event is still to be sent. ``attempts`` counts submissions, ``retries`` how often a person
    asked for another go. ``claims`` only ever grows, so that a write which expects the claim it has
    seen never meets a later one that looks the same. ``failed_at`` is set exactly while the status is
    error: it puts the recording in the sparse index of failures. ``expires_at`` is its call's, so
    that both go together.
    """

    call_id: str
    recording_sid: str
    status: RecordingState
    created_at: str
    updated_at: str
    started_at: str | None = None
    duration_seconds: int | None = None
    channels: int | None = None
    source: str | None = None
    audio_key: str | None = None
    audio_bytes: int | None = None
    audio_path: str | None = None
    attempts: int = 0
    claims: int = 0
    attempts_allowed: int = MAX_ATTEMPTS
    retries: int = 0
    past_transcript_ids: list[str] = field(default_factory=list)
    submitted_at: str | None = None
    transcript_id: str | None = None
    transcript_status: str | None = None
    transcript_key: str | None = None
    text: str | None = None
    text_truncated: bool | None = None
    confidence: float | None = None
    audio_duration_seconds: int | None = None
    language_code: str | None = None
    speech_model_used: str | None = None
    warnings: list[str] = field(default_factory=list)
    error_code: str | None = None
    error_message: str | None = None
    error_retryable: bool | None = None
    failed_at: str | None = None
    announce: bool | None = None
    expires_at: int | None = None
    reconcile_attempts: int = 0
    due_at: str | None = None
    overdue_since: str | None = None

    @property
    def failure(self) -> Failure | None:
        """Why it ended badly; None where it did not."""
        if self.error_code is None:
            return None
        return Failure(self.error_code, self.error_message or "", bool(self.error_retryable))

    def may_become(self, status: RecordingState) -> bool:
        """Whether the recording may move on to another state, by the table above."""
        return status in RECORDING_TRANSITIONS[self.status]


def changed(recording: Recording, changes: Mapping[str, Any]) -> Recording:
    """The recording as it stands after a change that was written: nobody needs to read it again."""
    return replace(recording, **changes)


def audio_key(call_id: str, recording_sid: str) -> str:
    """Where the audio lies in the bucket. Both ids are checked before they get here."""
    return f"audio/{call_id}/{recording_sid}.wav"


def transcript_key(call_id: str, recording_sid: str, transcript_id: str) -> str:
    """Where the transcription vendor's whole answer lies in the bucket, gzipped."""
    return f"transcripts/{call_id}/{recording_sid}/{transcript_id}.json.gz"


def folders(call_id: str) -> tuple[str, str]:
    """Where everything of a call lies in the bucket: what the keys above begin with."""
    return f"audio/{call_id}/", f"transcripts/{call_id}/"


_AUDIO_PATH = re.compile(r"/audio/([0-9a-f]{32})/(RE[0-9a-fA-F]{32})\.wav")


def ids_of_audio(location: str) -> tuple[str, str] | None:
    """The call_id and recording_sid of our audio, by its location; None for anything else."""
    match = _AUDIO_PATH.search(location)
    return (match[1], match[2]) if match else None


def is_answered_by(recording: Recording, job: TranscriptionJob) -> bool:
    """Whether a job is of this recording's audio, and not one that was given up."""
    location = job.audio_location
    return (
        location == recording.audio_path and job.transcript_id not in recording.past_transcript_ids
    )
