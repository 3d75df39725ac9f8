"""AssemblyAI's transcript documents, read leniently: they have some eighty keys and grow new ones."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

from callscribe.adapters.assemblyai.errors import DELETED, UNREADABLE, VENDOR, explain_job_error
from callscribe.domain.transcription_jobs import JobStatus, TranscriptionJob
from callscribe.domain.transcripts import (
    Segment,
    Transcript,
    UnreadableTranscriptError,
    Word,
    cut_into_segments,
    joined,
)

# both are echoed in full: the audio's carries a signature, the webhook's is ours
_URLS = ("audio_url", "webhook_url")


def audio_location(url: str) -> str:
    """What stays the same of a link to one object: without scheme and signature. Another stack may have
    the same call and recording, in its own bucket."""
    try:
        parts = urlsplit(url)
    except ValueError:
        # another application's job: ours have URLs that we made
        return ""
    return f"{parts.netloc}{parts.path}"


def read_listed_job(document: Mapping[str, Any]) -> TranscriptionJob:
    """What a list says of a job, which is also the beginning of every other document."""
    created = document.get("created")
    return TranscriptionJob(
        vendor=VENDOR,
        transcript_id=str(document.get("id") or ""),
        status=_status(document.get("status")),
        audio_location=audio_location(str(document.get("audio_url") or "")),
        callback_url=str(document["webhook_url"] or "") if "webhook_url" in document else None,
        # AssemblyAI's times have no offset and are UTC
        created_at=f"{created[:23]}Z" if isinstance(created, str) else None,
    )


def read_job(document: Mapping[str, Any]) -> TranscriptionJob:
    """A whole job: with its transcript, or why there is none, where it has ended."""
    job = read_listed_job(document)
    if job.status == JobStatus.ERROR:
        return replace(job, failure=explain_job_error(str(document.get("error") or "")))
    if job.status != JobStatus.COMPLETED:
        return job
    if _is_deleted(document):
        return replace(job, failure=DELETED)
    try:
        transcript = read_transcript(document)
    except UnreadableTranscriptError:
        return replace(job, failure=UNREADABLE)
    kept = {name: value for name, value in document.items() if name not in _URLS}
    return replace(job, transcript=transcript, document=kept)


def _status(value: object) -> JobStatus:
    try:
        return JobStatus(str(value or JobStatus.QUEUED))
    except ValueError:
        return JobStatus.PROCESSING


def _is_deleted(document: Mapping[str, Any]) -> bool:
    """AssemblyAI leaves the status completed and marks a deleted one so, in both fields; the words alone
    may have been spoken."""
    marked = document.get("audio_url") == "http://deleted_by_user"
    return marked and document.get("text") == "Deleted by user."


def read_transcript(document: Mapping[str, Any]) -> Transcript:
    """A completed transcript; unknown keys, missing keys and nulls are all right.

    Raises:
        UnreadableTranscriptError: a field that is there has a type that cannot be used.
    """
    try:
        text = _text(document.get("text"))
        duration = _number(document.get("audio_duration"))
        return Transcript(
            transcript_id=str(document.get("id") or ""),
            text=text,
            confidence=_number(document.get("confidence")),
            audio_duration_seconds=None if duration is None else math.ceil(duration),
            language_code=_name(document.get("language_code")),
            speech_model_used=_name(document.get("speech_model_used")),
            warnings=tuple(_warnings(document.get("metadata"))),
            segments=_segments(document, text, int((duration or 0) * 1000)),
        )
    except (AttributeError, TypeError, ValueError) as error:
        raise UnreadableTranscriptError(str(error)) from error


def _segments(document: Mapping[str, Any], text: str, duration_ms: int) -> tuple[Segment, ...]:
    """By AssemblyAI's utterances, else by the words, else the text in one piece."""
    segments = [*map(_utterance, _entries(document.get("utterances")))]
    segments = [segment for segment in segments if segment.text]
    segments = segments or list(cut_into_segments(_words(document.get("words"))))
    if not segments and text.strip():
        return (Segment(0, duration_ms, None, None, text.strip(), None, ()),)
    return tuple(sorted(segments, key=lambda segment: (segment.start_ms, segment.end_ms)))


def _utterance(utterance: Mapping[str, Any]) -> Segment:
    begin = _milliseconds(utterance.get("start"), 0)
    words = _words(utterance.get("words"), begin)
    start = begin if utterance.get("start") is not None or not words else words[0].start_ms
    end = _milliseconds(utterance.get("end"), words[-1].end_ms if words else start)
    return Segment(
        start,
        max(start, end),
        _name(utterance.get("speaker")),
        _name(utterance.get("channel")),
        _text(utterance.get("text")).strip() or joined(words),
        _number(utterance.get("confidence")),
        words,
    )


def _words(value: object, begin_ms: int = 0) -> tuple[Word, ...]:
    """In the order of time; a word without times is where the word before it ends."""
    words = []
    last = begin_ms
    for entry in _entries(value):
        start = _milliseconds(entry.get("start"), last)
        last = max(start, _milliseconds(entry.get("end"), start))
        if text := _text(entry.get("text")).strip():
            speaker, channel = _name(entry.get("speaker")), _name(entry.get("channel"))
            words.append(
                Word(text, start, last, _number(entry.get("confidence")), speaker, channel)
            )
    return tuple(sorted(words, key=lambda word: word.start_ms))


def _entries(value: object) -> list[Mapping[str, Any]]:
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(entry, Mapping) for entry in value):
        raise TypeError(f"expected a list of objects, not {type(value).__name__}")
    return value


def _warnings(metadata: object) -> Iterator[str]:
    warnings = metadata.get("warnings") if isinstance(metadata, Mapping) else None
    for warning in warnings if isinstance(warnings, list) else ():
        message = _name(warning.get("message")) if isinstance(warning, Mapping) else None
        if message:
            yield message


def _text(value: object) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        raise TypeError(f"expected a text, not {type(value).__name__}")
    # JSON can carry a lone surrogate, UTF-8 cannot
    return value.encode(errors="replace").decode()


def _milliseconds(value: object, default: int) -> int:
    if value is None:
        return default
    number = _number(value)
    if number is None:
        raise TypeError(f"expected a time in milliseconds, not {value!r:.40}")
    return max(0, int(number))


def _name(value: object) -> str | None:
    """A detail that no transcript is lost to: None where it is not what it should be."""
    return _text(value) or None if isinstance(value, str) else None


def _number(value: object) -> float | None:
    """A detail as well; JSON readers let NaN and infinity pass, the calls table does not."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if abs(value) < 2**53 else None
