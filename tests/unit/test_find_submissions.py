"""Which jobs of the vendor's list a lost submission may have made."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from callscribe.domain.times import format_timestamp
from callscribe.domain.transcription_jobs import AudioReference
from callscribe.domain.transcription_jobs import TranscriptionRequest as Request
from callscribe.use_cases.find_submissions import claimed_at, find_submissions
from tests.support.entries import AT, a_recording
from tests.support.second_vendor import Stenograph

CLAIMED = datetime(2026, 11, 21, 8, 30, tzinfo=UTC)
OURS = AudioReference("tape://shelf/audio/ours.wav#code", "shelf/audio/ours.wav")
OTHERS = AudioReference("tape://shelf/audio/others.wav#code", "shelf/audio/others.wav")


def after_submissions(*minutes_and_audio: tuple[float, AudioReference]) -> Stenograph:
    """A vendor with one job for each, so many minutes after the claim: sheet-1, sheet-2, ..."""
    now = [CLAIMED]
    vendor = Stenograph(lambda: now[0])
    for minutes, audio in minutes_and_audio:
        now[0] = CLAIMED + timedelta(minutes=minutes)
        vendor.submit(
            Request(audio=audio, channels=1, callback_url="", callback_secret="", options={})
        )
    return vendor


@pytest.mark.parametrize(
    ("jobs", "found"),
    [
        ([], []),
        ([(0, OURS)], ["sheet-1"]),
        # newest first
        ([(0, OURS), (1, OURS)], ["sheet-2", "sheet-1"]),
        ([(0, OTHERS), (1, OURS)], ["sheet-2"]),
        # clocks differ by less than five minutes
        ([(-5, OURS)], ["sheet-1"]),
        ([(-5.01, OURS)], []),
    ],
)
def test_jobs_of_this_audio_since_the_claim_are_found(
    jobs: list[tuple[float, AudioReference]], found: list[str]
) -> None:
    recording = a_recording(
        "submitting", audio_path=OURS.location, submitted_at=format_timestamp(CLAIMED)
    )
    listed = find_submissions(after_submissions(*jobs), recording)
    assert [job.transcript_id for job in listed] == found


def test_job_that_was_given_up_is_no_answer() -> None:
    recording = a_recording(
        "submitting",
        audio_path=OURS.location,
        submitted_at=format_timestamp(CLAIMED),
        past_transcript_ids=["sheet-1"],
    )
    [job] = find_submissions(after_submissions((0, OURS), (1, OURS)), recording)
    assert job.transcript_id == "sheet-2"


@pytest.mark.parametrize(
    ("submitted_at", "expected"), [(format_timestamp(CLAIMED), CLAIMED), (None, AT)]
)
def test_claim_without_a_time_is_as_old_as_its_last_change(
    submitted_at: str | None, expected: datetime | str
) -> None:
    moment = claimed_at(a_recording("submitting", submitted_at=submitted_at))
    assert expected in (moment, format_timestamp(moment))
