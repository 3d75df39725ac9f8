"""The clips: what is written beside them lies inside them."""

from __future__ import annotations

import wave

import pytest

from local.speech.clips import FOLDER, Clip, clip_for_text, load_clips

SPOKEN = [clip for clip in load_clips().values() if clip.words]


@pytest.mark.parametrize("clip", SPOKEN, ids=lambda clip: clip.name)
def test_words_lie_in_order_within_the_clip(clip: Clip) -> None:
    assert " ".join(word.text for word in clip.words) == clip.text
    last = 0
    for word in clip.words:
        assert last <= word.start_ms < word.end_ms <= clip.duration_ms
        last = word.start_ms


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.wav")), ids=lambda path: path.stem)
def test_files_are_what_twilio_serves(path: object) -> None:
    with wave.open(str(path)) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, 8000)


def test_clips_are_found_by_their_text_and_told_apart_by_their_sound() -> None:
    for clip in SPOKEN:
        assert clip_for_text(clip.text) is clip
        others = b"".join(other.pcm for other in SPOKEN if other is not clip)
        middle = len(clip.pcm) // 4 * 2
        assert clip.pcm[middle : middle + 2000] not in others
    assert clip_for_text("nobody ever said this") is None
