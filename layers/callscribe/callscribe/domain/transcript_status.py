"""How far the transcript of a whole call is, in one word: what ``GET …/transcript`` would answer.

A call's item has the outcome of each of its recordings, written together with the recording, so that a
list need not read the recordings.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from enum import StrEnum

from callscribe.domain.calls import CALL_TERMINAL, ERASED_STATUSES, Call
from callscribe.domain.recordings import RECORDING_TERMINAL, Recording, RecordingState


class TranscriptStatus(StrEnum):
    """``partial``: of some recordings, while others failed. ``none``: there is nothing to transcribe,
    and there will be nothing."""

    NONE = "none"
    PENDING = "pending"
    COMPLETED = "completed"
    PARTIAL = "partial"
    FAILED = "failed"


def outcome_of(recording: Recording) -> TranscriptStatus:
    """Of one recording; never ``partial``."""
    if recording.status not in RECORDING_TERMINAL:
        return TranscriptStatus.PENDING
    if recording.status == RecordingState.ERROR:
        return TranscriptStatus.FAILED
    # of silence there may be a document that says so
    return TranscriptStatus.COMPLETED if recording.transcript_key else TranscriptStatus.NONE


def transcript_status(call: Call) -> TranscriptStatus:
    """Of the whole call: of all its recordings, or while there are none, whether some may come."""
    outcomes = set(call.outcomes.values())
    if call.status in ERASED_STATUSES:
        return TranscriptStatus.NONE
    if TranscriptStatus.PENDING in outcomes or (not outcomes and _may_be_recorded(call)):
        return TranscriptStatus.PENDING
    if outcomes >= {TranscriptStatus.COMPLETED, TranscriptStatus.FAILED}:
        return TranscriptStatus.PARTIAL
    best_first = (TranscriptStatus.COMPLETED, TranscriptStatus.FAILED)
    return next((one for one in best_first if one in outcomes), TranscriptStatus.NONE)


def with_outcomes(call: Call, recordings: Sequence[Recording]) -> Call:
    """The call with the outcomes of its recordings as they stand."""
    outcomes = {one.recording_sid: outcome_of(one) for one in recordings}
    return replace(call, outcomes=dict(outcomes))


def _may_be_recorded(call: Call) -> bool:
    """Until its end, and until Twilio was asked which recordings there are."""
    return call.status not in CALL_TERMINAL or call.due_at is not None
