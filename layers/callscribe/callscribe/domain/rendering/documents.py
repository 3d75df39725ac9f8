"""A call's transcript as a JSON document and as plain text."""

from __future__ import annotations

import json
from collections.abc import Callable

from callscribe.domain.rendering.call_transcript import (
    CallTranscript,
    TimedTranscript,
    format_clock,
    speaker_name,
)
from callscribe.domain.rendering.tokens import one_line
from callscribe.domain.transcripts import Segment, Word


def render_json(call: CallTranscript) -> str:
    """All recordings with their segments; times in milliseconds on the call's clock."""
    document = {
        "call_id": call.call_id,
        "recordings": [_recording(recording, _segment) for recording in call.recordings],
    }
    return json.dumps(document, ensure_ascii=False)


def render_json_with_words(call: CallTranscript) -> str:
    """The same, each segment with its ``words``: ``[[start_ms, end_ms, confidence], …]``.

    Their texts are those of the segment's ``text``, split at white space; ``confidence`` may be null. As
    objects, 40,000 words would be three times as large.
    """
    document = {
        "call_id": call.call_id,
        "recordings": [_recording(recording, _segment_with_words) for recording in call.recordings],
    }
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"))


def render_txt(call: CallTranscript) -> str:
    """A line for each segment: ``[00:01:02.345] Speaker A: …``; a heading for each recording."""
    with_heading = len(call.recordings) > 1
    return "\n".join(_block(part, with_heading=with_heading) for part in call.recordings)


def _recording(
    part: TimedTranscript, render: Callable[[int, Segment], dict[str, object]]
) -> dict[str, object]:
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
        "segments": [render(part.offset_ms, segment) for segment in part.transcript.segments],
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


def _segment_with_words(offset_ms: int, segment: Segment) -> dict[str, object]:
    words = [_word(offset_ms, word) for word in segment.words]
    return {**_segment(offset_ms, segment), "words": words}


def _word(offset_ms: int, word: Word) -> tuple[int, int, float | None]:
    # two decimals tell what is doubtful; AssemblyAI's seven would be a third of the document
    confidence = None if word.confidence is None else round(word.confidence, 2)
    return offset_ms + word.start_ms, offset_ms + word.end_ms, confidence


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
