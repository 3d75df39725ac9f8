"""What one speaker says in a row, in cues of two lines at most."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate, pairwise

from callscribe.domain.rendering.breaks import SENTENCE, strength
from callscribe.domain.rendering.tokens import LINE_COLUMNS, Token, are_unspaced, columns

MAX_MS = 7000
# nothing is shown over a longer one
_PAUSE_MS = 1500

# beside the strength of the break at its end: what a cue is worth that is full, and one that has only a
# word or two, or leaves them to the next
_FULL = 5.0
_SCRAP = -2.0
_UNEVEN_LINES = -4.0


@dataclass(frozen=True, slots=True)
class Cue:
    """``start_ms`` is before ``end_ms``; one or two lines, none of them empty.

    ``not_before_ms`` is when its recording begins.
    """

    start_ms: int
    end_ms: int
    lines: tuple[str, ...]
    speaker: str | None = None
    not_before_ms: int = 0

    @property
    def columns(self) -> int:
        """The text's width; a line break is read as a space."""
        return columns(" ".join(self.lines))


@dataclass(frozen=True)
class Turn:
    """``is_named``: the first token is the speaker's name, of half a line at most."""

    tokens: Sequence[Token]
    is_named: bool = False

    def cues(self) -> Iterator[Cue]:
        """One after the other, with all of the text."""
        at = 0
        while at < len(self.tokens):
            latest = self._latest_end(at)
            end = latest if latest == len(self.tokens) else self._best_end(at, latest)
            yield self._cue(at, end)
            at = end

    @cached_property
    def _spaces(self) -> list[str]:
        """What stands before each token."""
        apart = [
            token.spaced and not are_unspaced(before.text, token.text)
            for before, token in pairwise(self.tokens)
        ]
        return ["", *(" " if space else "" for space in apart)]

    @cached_property
    def _ends(self) -> list[int]:
        """The column at which each token ends, were all of them on one line; a zero before them."""
        pieces = zip(self._spaces, self.tokens, strict=True)
        widths = (len(space) + columns(token.text) for space, token in pieces)
        return [*accumulate(widths, initial=0)]

    @cached_property
    def _strengths(self) -> list[float]:
        """Of a break after each token; a name stands alone only where it must."""
        strengths = [*(strength(*pair) for pair in pairwise(self.tokens)), SENTENCE]
        return [0.0, *strengths[1:]] if self.is_named else strengths

    @cached_property
    def _sentence_ends(self) -> list[int]:
        """For each token, which is the first after its sentence."""
        ends = [len(self.tokens)]
        for at in range(len(self.tokens) - 1, -1, -1):
            ends.append(at + 1 if self._strengths[at] == SENTENCE else ends[-1])
        return ends[::-1]

    def _width(self, at: int, end: int) -> int:
        """Of the tokens from ``at`` to ``end`` as one line."""
        return self._ends[end] - self._ends[at] - len(self._spaces[at]) if at < end else 0

    def _text(self, at: int, end: int) -> str:
        pieces = zip(self._spaces[at:end], self.tokens[at:end], strict=True)
        return "".join(space + token.text for space, token in pieces).removeprefix(" ")

    def _line_end(self, at: int) -> int:
        """As many tokens as fit in a line."""
        end = at
        while end < len(self.tokens) and self._width(at, end + 1) <= LINE_COLUMNS:
            end += 1
        return end

    def _latest_end(self, at: int) -> int:
        """What fits in two lines and seven seconds, and is said without a pause."""
        fits = self._line_end(self._line_end(at))
        for end in range(self._first_end(at), fits):
            if self._is_late(at, end) or self._is_pause(end):
                return end
        return fits

    def _first_end(self, at: int) -> int:
        """The end of the shortest cue: a name alone is none."""
        return at + 2 if at == 0 and self.is_named else at + 1

    def _is_late(self, at: int, end: int) -> bool:
        return self.tokens[end].end_ms > self.tokens[at].start_ms + MAX_MS

    def _is_pause(self, end: int) -> bool:
        return self.tokens[end].start_ms - self.tokens[end - 1].end_ms > _PAUSE_MS

    def _best_end(self, at: int, latest: int) -> int:
        """Late, at a strong break, and not so that little of a sentence is left."""
        return max(range(self._first_end(at), latest + 1), key=lambda end: self._cue_score(at, end))

    def _cue_score(self, at: int, end: int) -> float:
        width, left = self._width(at, end), self._width(end, self._sentence_ends[end])
        scraps = (width < LINE_COLUMNS // 2) + (left < LINE_COLUMNS // 2)
        return self._strengths[end - 1] + _FULL * width / (2 * LINE_COLUMNS) + _SCRAP * scraps

    def _cue(self, at: int, end: int) -> Cue:
        begin = self.tokens[at].start_ms
        until = max(begin + 1, min(self.tokens[end - 1].end_ms, begin + MAX_MS))
        return Cue(begin, until, self._lines(at, end))

    def _lines(self, at: int, end: int) -> tuple[str, ...]:
        if self._width(at, end) <= LINE_COLUMNS:
            return (self._text(at, end),)
        fitting = range(at + 1, self._line_end(at) + 1)
        breaks = [middle for middle in fitting if self._width(middle, end) <= LINE_COLUMNS]
        middle = max(breaks, key=lambda middle: self._line_score(at, middle, end))
        return self._text(at, middle), self._text(middle, end)

    def _line_score(self, at: int, middle: int, end: int) -> float:
        uneven = abs(self._width(at, middle) - self._width(middle, end)) / LINE_COLUMNS
        return self._strengths[middle - 1] + _UNEVEN_LINES * uneven
