"""How well a line or a subtitle may end between two words: where a reader would pause."""

from __future__ import annotations

import re

from callscribe.domain.rendering.tokens import Token, are_unspaced

SENTENCE, CLAUSE = 5.5, 3.0
_BREATH, _OPENER = 1.5, 1.0
_AFTER_SHORT_WORD, _WITHIN_WORD = -2.0, -4.0
_BREATH_MS = 300
_SHORT_WORD = 3

_SENTENCE_END = re.compile(r"""[.?!…。？！۔؟।]["'”’)\]」』]*$""")  # noqa: RUF001 - other scripts' marks
_CLAUSE_END = re.compile(r"""[,;:–—،؛、，；：]["'”’)\]」』]*$""")  # noqa: RUF001
# what begins a clause in the spaced languages that are spoken most
_OPENERS = frozenset(
    "and but or because that which who when if so while where "
    "und aber oder weil dass wenn ob denn y pero porque que cuando si "
    "et mais ou parce quand e ma perché che quando mas se en maar of omdat dat als".split()
)


def ends_sentence(token: Token) -> bool:
    """Whether a full stop or its like is its last mark."""
    return _SENTENCE_END.search(token.text) is not None


def strength(token: Token, after: Token) -> float:
    """Of a break between the two; the end of a sentence is the best, the midst of a word the worst."""
    if ends_sentence(token):
        return SENTENCE
    if _CLAUSE_END.search(token.text):
        return CLAUSE
    if after.start_ms - token.end_ms >= _BREATH_MS:
        return _BREATH
    return _between_words(token, after)


def _between_words(token: Token, after: Token) -> float:
    if not after.spaced:
        return 0.0 if are_unspaced(token.text, after.text) else _WITHIN_WORD
    if after.text.lower() in _OPENERS:
        return _OPENER
    # articles, prepositions and conjunctions belong to what follows, in most languages
    is_short = len(token.text) <= _SHORT_WORD and token.text.isalpha()
    return _AFTER_SHORT_WORD if is_short else 0.0
