"""Makes the clips in this folder: `python -m local.speech.synthesize`, with Debian's espeak-ng installed.

Only needed to change a text; the WAV files and their scripts are in the repository. espeak-ng's word
events give every word its true place, and ``_TEXTS`` is all that was ever said.
"""

from __future__ import annotations

import ctypes
import json
import math
import struct
import wave
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
RATE = 8000

_TEXTS = {
    "greeting": (
        "en-us+f3",
        "Hello, this is callscribe. Please leave your message after the tone.",
    ),
    "appointment": (
        "en-us+f3",
        (
            "Hello, this is callscribe calling to confirm your appointment on Thursday at ten. "
            "Please tell me whether that still suits you."
        ),
    ),
    "goodbye": ("en-us+f3", "Thank you. Goodbye."),
    "callee_message": (
        "en-gb",
        (
            "Good morning. The parcel with the blue lamp has not arrived yet. "
            "It was promised for Tuesday, and today is Friday. "
            "Please find out where it is, and leave it with my neighbor if I am not at home. "
            "Thank you very much."
        ),
    ),
    "callee_dialogue": (
        "en-gb",
        (
            "Yes, hello. Thursday at ten suits me very well. "
            "I will bring the signed papers with me. See you on Thursday."
        ),
    ),
}

_EVENT_LIST_TERMINATED, _EVENT_WORD = 0, 1
_AUDIO_OUTPUT_SYNCHRONOUS = 2
_CHARS_UTF8 = 1
_PARAMETER_RATE, _WORDS_A_MINUTE = 1, 150


class _Identifier(ctypes.Union):
    _fields_ = (("number", ctypes.c_int), ("name", ctypes.c_char_p), ("string", ctypes.c_char * 8))


class _Event(ctypes.Structure):
    """espeak_EVENT of speak_lib.h; ``text_position`` counts characters from 1."""

    _fields_ = (
        ("type", ctypes.c_int),
        ("unique_identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("audio_position", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        ("id", _Identifier),
    )


_Callback = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(_Event)
)


def main() -> None:
    library = ctypes.CDLL("libespeak-ng.so.1")
    rate = library.espeak_Initialize(_AUDIO_OUTPUT_SYNCHRONOUS, 0, None, 0)
    for name, (voice, text) in _TEXTS.items():
        samples, starts = _speak(library, voice, text)
        _write_clip(name, voice, text, _resample(samples, rate), starts)
    _write_beep()


def _speak(library: ctypes.CDLL, voice: str, text: str) -> tuple[list[int], dict[int, int]]:
    """Samples at espeak's rate, and for a word's first character when it begins in milliseconds."""
    samples: list[int] = []
    starts: dict[int, int] = {}

    def collect(audio: object, count: int, events: object) -> int:
        if audio:
            samples.extend(audio[:count])  # type: ignore[index]
        position = 0
        while events[position].type != _EVENT_LIST_TERMINATED:  # type: ignore[index]
            if events[position].type == _EVENT_WORD:  # type: ignore[index]
                event = events[position]  # type: ignore[index]
                starts.setdefault(event.text_position - 1, event.audio_position)
            position += 1
        return 0

    callback = _Callback(collect)
    library.espeak_SetSynthCallback(callback)
    library.espeak_SetVoiceByName(voice.encode())
    library.espeak_SetParameter(_PARAMETER_RATE, _WORDS_A_MINUTE, 0)
    data = text.encode()
    library.espeak_Synth(data, len(data) + 1, 0, 1, 0, _CHARS_UTF8, None, None)
    library.espeak_Synchronize()
    return samples, starts


def _resample(samples: list[int], rate: int) -> bytes:
    """To 8 kHz by averaging: a telephone's quality needs no better filter."""
    step = rate / RATE
    out = []
    for index in range(int(len(samples) / step)):
        window = samples[int(index * step) : max(int((index + 1) * step), int(index * step) + 1)]
        out.append(sum(window) // len(window))
    return struct.pack(f"<{len(out)}h", *out)


def _write_clip(name: str, voice: str, text: str, pcm: bytes, heard: dict[int, int]) -> None:
    words = text.split()
    duration_ms = len(pcm) * 1000 // (2 * RATE)
    starts = _word_starts(text, words, heard, duration_ms)
    ends = [*starts[1:], duration_ms]
    _write_wav(name, pcm)
    script = {
        "text": text,
        "voice": f"espeak-ng {voice}",
        "duration_ms": duration_ms,
        "words": [
            # a word's sound fades before the next one begins
            {"text": word, "start_ms": start, "end_ms": max(start + 40, min(end - 20, start + 900))}
            for word, start, end in zip(words, starts, ends, strict=True)
        ],
    }
    path = FOLDER / f"{name}.json"
    path.write_text(json.dumps(script, indent=1) + "\n")


def _word_starts(text: str, words: list[str], heard: dict[int, int], duration_ms: int) -> list[int]:
    """espeak speaks some short words as one: such a word begins in proportion to its place."""
    starts: list[int] = []
    position = 0
    for word in words:
        position = text.index(word, position)
        guess = duration_ms * position // len(text)
        start = heard.get(position, guess)
        starts.append(max(start, starts[-1] + 40) if starts else start)
        position += len(word)
    return starts


def _write_beep() -> None:
    wave_form = (math.sin(2 * math.pi * 1000 * index / RATE) for index in range(RATE * 4 // 10))
    _write_wav("beep", b"".join(struct.pack("<h", int(9000 * value)) for value in wave_form))


def _write_wav(name: str, pcm: bytes) -> None:
    with wave.open(str(FOLDER / f"{name}.wav"), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(pcm)


if __name__ == "__main__":
    main()
