"""The transcripts of a call's recordings, on the call's own clock."""

from __future__ import annotations

from dataclasses import dataclass

from callscribe.domain.rendering.tokens import one_line
from callscribe.domain.transcripts import Segment, Transcript


@dataclass(frozen=True, slots=True)
class TimedTranscript:
    """A recording's transcript; ``offset_ms`` is where it begins on the call's clock."""

    offset_ms: int
    label: str
    transcript: Transcript


@dataclass(frozen=True, slots=True)
class CallTranscript:
    """What an export format renders: the recordings in order."""

    call_id: str
    recordings: tuple[TimedTranscript, ...]


def speaker_name(segment: Segment) -> str | None:
    """A channel's or a speaker's name; None where speakers were not told apart."""
    return one_line(_name(segment.speaker or "", segment.channel or "")) or None


def _name(speaker: str, channel: str) -> str:
    if channel and speaker in ("", channel):
        return f"Channel {channel}"
    # a longer one is a person's name: speaker_identification finds them out
    return f"Speaker {speaker}" if 1 <= len(speaker) <= 3 else speaker


def format_clock(milliseconds: int, separator: str) -> str:
    """``01:02:03.456``, with ``separator`` before the milliseconds."""
    seconds, rest = divmod(max(0, milliseconds), 1000)
    minutes, second = divmod(seconds, 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours:02}:{minute:02}:{second:02}{separator}{rest:03}"
