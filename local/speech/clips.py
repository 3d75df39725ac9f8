"""The clips beside this file: 8 kHz, 16 bit, one channel, as Twilio's WAV files are."""

from __future__ import annotations

import json
import wave
from dataclasses import dataclass
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
RATE = 8000
BYTES_A_SECOND = 2 * RATE


@dataclass(frozen=True, slots=True)
class SpokenWord:
    text: str
    start_ms: int
    end_ms: int


@dataclass(frozen=True, slots=True)
class Clip:
    """``pcm`` without a header; ``voice`` tells two speakers apart."""

    name: str
    pcm: bytes
    text: str
    voice: str
    words: tuple[SpokenWord, ...]

    @property
    def duration_ms(self) -> int:
        return len(self.pcm) * 1000 // BYTES_A_SECOND


@cache
def load_clips() -> dict[str, Clip]:
    """Every clip by name; the beep has no words."""
    clips = {}
    for path in sorted(FOLDER.glob("*.wav")):
        with wave.open(str(path), "rb") as file:
            pcm = file.readframes(file.getnframes())
        script_path = path.with_suffix(".json")
        script = json.loads(script_path.read_text()) if script_path.exists() else {}
        clips[path.stem] = Clip(
            name=path.stem,
            pcm=pcm,
            text=script.get("text", ""),
            voice=script.get("voice", ""),
            words=tuple(SpokenWord(**word) for word in script.get("words", ())),
        )
    return clips


def clip_for_text(text: str) -> Clip | None:
    """The clip in which exactly this is said; None where no clip says it."""
    return next((clip for clip in load_clips().values() if clip.text == text), None)
