"""A recording: what it is, and the way from Twilio's callback to a transcript or a named reason."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from callscribe.domain.failures import Failure
from callscribe.domain.times import format_timestamp
from callscribe.domain.transcription_jobs import AudioReference, TranscriptionJob

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
# ended well: the vendors' copies are not needed any more
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
    submission whose answer was lost is found by it. ``transcript_status`` is the job's; ``event_pending``
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
    audio_path: str | None = None
    peaks_key: str | None = None
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
    event_pending: bool | None = None
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


def claimed(recording: Recording, audio: AudioReference, now: datetime) -> Recording:
    """Written before the vendor is asked, so that of two workers only one asks."""
    return replace(
        recording,
        status=RecordingState.SUBMITTING,
        attempts=recording.attempts + 1,
        claims=recording.claims + 1,
        submitted_at=format_timestamp(now),
        audio_path=audio.location,
    )


def unclaimed(recording: Recording) -> Recording:
    """After a submission that certainly did not happen: it is no attempt either."""
    return replace(recording, status=RecordingState.STORED, attempts=recording.attempts - 1)


def submitted(recording: Recording, job: TranscriptionJob) -> Recording:
    """The vendor has it."""
    return replace(
        recording,
        status=RecordingState.SUBMITTED,
        transcript_id=job.transcript_id,
        transcript_status=job.status,
    )


def given_up(recording: Recording, transcript_id: str) -> Recording:
    """To be submitted again: of the job that it had nothing will come."""
    return replace(
        recording,
        status=RecordingState.STORED,
        transcript_id=None,
        transcript_status=None,
        past_transcript_ids=[*recording.past_transcript_ids, transcript_id],
    )


def ended(recording: Recording, status: RecordingState, failure: Failure | None) -> Recording:
    """At its end, of which an event is to be sent."""
    return replace(
        recording,
        status=status,
        error_code=failure.code if failure else None,
        error_message=failure.message if failure else None,
        error_retryable=failure.retryable if failure else None,
        event_pending=True,
    )


def reopened(recording: Recording) -> Recording:
    """After a failure on its way once more: from the stored audio, where there is some."""
    job = [recording.transcript_id] if recording.transcript_id else []
    return replace(
        recording,
        status=RecordingState.STORED if recording.audio_key else RecordingState.RECEIVED,
        retries=recording.retries + 1,
        attempts_allowed=recording.attempts + MAX_ATTEMPTS,
        past_transcript_ids=[*recording.past_transcript_ids, *job],
        reconcile_attempts=0,
        transcript_id=None,
        transcript_status=None,
        event_pending=None,
        error_code=None,
        error_message=None,
        error_retryable=None,
    )


def audio_key(call_id: str, recording_sid: str) -> str:
    """Where the audio lies in the bucket. Both ids are checked before they get here."""
    return f"audio/{call_id}/{recording_sid}.wav"


def peaks_key(call_id: str, recording_sid: str) -> str:
    """Where the peaks of the audio lie in the bucket, gzipped: they go with it."""
    return f"audio/{call_id}/{recording_sid}.peaks.json.gz"


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


def in_order(recordings: Sequence[Recording]) -> list[Recording]:
    """By the time they began; Twilio's times have whole seconds, so the SID breaks ties."""
    return sorted(recordings, key=lambda r: (r.started_at or r.created_at, r.recording_sid))
