"""A call's transcript as a JSON document and as plain text."""

from __future__ import annotations

import json

from callscribe.domain.rendering.call_transcript import (
    CallTranscript,
    TimedTranscript,
    format_clock,
    speaker_name,
)
from callscribe.domain.rendering.tokens import one_line
from callscribe.domain.transcripts import Segment


def render_json(call: CallTranscript) -> str:
    """All recordings with their segments; times in milliseconds on the call's clock."""
    document = {
        "call_id": call.call_id,
        "recordings": [_recording(recording) for recording in call.recordings],
    }
    return json.dumps(document, ensure_ascii=False)


def render_txt(call: CallTranscript) -> str:
    """A line for each segment: ``[00:01:02.345] Speaker A: …``; a heading for each recording."""
    with_heading = len(call.recordings) > 1
    return "\n".join(_block(part, with_heading=with_heading) for part in call.recordings)


def _recording(part: TimedTranscript) -> dict[str, object]:
    return {
        "recording_sid": part.label,
        "offset_ms": part.offset_ms,
        "transcript_id": part.transcript.transcript_id,
        "text": part.transcript.text,
        "confidence": part.transcript.confidence,
        "audio_duration_seconds": part.transcript.audio_duration_seconds,
        "language_code": part.transcript.language_code,
        "speech_model_used": part.transcript.speech_model_used,
        "warnings": list(part.transcript.warnings),
        "segments": [_segment(part.offset_ms, segment) for segment in part.transcript.segments],
    }


def _segment(offset_ms: int, segment: Segment) -> dict[str, object]:
    return {
        "start_ms": offset_ms + segment.start_ms,
        "end_ms": offset_ms + segment.end_ms,
        "speaker": segment.speaker,
        "channel": segment.channel,
        "speaker_name": speaker_name(segment),
        "text": segment.text,
        "confidence": segment.confidence,
    }


def _block(part: TimedTranscript, *, with_heading: bool) -> str:
    lines = [f"== Recording {one_line(part.label)}"] if with_heading else []
    lines += [_line(part.offset_ms, segment) for segment in part.transcript.segments]
    if not part.transcript.segments:
        lines.append("(no speech)")
    return "\n".join(lines) + "\n"


def _line(offset_ms: int, segment: Segment) -> str:
    name = speaker_name(segment)
    start = format_clock(offset_ms + segment.start_ms, ".")
    return f"[{start}] {f'{name}: ' if name else ''}{one_line(segment.text)}"
