"""Peaks of audio in every form that Twilio may send, whatever the pieces are in which it comes."""

from __future__ import annotations

import random
import struct
import tracemalloc
from base64 import b64decode
from collections.abc import Iterator

import pytest

from callscribe.adapters.wav_peaks import WavPeaks
from callscribe.domain.peaks import Peaks
from local.simulators.twilio.audio import tone, write_wav

RATE = 8000
PCM, MU_LAW = 1, 7


def wav(
    data: bytes, *, kind: int = PCM, channels: int = 1, bits: int = 16, **more: object
) -> bytes:
    """``before`` and ``after`` are chunks around the data; ``size`` is what is said of it."""
    frame = channels * bits // 8
    form = struct.pack("<HHIIHH", kind, channels, RATE, RATE * frame, frame, bits)
    said = more.get("size", len(data))
    assert isinstance(said, int)
    before, after = more.get("before", b""), more.get("after", b"")
    assert isinstance(before, bytes)
    assert isinstance(after, bytes)
    body = chunk(b"fmt ", form) + before + b"data" + struct.pack("<I", said) + data + after
    return b"RIFF" + struct.pack("<I", 4 + len(body)) + b"WAVE" + body


def chunk(name: bytes, content: bytes) -> bytes:
    return name + struct.pack("<I", len(content)) + content + b"\0" * (len(content) % 2)


def in_pieces(data: bytes, *sizes: int) -> Iterator[bytes]:
    at = turn = 0
    while at < len(data):
        yield data[at : at + sizes[turn % len(sizes)]]
        at += sizes[turn % len(sizes)]
        turn += 1


def peaks_of(data: bytes, *sizes: int) -> Peaks | None:
    peaks = WavPeaks()
    for piece in in_pieces(data, *(sizes or (len(data),))):
        peaks.feed(piece)
    return peaks.result()


def noise(frames: int, channels: int) -> bytes:
    """Each tenth of a second of each channel has a loudness of its own."""
    chance = random.Random(frames)  # noqa: S311 - the same each time
    most = [chance.randrange(32_000) for _ in range((frames // 800 + 1) * channels)]
    samples = (
        chance.randint(-most[n // 800 * channels + c], most[n // 800 * channels + c])
        for n in range(frames)
        for c in range(channels)
    )
    return struct.pack(f"<{frames * channels}h", *samples)


def slowly(data: bytes, channels: int) -> list[list[int]]:
    """The greatest of every eighth sample, one by one."""
    samples = struct.unpack(f"<{len(data) // 2}h", data)
    found = []
    for channel in range(channels):
        own = [min(255, 2 * abs(one >> 8)) for one in samples[channel::channels]]
        found.append([max(own[at : at + 800 : 8]) for at in range(0, len(own), 800)])
    return found


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("frames", [1, 799, 800, 8000, 8123])
@pytest.mark.parametrize("sizes", [(10**6,), (44, 4096), (1,), (7, 3201, 1)])
def test_peaks_are_the_greatest_of_each_tenth_of_a_second(
    channels: int, frames: int, sizes: tuple[int, ...]
) -> None:
    data = noise(frames, channels)
    peaks = peaks_of(wav(data, channels=channels), *sizes)
    assert peaks is not None
    assert [list(channel) for channel in peaks.channels] == slowly(data, channels)


def test_sound_and_silence_are_told_apart_on_their_channels() -> None:
    loud, silent = tone(1000), bytes(16_000)
    peaks = peaks_of(write_wav((loud + silent, silent + loud)))
    assert peaks is not None
    first, second = peaks.channels
    # a tone of 3,000 of 32,768, rounded up
    assert set(first[:10]) == set(second[10:]) == {24}
    assert set(first[10:]) == set(second[:10]) == {0}


@pytest.mark.parametrize("channels", [1, 2])
def test_mu_law_is_as_loud_as_what_it_stands_for(channels: int) -> None:
    # G.711: 0xFF and 0x7F are zero, 0x00 and 0x80 the loudest of either sign
    quiet, loud = b"\xff\x7f" * 400 * channels, b"\x80" * 800 * channels
    data = quiet + loud + b"\x00" * 800 * channels + b"\x9f" * 800 * channels
    extended = chunk(b"fact", bytes(4)) + chunk(b"LIST", b"odd")
    peaks = peaks_of(wav(data, kind=MU_LAW, bits=8, channels=channels, before=extended), 100)
    assert peaks is not None
    assert [list(channel) for channel in peaks.channels] == [[0, 250, 250, 64]] * channels


def test_loudest_sample_of_either_sign_is_255_at_most() -> None:
    for sample, peak in ((-32_768, 255), (32_767, 254), (-1, 2), (255, 0)):
        peaks = peaks_of(wav(struct.pack("<h", sample) * 800))
        assert peaks == Peaks((bytes([peak]),))


@pytest.mark.parametrize("size", [0, 0xFFFFFFFF])
def test_length_that_the_writer_did_not_know_is_that_of_the_stream(size: int) -> None:
    data = noise(1600, 1)
    assert peaks_of(wav(data, size=size)) == peaks_of(wav(data))


def test_what_follows_the_sound_is_no_sound() -> None:
    data = noise(1000, 2)
    after = chunk(b"LIST", b"\x7f" * 5000)
    assert peaks_of(wav(data, channels=2, after=after), 999) == peaks_of(wav(data, channels=2))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"RIFF",
        b"RIFF\0\0\0\0WAVE" + bytes(10_000),
        wav(bytes(1600), bits=8),
        wav(bytes(1600), bits=24),
        wav(bytes(1600), kind=85),
        wav(b"", channels=0),
        b"ID3\4" + bytes(20_000),
    ],
)
def test_of_other_sound_there_are_none(data: bytes) -> None:
    assert peaks_of(data, 500) is None


def test_memory_does_not_grow_with_the_recording() -> None:
    piece = bytes(1 << 20)
    peaks = WavPeaks()
    peaks.feed(wav(b"", channels=2, size=0xFFFFFFFF))
    tracemalloc.start()
    for _ in range(30):
        peaks.feed(piece)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    found = peaks.result()
    assert found is not None
    # 9,830 peaks of each channel are all that is kept
    assert [len(channel) for channel in found.channels] == [9831, 9831]
    assert most < 2 * len(piece)


def test_document_has_a_byte_for_each_peak() -> None:
    document = Peaks((b"\0\x7f\xff", b"\1\2\3")).to_document()
    assert document["interval_ms"] == 100
    assert [b64decode(text) for text in document["channels"]] == [b"\0\x7f\xff", b"\1\2\3"]
