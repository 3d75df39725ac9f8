"""What became of a submission whose answer never came: the vendor's own list is asked."""

from __future__ import annotations

from datetime import datetime, timedelta

from callscribe.domain.recordings import Recording, is_answered_by
from callscribe.domain.times import format_timestamp, parse_timestamp
from callscribe.domain.transcription_jobs import TranscriptionJob
from callscribe.ports.transcription import Transcriber

# clocks differ: a job may look older than the claim that made it
_CLOCK_SLACK = timedelta(minutes=5)


def claimed_at(recording: Recording) -> datetime:
    """When the recording was last claimed for submission."""
    return parse_timestamp(recording.submitted_at or recording.updated_at)


def find_submissions(transcriber: Transcriber, recording: Recording) -> list[TranscriptionJob]:
    """The jobs of this recording's audio since its claim, newest first. Raises VendorError."""
    listed = transcriber.list_since(format_timestamp(claimed_at(recording) - _CLOCK_SLACK))
    return [job for job in listed if is_answered_by(recording, job)]
