"""The pieces of speech that no line break divides, with their times."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil

from callscribe.domain.transcripts import Segment, Word

# two lines of 42 characters: what broadcasters' guides ask of subtitles
LINE_COLUMNS = 42

# control characters; the line separators among them would end a cue
_CONTROL = dict.fromkeys([*range(32), *range(0x7F, 0xA0)], " ")

# Han, kana and their punctuation: written without spaces, broken anywhere but beside these marks
_UNSPACED = "\u2e80-\u9fff\uf900-\ufaff\uff00-\uff60\U00020000-\U0003fffd"
_NOT_LAST = "「『（【〔〈《“‘([{"  # noqa: RUF001 - full-width marks are meant
_NOT_FIRST = "、。，．・：；？！」』）】〕〉》”’…,.;:!?)]}%"  # noqa: RUF001
_SMALL_KANA = "ー々ぁぃぅぇぉっゃゅょァィゥェォッャュョ"
_OPENING, _CLOSING = re.escape(_NOT_LAST), re.escape(_NOT_FIRST + _SMALL_KANA)
_PIECE = re.compile(f"[{_OPENING}]*(?:[{_UNSPACED}]|[^{_UNSPACED}]+)[{_CLOSING}]*")
_BETWEEN_UNSPACED = re.compile(f"[{_UNSPACED}][{_UNSPACED}]")

# vendors time most words of two channels at 80 ms: people speak a letter in no less than this
_LETTER_MS = 50


@dataclass(frozen=True, slots=True)
class Token:
    """At most a line; ``spaced``: white space stands before it. Times on the call's clock."""

    text: str
    start_ms: int
    end_ms: int
    spaced: bool = True


def one_line(text: str) -> str:
    """Without line breaks and control characters."""
    return " ".join(text.translate(_CONTROL).split())


def columns(text: str) -> int:
    """How wide a text is shown: a full-width character takes two columns."""
    if text.isascii():
        return len(text)
    return len(text) + sum(unicodedata.east_asian_width(letter) in "WF" for letter in text)


def are_unspaced(left: str, right: str) -> bool:
    """Whether two pieces of text meet in a script without spaces."""
    return _BETWEEN_UNSPACED.match(left[-1:] + right[:1]) is not None


def tokens_of(segment: Segment, offset_ms: int) -> list[Token]:
    """A segment's words in pieces of a line at most; their times never run backwards."""
    tokens: list[Token] = []
    words = segment.words or (Word(segment.text, segment.start_ms, segment.end_ms),)
    nexts = [*(word.start_ms for word in words[1:]), None]
    for (word, spaced), next_ms in zip(_with_spaces(segment.text, words), nexts, strict=True):
        begin = max(word.start_ms + offset_ms, tokens[-1].start_ms if tokens else 0)
        until = max(begin, _said_until(word, next_ms) + offset_ms)
        tokens += _pieces(one_line(word.text), begin, until, spaced)
    return tokens


def _said_until(word: Word, next_ms: int | None) -> int:
    """When a word was said to its end, which may be later than the vendor's time."""
    likely = word.start_ms + _LETTER_MS * columns(word.text)
    return max(word.end_ms, likely if next_ms is None else min(likely, next_ms))


def _with_spaces(text: str, words: tuple[Word, ...]) -> Iterator[tuple[Word, bool]]:
    """Each word, and whether white space stands before it in the segment's text."""
    at = 0
    for word in words:
        begin = at + len(text[at : at + 2]) - len(text[at : at + 2].lstrip())
        found = text.startswith(word.text, begin)
        yield word, at == 0 or begin > at or not found
        at = begin + len(word.text) if found else at


def _pieces(text: str, start_ms: int, end_ms: int, spaced: bool) -> Iterator[Token]:
    """A word's pieces, each with its share of the word's time."""
    parts = [(piece, first) for part in text.split() for piece, first in _unbroken(part)]
    total, done = sum(columns(piece) for piece, _ in parts), 0
    for number, (piece, first) in enumerate(parts):
        begin = start_ms + (end_ms - start_ms) * done // total
        done += columns(piece)
        until = start_ms + (end_ms - start_ms) * done // total
        yield Token(piece, begin, until, spaced if number == 0 else first)


def _unbroken(part: str) -> Iterator[tuple[str, bool]]:
    """The pieces of a text without spaces, and whether each is the first of them."""
    first = True
    for piece in [part] if part.isascii() else _PIECE.findall(part):
        for text in _cut(piece):
            yield text, first
            first = False


def _cut(text: str) -> Iterator[str]:
    """In lines of about the same width."""
    wide = columns(text)
    width = wide if wide <= LINE_COLUMNS else ceil(wide / ceil(wide / LINE_COLUMNS))
    while line := fitting(text, width):
        yield line
        text = text[len(line) :]


def fitting(text: str, width: int) -> str:
    """The text's begin in so many columns, not cut before a mark that belongs to its last letter."""
    line = text[:width]
    while columns(line) > width:
        line = line[:-1]
    at = len(line)
    while at > width // 2 and text[at:] and unicodedata.category(text[at]).startswith("M"):
        at -= 1
    return line[:at]


def runs_right_to_left(text: str) -> bool:
    """By its first letter that runs in either direction."""
    directions = (unicodedata.bidirectional(letter) for letter in text)
    return next((way for way in directions if way in ("L", "R", "AL")), "L") != "L"
