"""Sound on a call: what either side says and when, and the WAV files that are made of it."""

from __future__ import annotations

import io
import math
import struct
import wave
from dataclasses import dataclass, field

from local.speech.clips import BYTES_A_SECOND, RATE, clip_for_text

# about the pace of the shipped clips
_MS_A_CHARACTER = 65
_TONE_HZ = 220
_TONE_LOUDNESS = 3000


@dataclass(slots=True)
class Track:
    """One side of a call: pieces of sound at their times in milliseconds; silence in between."""

    pieces: list[tuple[int, bytes]] = field(default_factory=list)

    def put(self, start_ms: int, pcm: bytes) -> None:
        self.pieces.append((start_ms, pcm))

    def render(self, start_ms: int, end_ms: int) -> bytes:
        """The samples from ``start_ms`` to ``end_ms``."""
        sound = bytearray(_bytes(end_ms - start_ms))
        for at_ms, pcm in self.pieces:
            offset = _bytes(at_ms) - _bytes(start_ms)
            heard = pcm[max(0, -offset) :]
            offset = max(0, offset)
            heard = heard[: max(0, len(sound) - offset)]
            sound[offset : offset + len(heard)] = heard
        return bytes(sound)


def spoken(text: str) -> bytes:
    """The shipped clip of a text, or a low tone of about its length: simulated speech."""
    clip = clip_for_text(text)
    if clip is not None:
        return clip.pcm
    return tone(max(300, len(text) * _MS_A_CHARACTER))


def tone(duration_ms: int) -> bytes:
    count = RATE * duration_ms // 1000
    wave_form = (math.sin(2 * math.pi * _TONE_HZ * n / RATE) for n in range(count))
    return b"".join(struct.pack("<h", int(_TONE_LOUDNESS * value)) for value in wave_form)


def duration_ms(pcm: bytes) -> int:
    return len(pcm) * 1000 // BYTES_A_SECOND


def write_wav(channels: tuple[bytes, ...]) -> bytes:
    """A WAV file of one or two channels of equal length."""
    output = io.BytesIO()
    with wave.open(output, "wb") as file:
        file.setnchannels(len(channels))
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(_interleaved(channels))
    return output.getvalue()


def mixed(channels: tuple[bytes, ...]) -> bytes:
    """All channels in one."""
    if len(channels) == 1:
        return channels[0]
    first, second = (memoryview(channel).cast("h") for channel in channels)
    sums = (max(-32768, min(32767, a + b)) for a, b in zip(first, second, strict=True))
    return struct.pack(f"<{len(first)}h", *sums)


def _interleaved(channels: tuple[bytes, ...]) -> bytes:
    if len(channels) == 1:
        return channels[0]
    sound = bytearray(2 * len(channels[0]))
    for number, channel in enumerate(channels):
        sound[2 * number :: 4] = channel[0::2]
        sound[2 * number + 1 :: 4] = channel[1::2]
    return bytes(sound)


def _bytes(milliseconds: int) -> int:
    return max(0, milliseconds * RATE // 1000) * 2
