"""Strict readers of SubRip and WebVTT, and what can be measured of subtitles."""

from __future__ import annotations

import html
import re
from itertools import pairwise
from typing import NamedTuple

GAP_MS = 83
MAX_MS = 7000
LINE_CHARACTERS = 42
CHARACTERS_A_SECOND = 20
AT_MOST_A_SECOND = 30


class Cue(NamedTuple):
    """What a player shows, and the voice that WebVTT marks."""

    start_ms: int
    end_ms: int
    lines: list[str]
    voice: str | None = None

    @property
    def text(self) -> str:
        return " ".join(self.lines)

    @property
    def characters_a_second(self) -> float:
        return 1000 * len(self.text) / (self.end_ms - self.start_ms)


def parse_srt(text: str) -> list[Cue]:
    """Numbered from one, without a gap."""
    blocks = text.removesuffix("\n").split("\n\n") if text else []
    for number, block in enumerate(blocks, start=1):
        assert block.startswith(f"{number}\n"), block
    return _cues([block.split("\n", 1)[1] for block in blocks], ",")


def parse_vtt(text: str) -> list[Cue]:
    """With voices only, and every other mark escaped."""
    header, *blocks = text.removesuffix("\n").split("\n\n")
    assert header == "WEBVTT"
    return [_voiced(cue) for cue in _cues(blocks, ".")]


def check(cues: list[Cue]) -> None:
    """The rules that hold whatever is said. A subtitle is too fast only where the next one follows at
    once, and even then not by much."""
    for cue in cues:
        assert cue.characters_a_second <= AT_MOST_A_SECOND
        assert 1 <= len(cue.lines) <= 2
        assert all(len(line) <= LINE_CHARACTERS for line in cue.lines), cue
        assert cue.end_ms - cue.start_ms <= MAX_MS, cue
    for cue, after in pairwise(cues):
        assert after.start_ms - cue.end_ms >= GAP_MS, (cue, after)
        assert cue.characters_a_second <= CHARACTERS_A_SECOND or (
            after.start_ms - cue.end_ms <= GAP_MS + 1
        ), (cue, after)
    assert not cues or cues[-1].characters_a_second <= CHARACTERS_A_SECOND


def _cues(blocks: list[str], separator: str) -> list[Cue]:
    """Strict: times, one or two lines of text, no arrow but the one between the times."""
    cues = []
    for block in blocks:
        times, *lines = block.split("\n")
        start, end = (_milliseconds(part, separator) for part in times.split(" --> "))
        assert start < end
        assert 1 <= len(lines) <= 2, block
        assert all(line.strip() and "-->" not in line for line in lines), block
        cues.append(Cue(start, end, lines))
    return cues


def _voiced(cue: Cue) -> Cue:
    voice, first = re.fullmatch(
        r"(?:<v ([^<>&\n]*(?:&\w+;[^<>&\n]*)*)>)?(.*)", cue.lines[0]
    ).groups()  # type: ignore[union-attr]
    for line in (first, *cue.lines[1:]):
        assert not re.search(r"[<>]|&(?!amp;|lt;|gt;)", line), line
    lines = [html.unescape(line) for line in (first, *cue.lines[1:])]
    return cue._replace(lines=lines, voice=voice and html.unescape(voice))


def _milliseconds(clock: str, separator: str) -> int:
    match = re.fullmatch(rf"(\d\d+):([0-5]\d):([0-5]\d){re.escape(separator)}(\d\d\d)", clock)
    assert match, clock
    hours, minutes, seconds, rest = map(int, match.groups())
    return ((hours * 60 + minutes) * 60 + seconds) * 1000 + rest
