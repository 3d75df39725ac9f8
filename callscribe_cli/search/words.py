"""What is indexed of a text, and what is asked of the index, whatever script it is in.

SQLite's tokenizer cuts at what is neither letter nor digit. Scripts without spaces, and Korean, whose
words grow endings, are indexed letter by letter; what is searched in them is a phrase of letters.
"""

from __future__ import annotations

import re
import unicodedata

# invisible, and no letter to the tokenizer
_JOINT = "\u2060"
_LETTER_BY_LETTER = re.compile(
    # Thai and Lao, Burmese, Khmer; kana and Han; Hangul; Han again
    "([\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003fffd])"
)
# around what is found; no text that is indexed has them
FOUND, FOUND_END = "\x02", "\x03"
_CONTROLS = re.compile(f"[\x00-\x1f\x7f-\x9f\u2028\u2029{_JOINT}]+")
_TERM = re.compile(r'"([^"]*)"?|([^\s"]+)')


def indexed(text: str) -> str:
    """The text on one line, as it goes into the index."""
    line = _CONTROLS.sub(" ", unicodedata.normalize("NFC", text))
    return _LETTER_BY_LETTER.sub(rf"\1{_JOINT}", line)


def shown(text: str) -> str:
    """An indexed text as it was."""
    return text.replace(_JOINT, "")


def match_expression(query: str) -> str | None:
    """All words, in any order; "in quotes" next to each other; a word* begins so. None: no word in it.

    Every term is quoted: no mark in it is an operator to SQLite.
    """
    terms = [_quoted(phrase or word) for phrase, word in _TERM.findall(query)]
    return " AND ".join(filter(None, terms)) or None


def _quoted(term: str) -> str:
    if not any(letter.isalnum() for letter in term):
        return ""
    star = "*" if term.endswith("*") else ""
    return f'"{indexed(term)}"{star}'
