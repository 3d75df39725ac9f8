"""Stenograph, a transcription vendor that does not exist, with words of its own for everything.

All that the application needs to know of it stands here: that is what a second vendor costs
(CONTRIBUTING.md, "Add a transcription vendor").
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from callscribe.domain.errors import FieldError, VendorNotFoundError, VendorOutcomeUnknownError
from callscribe.domain.failures import Failure
from callscribe.domain.times import Clock, format_timestamp
from callscribe.domain.transcription_jobs import (
    AudioReference,
    JobStatus,
    TranscriptionJob,
    TranscriptionRequest,
)
from callscribe.domain.transcripts import Segment, Transcript, UnreadableTranscriptError
from callscribe.ports.vendors import Page

VENDOR = "Stenograph"
_STATES = {"taken": JobStatus.QUEUED, "typed": JobStatus.COMPLETED, "torn": JobStatus.ERROR}


class StenographOptions:
    """Implements ``ports.TranscriptionOptions``: Stenograph can be given a dialect, and nothing else."""

    def check(self, options: object) -> list[FieldError]:
        names = options if isinstance(options, dict) else {"": None}
        return [
            FieldError(f"transcription.{name}", "is unknown to Stenograph; it takes dialect")
            for name in names
            if name != "dialect"
        ]


class Stenograph:
    """Implements ``ports.Transcriber`` in memory: a sheet of paper for each job."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.sheets: dict[str, dict[str, Any]] = {}
        # whether the answer to the next submission gets lost
        self.loses_answer = False

    def prepare_audio(self, key: str) -> AudioReference:
        return AudioReference(f"tape://shelf/{key}#one-time-code", f"shelf/{key}")

    def submit(self, request: TranscriptionRequest) -> TranscriptionJob:
        number = f"sheet-{len(self.sheets) + 1}"
        self.sheets[number] = {
            "no": number,
            "dated": format_timestamp(self._clock()),
            "state": "taken",
            "tape": request.audio.url,
            "ring": request.callback_url,
            "dialect": request.options.get("dialect"),
        }
        if self.loses_answer:
            raise VendorOutcomeUnknownError(VENDOR, "the line went dead")
        return self.get(number)

    def get(self, transcript_id: str) -> TranscriptionJob:
        if transcript_id not in self.sheets:
            raise VendorNotFoundError(VENDOR, "no such sheet")
        return read_sheet(self.sheets[transcript_id])

    def delete(self, transcript_id: str) -> None:
        self.get(transcript_id)
        del self.sheets[transcript_id]

    def list_since(self, since: str) -> list[TranscriptionJob]:
        sheets = [sheet for sheet in self.sheets.values() if sheet["dated"] >= since]
        return [read_sheet(sheet) for sheet in reversed(sheets)]

    def page_since(self, since: str, cursor: str | None) -> Page[TranscriptionJob]:
        jobs, position = self.list_since(since), int(cursor or 0)
        more = len(jobs) > position + 1
        return Page(jobs[position : position + 1], str(position + 1) if more else None)

    def type(self, number: str, *lines: tuple[float, float, str]) -> None:
        """A job ends well: begin and end of each line in seconds, and what was said."""
        self.sheets[number] |= {"state": "typed", "lines": [list(line) for line in lines]}

    def tear(self, number: str, why: str) -> None:
        """A job ends badly."""
        self.sheets[number] |= {"state": "torn", "why": why}


def read_sheet(sheet: Mapping[str, Any]) -> TranscriptionJob:
    """A job as Stenograph writes it down."""
    status = _STATES[sheet["state"]]
    document = {name: sheet[name] for name in ("no", "lines", "dialect") if name in sheet}
    torn = Failure("vendor_error", f"Stenograph: {sheet.get('why')}", retryable=False)
    return TranscriptionJob(
        vendor=VENDOR,
        transcript_id=sheet["no"],
        status=status,
        audio_location=sheet["tape"].removeprefix("tape://").partition("#")[0],
        callback_url=sheet["ring"],
        created_at=sheet["dated"],
        transcript=read_transcript(document) if status == JobStatus.COMPLETED else None,
        failure=torn if status == JobStatus.ERROR else None,
        document=document,
    )


def read_transcript(document: Mapping[str, Any], /) -> Transcript:
    """Implements ``ports.TranscriptReader``."""
    try:
        segments = tuple(
            Segment(int(begin * 1000), int(end * 1000), None, None, said, None, ())
            for begin, end, said in document["lines"]
        )
    except (KeyError, TypeError, ValueError) as error:
        raise UnreadableTranscriptError(str(error)) from error
    return Transcript(
        transcript_id=document["no"],
        text=" ".join(segment.text for segment in segments),
        confidence=None,
        audio_duration_seconds=None,
        language_code=document.get("dialect"),
        speech_model_used=None,
        warnings=(),
        segments=segments,
    )
