"""What was said in a recording, and how words without any other order are cut into segments."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

_SENTENCE_END = re.compile(r"""[.?!…。？！]["'”’)\]]*$""")  # noqa: RUF001 - full-width marks are meant
_TITLES = frozenset({"Mr.", "Mrs.", "Ms.", "Dr.", "St."})
_LONG_GAP_MS = 1500
_LONG_SEGMENT_MS = 12_000


class UnreadableTranscriptError(ValueError):
    """A transcription vendor's document has an essential field of a wrong type."""


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
    """``audio_duration_seconds`` is rounded up, and not multiplied by channels."""

    transcript_id: str
    text: str
    confidence: float | None
    audio_duration_seconds: int | None
    language_code: str | None
    speech_model_used: str | None
    warnings: tuple[str, ...]
    segments: tuple[Segment, ...]


def cut_into_segments(words: Iterable[Word]) -> Iterator[Segment]:
    """Cuts at the ends of sentences, at long pauses, and where a speaker goes on too long."""
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
        joined(part),
        sum(confidences) / len(confidences) if confidences else None,
        tuple(part),
    )


def joined(words: Iterable[Word]) -> str:
    """The words as one text."""
    return " ".join(word.text for word in words)
