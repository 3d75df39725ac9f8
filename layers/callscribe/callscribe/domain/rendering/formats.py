"""Transcripts of a call's recordings as one document, on the call's own clock."""

from __future__ import annotations

import html
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

from callscribe.domain.rendering.cues import (
    LINE_CHARACTERS,
    MIN_MS,
    Cue,
    cues_of,
    one_line,
    stretched,
)
from callscribe.domain.transcripts import Segment, Transcript

# by channel or speaker, as AssemblyAI calls them: {"1": "Callee"}
Names = Mapping[str, str]
_NO_NAMES: Names = MappingProxyType({})
# SubRip has no escapes: what could be read as markup or as another cue's times looks alike instead
_NO_MARKUP = str.maketrans("<>", "\u2039\u203a")


@dataclass(frozen=True, slots=True)
class TimedTranscript:
    """A recording's transcript; ``offset_ms`` is where it begins on the call's clock."""

    offset_ms: int
    label: str
    transcript: Transcript


def render_json(
    call_id: str, parts: Sequence[TimedTranscript], *, speaker_names: Names = _NO_NAMES
) -> str:
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
                "audio_duration_seconds": part.transcript.audio_duration_seconds,
                "language_code": part.transcript.language_code,
                "speech_model_used": part.transcript.speech_model_used,
                "warnings": list(part.transcript.warnings),
                "segments": [
                    _segment(part, segment, speaker_names) for segment in part.transcript.segments
                ],
            }
            for part in parts
        ],
    }
    return json.dumps(document, ensure_ascii=False)


def render_txt(parts: Sequence[TimedTranscript], *, speaker_names: Names = _NO_NAMES) -> str:
    """A line for each segment: ``[00:01:02.345] Speaker A: …``; a heading for each recording."""
    blocks = []
    for part in parts:
        lines = [f"== Recording {one_line(part.label)}"] if len(parts) > 1 else []
        for segment in part.transcript.segments:
            name = speaker_name(segment, speaker_names)
            who = f"{name}: " if name else ""
            start = _clock(part.offset_ms + segment.start_ms, ".")
            lines.append(f"[{start}] {who}{one_line(segment.text)}")
        if not part.transcript.segments:
            lines.append("(no speech)")
        blocks.append("\n".join(lines) + "\n")
    return "\n".join(blocks)


def render_srt(parts: Sequence[TimedTranscript], *, speaker_names: Names = _NO_NAMES) -> str:
    """SubRip: numbered cues with a comma before the milliseconds; empty where nobody spoke."""
    blocks = []
    for number, cue in enumerate(_cues(parts, speaker_names, prefixed=True), start=1):
        times = f"{_clock(cue.start_ms, ',')} --> {_clock(cue.end_ms, ',')}"
        text = "\n".join(cue.lines).translate(_NO_MARKUP)
        blocks.append(f"{number}\n{times}\n{text}\n")
    return "\n".join(blocks)


def render_vtt(parts: Sequence[TimedTranscript], *, speaker_names: Names = _NO_NAMES) -> str:
    """WebVTT with voice spans; markup in the text is escaped."""
    blocks = ["WEBVTT\n"]
    for cue in _cues(parts, speaker_names, prefixed=False):
        times = f"{_clock(cue.start_ms, '.')} --> {_clock(cue.end_ms, '.')}"
        text = html.escape("\n".join(cue.lines), quote=False)
        voice = f"<v {html.escape(cue.speaker, quote=False)}>" if cue.speaker else ""
        blocks.append(f"{times}\n{voice}{text}\n")
    return "\n".join(blocks)


def speaker_name(segment: Segment, names: Names = _NO_NAMES) -> str | None:
    """A channel's or a speaker's name; None where nobody was told apart."""
    return one_line(_name(segment.speaker or "", segment.channel or "", names)) or None


def _name(speaker: str, channel: str, names: Names) -> str:
    if speaker in names:
        return names[speaker]
    if channel and speaker in ("", channel):
        return names.get(channel, f"Channel {channel}")
    if channel in names:
        # AssemblyAI calls the first speaker of channel 1 "1A"
        return f"{names[channel]} {speaker.removeprefix(channel)}"
    # a longer one is a person's name: speaker_identification finds them out
    return f"Speaker {speaker}" if 1 <= len(speaker) <= 3 else speaker


def _segment(part: TimedTranscript, segment: Segment, names: Names) -> dict[str, object]:
    return {
        "start_ms": part.offset_ms + segment.start_ms,
        "end_ms": part.offset_ms + segment.end_ms,
        "speaker": segment.speaker,
        "channel": segment.channel,
        "speaker_name": speaker_name(segment, names),
        "text": segment.text,
        "confidence": segment.confidence,
    }


def _cues(parts: Sequence[TimedTranscript], names: Names, *, prefixed: bool) -> list[Cue]:
    cues = [cue for part in parts for cue in _cues_of_part(part, names, prefixed=prefixed)]
    return sorted(cues, key=lambda cue: (cue.start_ms, cue.end_ms))


def _cues_of_part(part: TimedTranscript, names: Names, *, prefixed: bool) -> list[Cue]:
    cues = []
    for segment in part.transcript.segments:
        name = speaker_name(segment, names)
        prefix = f"{name[: LINE_CHARACTERS // 2]}:" if name and prefixed else ""
        cues += [replace(cue, speaker=name) for cue in cues_of(segment, prefix=prefix)]
    seconds = part.transcript.audio_duration_seconds
    last_ms = max((cue.start_ms for cue in cues), default=0)
    until_ms = last_ms + MIN_MS if seconds is None else seconds * 1000
    return [
        replace(cue, start_ms=cue.start_ms + part.offset_ms, end_ms=cue.end_ms + part.offset_ms)
        for cue in stretched(cues, until_ms=until_ms)
    ]


def _clock(milliseconds: int, separator: str) -> str:
    seconds, rest = divmod(max(0, milliseconds), 1000)
    minutes, second = divmod(seconds, 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours:02}:{minute:02}:{second:02}{separator}{rest:03}"
