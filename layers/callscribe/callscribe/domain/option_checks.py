"""Checks of single values, put together into the table of transcription_options.

A check takes a value and the path it stands at, and yields what is wrong: nothing for a good one.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterator, Mapping
from difflib import get_close_matches
from typing import Any

from callscribe.domain.errors import FieldError

Errors = Iterator[FieldError]
Check = Callable[[Any, str], Errors]


def boolean(value: Any, path: str) -> Errors:
    if not isinstance(value, bool):
        yield FieldError(path, "must be true or false")


def text(value: Any, path: str) -> Errors:
    if not isinstance(value, str) or not value.strip():
        yield FieldError(path, "must be a string that is not empty")


def integer(low: int, high: int | None = None) -> Check:
    """A whole number; JSON's true is none."""

    def check(value: Any, path: str) -> Errors:
        whole = isinstance(value, int) and not isinstance(value, bool)
        if not whole or value < low or (high is not None and value > high):
            limits = f"of {low} or more" if high is None else f"from {low} to {high}"
            yield FieldError(path, f"must be a whole number {limits}")

    return check


def number(low: float, high: float) -> Check:
    def check(value: Any, path: str) -> Errors:
        numeric = isinstance(value, int | float) and not isinstance(value, bool)
        if not numeric or not low <= value <= high:
            yield FieldError(path, f"must be a number from {low:g} to {high:g}")

    return check


def one_of(names: Collection[str], *, hints: Mapping[str, str] | None = None) -> Check:
    """One of some names; ``hints`` say for names that are often mistaken what to write instead."""

    def check(value: Any, path: str) -> Errors:
        if isinstance(value, str) and value in names:
            return
        hint = (hints or {}).get(value) if isinstance(value, str) else None
        if hint is None and isinstance(value, str) and len(names) > 12:
            # en-US is the likeliest mistake
            close = get_close_matches(value.lower().replace("-", "_"), names, n=1)
            hint = f"did you mean {close[0]}?" if close else "see AssemblyAI's documentation"
            yield FieldError(path, f"{printable(value)!r} is not known: {hint}")
        else:
            options = ", ".join(sorted(names))
            yield FieldError(path, hint or f"must be one of {options}")

    return check


def list_of(check_item: Check, *, at_least: int = 0, at_most: int | None = None) -> Check:
    def check(value: Any, path: str) -> Errors:
        if not isinstance(value, list):
            yield FieldError(path, "must be a list")
            return
        if len(value) < at_least:
            yield FieldError(path, f"must have at least {at_least} entries")
        if at_most is not None and len(value) > at_most:
            yield FieldError(path, f"has {len(value)} entries; {at_most} at most")
            return
        for position, item in enumerate(value):
            yield from check_item(item, f"{path}[{position}]")

    return check


def fields(checks: Mapping[str, Check], *, required: Collection[str] = ()) -> Check:
    """An object with these fields and no others."""

    def check(value: Any, path: str) -> Errors:
        if not isinstance(value, dict):
            yield FieldError(path, "must be an object")
            return
        for name in required:
            if name not in value:
                yield FieldError(f"{path}.{name}", "is missing")
        for name, inner in value.items():
            if name in checks:
                yield from checks[name](inner, f"{path}.{name}")
            else:
                known = ", ".join(sorted(checks))
                message = f"is not known; the fields are {known}"
                yield FieldError(f"{path}.{printable(name)}", message)

    return check


def mapping_of(check_value: Check) -> Check:
    """An object with any names; not empty."""

    def check(value: Any, path: str) -> Errors:
        if not isinstance(value, dict) or not value:
            yield FieldError(path, "must be an object that is not empty")
            return
        for name, inner in value.items():
            yield from check_value(inner, f"{path}.{printable(name)}")

    return check


def phrase(at_most_words: int) -> Check:
    def check(value: Any, path: str) -> Errors:
        if not isinstance(value, str) or not value.strip():
            yield FieldError(path, "must be a string that is not empty")
        elif len(value.split()) > at_most_words:
            words = len(value.split())
            yield FieldError(path, f"has {words} words; {at_most_words} at most")

    return check


def one_word(value: Any, path: str) -> Errors:
    if not isinstance(value, str) or len(value.split()) != 1:
        yield FieldError(path, "must be a single word")


def anything(_value: Any, _path: str) -> Errors:
    yield from ()


def nullable(check_value: Check) -> Check:
    """AssemblyAI's schema allows null for a few fields."""
    return lambda value, path: iter(()) if value is None else check_value(value, path)


def storable(value: Any, path: str, depth: int = 0) -> Errors:
    """Whatever passes can be written to the calls table and sent as UTF-8."""
    # the table nests 32 levels, and the options lie a few levels deep
    if depth > 20:
        yield FieldError(path, "is nested too deep: 20 levels at most")
    elif isinstance(value, str) and not _encodable(value):
        yield FieldError(path, "holds half a character (a lone surrogate): remove it")
    elif isinstance(value, int | float) and not _plain(value):
        yield FieldError(path, "must be a number that is finite, and a whole number below 2^53")
    elif isinstance(value, list):
        for position, item in enumerate(value):
            yield from storable(item, f"{path}[{position}]", depth + 1)
    elif isinstance(value, dict):
        for name, inner in value.items():
            if not name:
                yield FieldError(path, "has an entry with an empty name: give it one")
            yield from storable(name, f"{path}.{printable(name)}", depth + 1)
            yield from storable(inner, f"{path}.{printable(name)}", depth + 1)


def printable(name: str) -> str:
    """A caller's name for something, fit for our answer: short, and UTF-8."""
    return name[:60].encode(errors="replace").decode()


def _encodable(value: str) -> bool:
    return not any(0xD800 <= ord(character) < 0xE000 for character in value)


def _plain(value: float) -> bool:
    """Exact in everybody's JSON, and within DynamoDB's 38 digits and 1e-130."""
    if isinstance(value, int):
        return abs(value) < 2**53
    return value == 0 or (math.isfinite(value) and 1e-100 < abs(value) < 1e100)
