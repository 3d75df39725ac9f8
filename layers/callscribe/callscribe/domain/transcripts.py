"""AssemblyAI's transcript document, read leniently: it has some eighty keys and grows new ones."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

_SENTENCE_ENDS = (".", "?", "!", "。", "？", "！")  # noqa: RUF001 - full-width marks are meant
_LONG_GAP_MS = 1500
_LONG_SEGMENT_MS = 12_000


class UnreadableTranscriptError(ValueError):
    """An essential field is of a wrong type."""


@dataclass(frozen=True, slots=True)
class Word:
    """Times in milliseconds from the recording's begin."""

    text: str
    start_ms: int
    end_ms: int


@dataclass(frozen=True, slots=True)
class Segment:
    """What one speaker said in one go. ``speaker`` A, B, … or 1A; ``channel`` "1" or "2"."""

    start_ms: int
    end_ms: int
    speaker: str | None
    channel: str | None
    text: str
    confidence: float | None
    words: tuple[Word, ...]


@dataclass(frozen=True, slots=True)
class Transcript:
    """``audio_duration_seconds`` is rounded up by AssemblyAI, and not multiplied by channels."""

    transcript_id: str
    text: str
    confidence: float | None
    audio_duration_seconds: int | None
    language_code: str | None
    speech_model_used: str | None
    warnings: tuple[str, ...]
    segments: tuple[Segment, ...]
    deleted_by_user: bool


def read_transcript(document: Mapping[str, Any]) -> Transcript:
    """A completed transcript; unknown keys, missing keys and nulls are all right.

    Raises:
        UnreadableTranscriptError: a field that is there has a type that cannot be used.
    """
    try:
        return Transcript(
            transcript_id=str(document.get("id") or ""),
            text=_text(document.get("text")),
            confidence=_number(document.get("confidence")),
            audio_duration_seconds=_whole(document.get("audio_duration")),
            language_code=document.get("language_code"),
            speech_model_used=document.get("speech_model_used"),
            warnings=tuple(_warnings(document.get("metadata") or {})),
            segments=tuple(_segments(document)),
            # AssemblyAI leaves the status completed and marks a deleted one so
            deleted_by_user=document.get("audio_url") == "http://deleted_by_user"
            or document.get("text") == "Deleted by user.",
        )
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise UnreadableTranscriptError(str(error)) from error


def _segments(document: Mapping[str, Any]) -> Iterator[Segment]:
    utterances = document.get("utterances")
    if not utterances:
        yield from _from_words(document.get("words") or ())
        return
    ordered = sorted(utterances, key=lambda u: (u["start"], u["end"]))
    for utterance in ordered:
        yield Segment(
            int(utterance["start"]),
            int(utterance["end"]),
            utterance.get("speaker"),
            utterance.get("channel"),
            _text(utterance.get("text")),
            _number(utterance.get("confidence")),
            tuple(map(_word, utterance.get("words") or ())),
        )


def _from_words(words: Sequence[Mapping[str, Any]]) -> Iterator[Segment]:
    """Cuts at the ends of sentences, at long pauses, and where somebody speaks too long."""
    part: list[Mapping[str, Any]] = []
    for word in words:
        if part and _breaks(part, word):
            yield _segment(part)
            part = []
        part.append(word)
    if part:
        yield _segment(part)


def _breaks(part: Sequence[Mapping[str, Any]], word: Mapping[str, Any]) -> bool:
    last = part[-1]
    return (
        _text(last["text"]).endswith(_SENTENCE_ENDS)
        or word["start"] - last["end"] > _LONG_GAP_MS
        or word["end"] - part[0]["start"] > _LONG_SEGMENT_MS
        or _voice(word) != _voice(last)
    )


def _segment(part: Sequence[Mapping[str, Any]]) -> Segment:
    confidences = [c for c in (_number(word.get("confidence")) for word in part) if c is not None]
    return Segment(
        int(part[0]["start"]),
        int(part[-1]["end"]),
        part[0].get("speaker"),
        part[0].get("channel"),
        " ".join(_text(word["text"]) for word in part),
        sum(confidences) / len(confidences) if confidences else None,
        tuple(map(_word, part)),
    )


def _voice(word: Mapping[str, Any]) -> tuple[Any, Any]:
    return word.get("channel"), word.get("speaker")


def _word(word: Mapping[str, Any]) -> Word:
    return Word(_text(word["text"]), int(word["start"]), int(word["end"]))


def _warnings(metadata: Mapping[str, Any]) -> Iterator[str]:
    for warning in metadata.get("warnings") or ():
        yield str(warning.get("message") if isinstance(warning, Mapping) else warning)


def _text(value: object) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        raise TypeError(f"expected a text, not {type(value).__name__}")
    return value


def _number(value: object) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(f"expected a number, not {type(value).__name__}")
    return float(value)


def _whole(value: object) -> int | None:
    number = _number(value)
    return None if number is None else int(number)
