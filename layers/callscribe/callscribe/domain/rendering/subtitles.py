"""A call's transcript as subtitles: SubRip and WebVTT."""

from __future__ import annotations

import html
from collections.abc import Iterator
from dataclasses import replace

from callscribe.domain.rendering.call_transcript import (
    CallTranscript,
    TimedTranscript,
    format_clock,
)
from callscribe.domain.rendering.cues import Cue, Turn
from callscribe.domain.rendering.schedule import scheduled
from callscribe.domain.rendering.tokens import (
    LINE_COLUMNS,
    Token,
    fitting,
    runs_right_to_left,
)
from callscribe.domain.rendering.turns import Speech, turns_of

# SubRip has no escapes: what could be read as markup or as another cue's times looks alike instead
_NO_MARKUP = str.maketrans("<>", "\u2039\u203a")
# without it players lay an Arabic or Hebrew line out by the Latin name at its begin
_RIGHT_TO_LEFT = "\u200f"


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
    cues.sort(key=lambda cue: cue.not_before_ms)
    return scheduled(cues, until_ms=max(map(_end_ms, call.recordings), default=0))


def _end_ms(part: TimedTranscript) -> int:
    heard_ms = max((segment.end_ms for segment in part.transcript.segments), default=0)
    return part.offset_ms + max(heard_ms, 1000 * (part.transcript.audio_duration_seconds or 0))


def _cues_of_part(part: TimedTranscript, *, prefixed: bool) -> Iterator[Cue]:
    for speech in turns_of(part):
        is_named = prefixed and speech.speaker is not None
        tokens = (_name(speech), *speech.tokens) if is_named else speech.tokens
        for cue in Turn(tokens, is_named).cues():
            yield replace(cue, speaker=speech.speaker, not_before_ms=part.offset_ms)


def _name(speech: Speech) -> Token:
    """Cut to half a line; with a mark before it where the speech runs from right to left."""
    first = speech.tokens[0]
    name = f"{fitting(speech.speaker or '', LINE_COLUMNS // 2 - 2)}:"
    marked = _RIGHT_TO_LEFT + name if runs_right_to_left(first.text) else name
    return Token(marked, first.start_ms, first.start_ms)
