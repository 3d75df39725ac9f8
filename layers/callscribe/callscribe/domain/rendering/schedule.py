"""When subtitles are shown: one at a time, and long enough to be read, near the time of speaking."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from callscribe.domain.rendering.cues import MAX_MS, Cue

# two frames of a film, so that the eye sees the text change
GAP_MS = 84
# twenty characters a second, and where there is no time for that, thirty
_CHARACTER_MS, _FASTEST_CHARACTER_MS = 50, 34
_SHORTEST_MS = 833
# no longer than this is nothing shown between two of them
_FLASH_MS = 500
# where speech is too fast, a subtitle may come before it, or stay behind it
_EARLY_MS = 500
_LATE_MS = 2000


def scheduled(cues: Sequence[Cue], *, until_ms: int) -> list[Cue]:
    """One after the other in the order given, which is about that of their beginnings.

    Each is shown while it is spoken and as long as it takes to read, at the expense of the silence
    around it; shorter only where too much is spoken for too long. The last one begins early enough to
    be read by ``until_ms``, when the audio ends.
    """
    if not cues:
        return []
    begins = _begins(cues, _latest_begins(cues, until_ms))
    end = max(until_ms, begins[-1] + _reading_ms(cues[-1]))
    ends = [*(begin - GAP_MS for begin in begins[1:]), end]
    return [
        replace(cue, start_ms=begin, end_ms=_end(cue, begin, free))
        for cue, begin, free in zip(cues, begins, ends, strict=True)
    ]


def _reading_ms(cue: Cue) -> int:
    return max(_SHORTEST_MS, _CHARACTER_MS * cue.columns)


def _fastest_ms(cue: Cue) -> int:
    return max(_SHORTEST_MS, _FASTEST_CHARACTER_MS * cue.columns)


def _latest_begins(cues: Sequence[Cue], until_ms: int) -> list[int]:
    """When each must begin for all to be read in time; hardly before it is spoken."""
    begins: list[int] = []
    end = until_ms
    for cue in reversed(cues):
        in_time = min(cue.start_ms, end - _reading_ms(cue))
        begins.append(max(cue.not_before_ms, cue.start_ms - _EARLY_MS, in_time))
        end = begins[-1] - GAP_MS
    return begins[::-1]


def _begins(cues: Sequence[Cue], latest: Sequence[int]) -> list[int]:
    """Once the cue before is read, or in haste, so as not to fall far behind what is spoken."""
    begins = [latest[0]]
    for (before, cue), begin in zip(pairwise(cues), latest[1:], strict=True):
        in_haste = begins[-1] + _fastest_ms(before) + GAP_MS
        is_read = begins[-1] + _reading_ms(before) + GAP_MS
        begins.append(max(begin, in_haste, min(is_read, cue.start_ms + _LATE_MS)))
    return begins


def _end(cue: Cue, begin_ms: int, free_ms: int) -> int:
    free = min(free_ms, begin_ms + MAX_MS)
    wanted = max(cue.end_ms, begin_ms + _reading_ms(cue))
    return free if free - wanted < _FLASH_MS else wanted
