"""AssemblyAI's transcript document, read leniently: it has some eighty keys and grows new ones."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

_SENTENCE_END = re.compile(r"""[.?!…。？！]["'”’)\]]*$""")  # noqa: RUF001 - full-width marks are meant
_TITLES = frozenset({"Mr.", "Mrs.", "Ms.", "Dr.", "St."})
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
    confidence: float | None = None
    speaker: str | None = None
    channel: str | None = None


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
            # AssemblyAI leaves the status completed and marks a deleted one so, in both fields;
            # the words alone may have been spoken
            deleted_by_user=text == "Deleted by user."
            and document.get("audio_url") == "http://deleted_by_user",
        )
    except (AttributeError, TypeError, ValueError) as error:
        raise UnreadableTranscriptError(str(error)) from error


def _segments(document: Mapping[str, Any], text: str, duration_ms: int) -> tuple[Segment, ...]:
    """By AssemblyAI's utterances, else by the words, else the text in one piece."""
    segments = [*map(_utterance, _entries(document.get("utterances")))]
    segments = [segment for segment in segments if segment.text]
    segments = segments or list(_from_words(_words(document.get("words"))))
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
        _text(utterance.get("text")).strip() or _joined(words),
        _number(utterance.get("confidence")),
        words,
    )


def _from_words(words: Iterable[Word]) -> Iterator[Segment]:
    """Cuts at the ends of sentences, at long pauses, and where somebody speaks too long."""
    by_channel: dict[str | None, list[Word]] = {}
    for word in words:
        by_channel.setdefault(word.channel, []).append(word)
    for channel in by_channel.values():
        part: list[Word] = []
        for word in channel:
            if part and _breaks(part, word):
                yield _segment(part)
                part = []
            part.append(word)
        yield _segment(part)


def _breaks(part: Sequence[Word], word: Word) -> bool:
    last = part[-1]
    return (
        _ends_sentence(last, word)
        or word.start_ms - last.end_ms > _LONG_GAP_MS
        or word.end_ms - part[0].start_ms > _LONG_SEGMENT_MS
        or word.speaker != last.speaker
    )


def _ends_sentence(last: Word, word: Word) -> bool:
    """Not after an abbreviation: a title, or one such as "p.m." that the sentence goes on after."""
    ends = _SENTENCE_END.search(last.text) is not None
    goes_on = "." in last.text[:-1] and word.text[0].islower()
    return ends and last.text not in _TITLES and not goes_on


def _segment(part: Sequence[Word]) -> Segment:
    confidences = [word.confidence for word in part if word.confidence is not None]
    return Segment(
        part[0].start_ms,
        part[-1].end_ms,
        part[0].speaker,
        part[0].channel,
        _joined(part),
        sum(confidences) / len(confidences) if confidences else None,
        tuple(part),
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


def _joined(words: Iterable[Word]) -> str:
    return " ".join(word.text for word in words)


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
    # JSON can carry half a character, UTF-8 cannot
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
