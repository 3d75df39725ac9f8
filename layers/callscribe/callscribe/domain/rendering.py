"""Transcripts of a call's recordings as one document, on the call's own clock."""

from __future__ import annotations

import html
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from callscribe.domain.transcripts import Segment, Transcript, Word

# two lines of 42 characters, seven seconds: what broadcasters' guides ask of subtitles
_LINE_CHARACTERS = 42
_CUE_CHARACTERS = 2 * _LINE_CHARACTERS
_CUE_MS = 7000


@dataclass(frozen=True, slots=True)
class TimedTranscript:
    """A recording's transcript; ``offset_ms`` is where it begins on the call's clock."""

    offset_ms: int
    label: str
    transcript: Transcript


@dataclass(frozen=True, slots=True)
class _Cue:
    start_ms: int
    end_ms: int
    speaker: str | None
    text: str


def render_json(call_id: str, parts: Sequence[TimedTranscript]) -> str:
    """All recordings with their segments; times in milliseconds on the call's clock."""
    document = {
        "call_id": call_id,
        "recordings": [
            {
                "recording_sid": part.label,
                "offset_ms": part.offset_ms,
                "transcript_id": part.transcript.transcript_id,
                "text": part.transcript.text,
                "confidence": part.transcript.confidence,
                "language_code": part.transcript.language_code,
                "speech_model_used": part.transcript.speech_model_used,
                "warnings": list(part.transcript.warnings),
                "segments": [_segment(part, segment) for segment in part.transcript.segments],
            }
            for part in parts
        ],
    }
    return json.dumps(document, ensure_ascii=False)


def render_txt(parts: Sequence[TimedTranscript]) -> str:
    """A line for each segment: ``[00:01:02.345] Speaker A: …``; a heading for each recording."""
    lines = []
    for part in parts:
        if len(parts) > 1:
            lines.append(f"== Recording {part.label}")
        for segment in part.transcript.segments:
            who = f"{speaker_name(segment)}: " if speaker_name(segment) else ""
            start = _clock(part.offset_ms + segment.start_ms, ".")
            lines.append(f"[{start}] {who}{_one_line(segment.text)}")
    return "\n".join(lines) + "\n"


def render_srt(parts: Sequence[TimedTranscript]) -> str:
    """SubRip: numbered cues with a comma before the milliseconds."""
    blocks = []
    for number, cue in enumerate(_cues(parts), start=1):
        who = f"{cue.speaker}: " if cue.speaker else ""
        times = f"{_clock(cue.start_ms, ',')} --> {_clock(cue.end_ms, ',')}"
        # an arrow in the text would read as another cue's times
        blocks.append(f"{number}\n{times}\n{who}{cue.text.replace('-->', '->')}\n")
    return "\n".join(blocks)


def render_vtt(parts: Sequence[TimedTranscript]) -> str:
    """WebVTT with voice spans; markup in the text is escaped."""
    blocks = ["WEBVTT\n"]
    for cue in _cues(parts):
        times = f"{_clock(cue.start_ms, '.')} --> {_clock(cue.end_ms, '.')}"
        text = html.escape(cue.text, quote=False)
        voice = f"<v {html.escape(cue.speaker, quote=False)}>" if cue.speaker else ""
        blocks.append(f"{times}\n{voice}{text}\n")
    return "\n".join(blocks)


def speaker_name(segment: Segment) -> str | None:
    """A channel's or a speaker's name; None where nobody was told apart."""
    if segment.channel is not None and segment.speaker in (None, segment.channel):
        return f"Channel {segment.channel}"
    return f"Speaker {_one_line(segment.speaker)}" if segment.speaker else None


def _segment(part: TimedTranscript, segment: Segment) -> dict[str, object]:
    return {
        "start_ms": part.offset_ms + segment.start_ms,
        "end_ms": part.offset_ms + segment.end_ms,
        "speaker": segment.speaker,
        "channel": segment.channel,
        "text": segment.text,
        "confidence": segment.confidence,
    }


def _cues(parts: Sequence[TimedTranscript]) -> list[_Cue]:
    cues = [
        _Cue(part.offset_ms + start, part.offset_ms + end, speaker_name(segment), text)
        for part in parts
        for segment in part.transcript.segments
        for start, end, text in _split(segment)
    ]
    return sorted(cues, key=lambda cue: (cue.start_ms, cue.end_ms))


def _split(segment: Segment) -> Iterator[tuple[int, int, str]]:
    """A segment in pieces that can be read in the time they are shown."""
    words = segment.words or (Word(segment.text, segment.start_ms, segment.end_ms),)
    piece: list[Word] = []
    for word in words:
        length = sum(len(w.text) + 1 for w in piece) + len(word.text)
        if piece and (length > _CUE_CHARACTERS or word.end_ms - piece[0].start_ms > _CUE_MS):
            yield _piece(piece)
            piece = []
        piece.append(word)
    if piece:
        yield _piece(piece)


def _piece(words: Sequence[Word]) -> tuple[int, int, str]:
    text = _one_line(" ".join(word.text for word in words))
    start = words[0].start_ms
    # a cue must not end before it begins, whatever the vendor's times say
    return start, max(words[-1].end_ms, start + 1), _two_lines(text)


def _two_lines(text: str) -> str:
    if len(text) <= _LINE_CHARACTERS:
        return text
    middle = text.rfind(" ", 0, _LINE_CHARACTERS + 1)
    return text if middle < 0 else f"{text[:middle]}\n{text[middle + 1 :]}"


def _one_line(text: str) -> str:
    """A line break, and above all an empty line, would end a cue."""
    return " ".join(text.split())


def _clock(milliseconds: int, separator: str) -> str:
    seconds, rest = divmod(max(0, milliseconds), 1000)
    minutes, second = divmod(seconds, 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours:02}:{minute:02}:{second:02}{separator}{rest:03}"
