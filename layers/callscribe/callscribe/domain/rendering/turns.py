"""Who speaks after whom, where the speakers of two channels speak at the same time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise

from callscribe.domain.rendering.breaks import CLAUSE, ends_sentence, strength
from callscribe.domain.rendering.call_transcript import TimedTranscript, speaker_name
from callscribe.domain.rendering.tokens import LINE_COLUMNS, Token, columns, tokens_of
from callscribe.domain.transcripts import Segment

# for so long a sentence goes on before what another speaker says meanwhile
_SENTENCE_LEAD_MS = 1500


@dataclass(frozen=True, slots=True)
class Speech:
    """What one speaker says in a row; ``speaker`` is None where speakers were not told apart."""

    speaker: str | None
    tokens: tuple[Token, ...]


@dataclass(frozen=True, slots=True)
class _Phrase:
    """A clause, or as much of it as two lines hold; ``rank_ms`` is its place among the others."""

    rank_ms: int
    speaker: str | None
    tokens: tuple[Token, ...]


def turns_of(part: TimedTranscript) -> Iterator[Speech]:
    """A recording's speech in the order of time; another speaker interrupts only between phrases."""
    phrases = [phrase for s in part.transcript.segments for phrase in _phrases(s, part.offset_ms)]
    in_order = sorted(phrases, key=lambda phrase: phrase.rank_ms)
    for speaker, said in groupby(in_order, key=lambda phrase: phrase.speaker):
        yield Speech(speaker, tuple(token for phrase in said for token in phrase.tokens))


def _phrases(segment: Segment, offset_ms: int) -> Iterator[_Phrase]:
    rank_ms, lead_ms = 0, 0
    for tokens in _clauses(tokens_of(segment, offset_ms)):
        rank_ms = max(rank_ms, tokens[0].start_ms - lead_ms)
        yield _Phrase(rank_ms, speaker_name(segment), tokens)
        lead_ms = 0 if ends_sentence(tokens[-1]) else _SENTENCE_LEAD_MS


def _clauses(tokens: Sequence[Token]) -> Iterator[tuple[Token, ...]]:
    begin, width = 0, 0
    for end, (token, after) in enumerate(pairwise(tokens), start=1):
        width += columns(token.text) + 1
        if strength(token, after) >= CLAUSE or width + columns(after.text) > 2 * LINE_COLUMNS:
            yield tuple(tokens[begin:end])
            begin, width = end, 0
    if tokens:
        yield tuple(tokens[begin:])
