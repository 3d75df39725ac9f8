"""Which of the shipped clips are heard in a recording, and when. Anything else is not understood.

No speech recognition: a clip is found by its exact samples, so the words' times are true, and a
recording of anything else is said plainly to be unknown.
"""

from __future__ import annotations

import io
import wave
import zlib
from dataclasses import dataclass
from typing import Any

from local.simulators.assemblyai.rules import TOO_SHORT
from local.speech.clips import BYTES_A_SECOND, RATE, Clip, load_clips

UNKNOWN_TEXT = "[simulated AssemblyAI: the words of this recording are not known to the simulator]"
# AssemblyAI's shortest audio
MIN_MS = 160
# enough samples to be unlike any other sound, taken where the clip is loud
_PROBE_BYTES = 2000


class AudioError(Exception):
    """The file cannot be transcribed; the message is AssemblyAI's wording."""


@dataclass(frozen=True, slots=True)
class Audio:
    """``channels`` holds each channel's samples, 16 bit."""

    channels: tuple[bytes, ...]
    duration_ms: int


@dataclass(frozen=True, slots=True)
class Heard:
    clip: Clip | None
    start_ms: int
    words: tuple[dict[str, Any], ...]


def read_audio(data: bytes, content_type: str) -> Audio:
    """A RIFF/WAVE file's samples. Raises AudioError."""
    try:
        with wave.open(io.BytesIO(data)) as file:
            if file.getsampwidth() != 2 or file.getframerate() != RATE:
                raise AudioError("Transcoding failed. The simulator reads 8 kHz, 16 bit WAV only")
            count = file.getnchannels()
            frames = file.readframes(file.getnframes())
    except (wave.Error, EOFError) as error:
        kind = content_type or "application/octet-stream"
        raise AudioError(f"File does not appear to contain audio. File type is {kind}") from error
    duration_ms = len(frames) * 1000 // (BYTES_A_SECOND * count)
    if duration_ms < MIN_MS:
        raise AudioError(TOO_SHORT)
    return Audio(tuple(_pick(frames, n, count) for n in range(count)), duration_ms)


def hear(pcm: bytes, duration_ms: int) -> list[Heard]:
    """The clips in a channel in the order of time; one unknown entry for sound without any."""
    found = [entry for clip in load_clips().values() for entry in _find(pcm, clip, duration_ms)]
    if found:
        return sorted(found, key=lambda entry: entry.start_ms)
    return [] if is_silent(pcm) else [_unknown(duration_ms)]


def is_silent(pcm: bytes) -> bool:
    """Digital silence: every sample is zero."""
    return not any(pcm)


def _pick(frames: bytes, channel: int, count: int) -> bytes:
    if count == 1:
        return frames
    picked = bytearray(len(frames) // count)
    picked[0::2] = frames[2 * channel :: 2 * count]
    picked[1::2] = frames[2 * channel + 1 :: 2 * count]
    return bytes(picked)


def _find(pcm: bytes, clip: Clip, duration_ms: int) -> list[Heard]:
    if not clip.words:
        return []
    middle = len(clip.pcm) // 4 * 2
    probe = clip.pcm[middle : middle + _PROBE_BYTES]
    found = []
    at = pcm.find(probe)
    while at >= 0:
        start_ms = (at - middle) * 1000 // BYTES_A_SECOND
        found.append(Heard(clip, start_ms, _words(clip, start_ms, duration_ms)))
        at = pcm.find(probe, at + len(probe))
    return found


def _words(clip: Clip, start_ms: int, duration_ms: int) -> tuple[dict[str, Any], ...]:
    """Those that lie within the recording: it may begin or end in the middle of a clip."""
    words = []
    for word in clip.words:
        start, end = start_ms + word.start_ms, start_ms + word.end_ms
        if start >= 0 and end <= duration_ms:
            confidence = 0.9 + zlib.crc32(f"{word.text}{word.start_ms}".encode()) % 100 / 1000
            words.append(
                {"text": word.text, "start": start, "end": end, "confidence": round(confidence, 3)}
            )
    return tuple(words)


def _unknown(duration_ms: int) -> Heard:
    texts = UNKNOWN_TEXT.split()
    step = duration_ms // len(texts)
    words = [
        {"text": text, "start": n * step, "end": (n + 1) * step, "confidence": 0.0}
        for n, text in enumerate(texts)
    ]
    return Heard(None, 0, tuple(words))
