"""Subtitles that can be read in the time they are shown, whatever the vendor's times say."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from callscribe.domain.transcripts import Segment, Word

# two lines of 42 characters, seven seconds: what broadcasters' guides ask of subtitles
LINE_CHARACTERS = 42
MAX_MS = 7000
# AssemblyAI times most words of two channels at 80 ms, too short to read
MIN_MS = 1000
_PAUSE_MS = 1500

# control characters; the line separators among them would end a cue
_CONTROL = dict.fromkeys([*range(32), *range(0x7F, 0xA0)], " ")


@dataclass(frozen=True, slots=True)
class Cue:
    """``start_ms`` is before ``end_ms``; one or two lines, none of them empty."""

    start_ms: int
    end_ms: int
    lines: tuple[str, ...]
    speaker: str | None = None


def one_line(text: str) -> str:
    """Without line breaks and control characters."""
    return " ".join(text.translate(_CONTROL).split())


def cues_of(segment: Segment, *, prefix: str = "") -> Iterator[Cue]:
    """A segment in cues, each beginning with ``prefix``; none for a segment without text."""
    cue: Cue | None = None
    for piece in _pieces(segment):
        longer = cue and _joined(cue, piece)
        if cue and not longer:
            yield cue
        cue = longer or _begun(prefix, piece)
    if cue:
        yield cue


def stretched(cues: Sequence[Cue], *, until_ms: int) -> list[Cue]:
    """In the order of time, each shown long enough to be read: a second, or until the next."""
    ordered = sorted(cues, key=lambda cue: (cue.start_ms, cue.end_ms))
    nexts = [*(cue.start_ms for cue in ordered[1:]), until_ms]
    return [
        replace(cue, end_ms=max(cue.end_ms, min(cue.start_ms + MIN_MS, following, until_ms)))
        for cue, following in zip(ordered, nexts, strict=False)
    ]


def _begun(prefix: str, piece: Word) -> Cue:
    line = f"{prefix} {piece.text}" if prefix else piece.text
    lines = (line,) if len(line) <= LINE_CHARACTERS else (prefix, piece.text)
    return Cue(piece.start_ms, _end(piece.start_ms, piece), lines)


def _joined(cue: Cue, piece: Word) -> Cue | None:
    """The cue with one more piece; None where it would be too much, or a pause lies between."""
    end = _end(cue.start_ms, piece)
    if end < piece.end_ms or piece.start_ms - cue.end_ms > _PAUSE_MS:
        return None
    line = f"{cue.lines[-1]} {piece.text}"
    if len(line) <= LINE_CHARACTERS:
        lines = (*cue.lines[:-1], line)
    elif len(cue.lines) == 1:
        lines = (*cue.lines, piece.text)
    else:
        return None
    return Cue(cue.start_ms, max(cue.end_ms, end), lines)


def _end(start_ms: int, piece: Word) -> int:
    return max(start_ms + 1, min(piece.end_ms, start_ms + MAX_MS))


def _pieces(segment: Segment) -> Iterator[Word]:
    """The words, and texts without words, in pieces of a line at most, spread over their time."""
    for word in segment.words or (Word(segment.text, segment.start_ms, segment.end_ms),):
        texts = [
            text[at : at + LINE_CHARACTERS]
            for text in one_line(word.text).split()
            for at in range(0, len(text), LINE_CHARACTERS)
        ]
        span = word.end_ms - word.start_ms
        for number, text in enumerate(texts):
            start = word.start_ms + span * number // len(texts)
            yield Word(text, start, word.start_ms + span * (number + 1) // len(texts))
