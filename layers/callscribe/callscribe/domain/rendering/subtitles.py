"""A call's transcript as subtitles: SubRip and WebVTT."""

from __future__ import annotations

import html
from dataclasses import replace

from callscribe.domain.rendering.call_transcript import (
    CallTranscript,
    TimedTranscript,
    format_clock,
    speaker_name,
)
from callscribe.domain.rendering.cues import LINE_CHARACTERS, MIN_MS, Cue, cues_of, stretched
from callscribe.domain.transcripts import Segment

# SubRip has no escapes: what could be read as markup or as another cue's times looks alike instead
_NO_MARKUP = str.maketrans("<>", "\u2039\u203a")


def render_srt(call: CallTranscript) -> str:
    """SubRip: numbered cues with a comma before the milliseconds; empty where there is no speech."""
    cues = enumerate(_cues(call, prefixed=True), start=1)
    return "\n".join(_subrip(number, cue) for number, cue in cues)


def render_vtt(call: CallTranscript) -> str:
    """WebVTT with voice spans; markup in the text is escaped."""
    return "\n".join(["WEBVTT\n", *map(_webvtt, _cues(call, prefixed=False))])


def _subrip(number: int, cue: Cue) -> str:
    text = "\n".join(cue.lines).translate(_NO_MARKUP)
    return f"{number}\n{_times(cue, ',')}\n{text}\n"


def _webvtt(cue: Cue) -> str:
    text = html.escape("\n".join(cue.lines), quote=False)
    voice = f"<v {html.escape(cue.speaker, quote=False)}>" if cue.speaker else ""
    return f"{_times(cue, '.')}\n{voice}{text}\n"


def _times(cue: Cue, separator: str) -> str:
    return f"{format_clock(cue.start_ms, separator)} --> {format_clock(cue.end_ms, separator)}"


def _cues(call: CallTranscript, *, prefixed: bool) -> list[Cue]:
    cues = [cue for part in call.recordings for cue in _cues_of_part(part, prefixed=prefixed)]
    return sorted(cues, key=lambda cue: (cue.start_ms, cue.end_ms))


def _cues_of_part(part: TimedTranscript, *, prefixed: bool) -> list[Cue]:
    segments = part.transcript.segments
    cues = [cue for segment in segments for cue in _cues_of_segment(segment, prefixed=prefixed)]
    seconds = part.transcript.audio_duration_seconds
    last_ms = max((cue.start_ms for cue in cues), default=0)
    until_ms = last_ms + MIN_MS if seconds is None else seconds * 1000
    return [
        replace(cue, start_ms=cue.start_ms + part.offset_ms, end_ms=cue.end_ms + part.offset_ms)
        for cue in stretched(cues, until_ms=until_ms)
    ]


def _cues_of_segment(segment: Segment, *, prefixed: bool) -> list[Cue]:
    name = speaker_name(segment)
    prefix = f"{name[: LINE_CHARACTERS // 2]}:" if name and prefixed else ""
    return [replace(cue, speaker=name) for cue in cues_of(segment, prefix=prefix)]
