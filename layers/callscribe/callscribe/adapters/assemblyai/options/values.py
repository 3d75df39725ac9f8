"""What a single value may be: a check takes it and its path, and yields what is wrong with it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from difflib import get_close_matches
from typing import Any

from callscribe.domain.errors import FieldError
from callscribe.domain.json_values import printable

Errors = Iterator[FieldError]
Check = Callable[[Any, str], Errors]
# so many names are listed in an answer; of more the closest is
_MAX_LISTED_NAMES = 12


def boolean(value: Any, path: str) -> Errors:
    """JSON's true or false."""
    if not isinstance(value, bool):
        yield FieldError(path, "must be true or false")


def number(low: int, high: int, *, whole: bool = False) -> Check:
    """From ``low`` to ``high``, both included; JSON's true is none."""

    def check(value: Any, path: str) -> Errors:
        fits = isinstance(value, int if whole else int | float) and not isinstance(value, bool)
        if not fits or not low <= value <= high:
            what = "whole number" if whole else "number"
            yield FieldError(path, f"must be a {what} from {low} to {high}")

    return check


def text(*, max_words: int | None = None) -> Check:
    """A string that is not blank."""

    def check(value: Any, path: str) -> Errors:
        words = len(value.split()) if isinstance(value, str) else 0
        if max_words == 1 and words != 1:
            yield FieldError(path, "must be a single word")
        elif not words:
            yield FieldError(path, "must be a string that is not empty")
        elif max_words is not None and words > max_words:
            yield FieldError(path, f"has {words} words; {max_words} at most")

    return check


def one_of(names: Collection[str], hints: Mapping[str, str] | None = None) -> Check:
    """``hints`` say for names that are often mistaken what to write instead."""

    def check(value: Any, path: str) -> Errors:
        if not isinstance(value, str):
            yield FieldError(path, f"must be one of {', '.join(sorted(names))}")
        elif value not in names:
            yield FieldError(path, (hints or {}).get(value) or _closest(names, value))

    return check


def _closest(names: Collection[str], value: str) -> str:
    if len(names) <= _MAX_LISTED_NAMES:
        return f"must be one of {', '.join(sorted(names))}"
    # en-US is the likeliest mistake
    close = get_close_matches(value.lower().replace("-", "_"), names, n=1)
    hint = f"did you mean {close[0]}?" if close else "see AssemblyAI's documentation"
    return f"{printable(value)!r} is not known: {hint}"


def list_of(check_entry: Check, *, low: int = 0, high: int | None = None) -> Check:
    """A list of ``low`` to ``high`` entries, each of which ``check_entry`` passes."""

    def check(value: Any, path: str) -> Errors:
        if not isinstance(value, list):
            yield FieldError(path, "must be a list")
        elif len(value) < low:
            yield FieldError(path, f"must have at least {low} entries")
        elif high is not None and len(value) > high:
            yield FieldError(path, f"has {len(value)} entries; {high} at most")
        else:
            for position, entry in enumerate(value):
                yield from check_entry(entry, f"{path}[{position}]")

    return check


def fields(checks: Mapping[str, Check], *, required: Collection[str] = ()) -> Check:
    """An object with these fields and no others."""
    known = ", ".join(sorted(checks))

    def check(value: Any, path: str) -> Errors:
        if not isinstance(value, dict):
            yield FieldError(path, "must be an object")
            return
        for name in required:
            if name not in value:
                yield FieldError(f"{path}.{name}", "is missing")
        for name, inner in value.items():
            inside = f"{path}.{printable(name)}"
            if name in checks:
                yield from checks[name](inner, inside)
            else:
                yield FieldError(inside, f"is not known; the fields are {known}")

    return check


def map_of(check_value: Check) -> Check:
    """An object with any names; not empty."""

    def check(value: Any, path: str) -> Errors:
        if not isinstance(value, dict) or not value:
            yield FieldError(path, "must be an object that is not empty")
            return
        for name, inner in value.items():
            yield from check_value(inner, f"{path}.{printable(name)}")

    return check


def anything(_value: Any, _path: str) -> Errors:
    """What is left to AssemblyAI."""
    yield from ()


def nullable(check_value: Check) -> Check:
    """AssemblyAI's schema allows null for a few."""
    return lambda value, path: iter(()) if value is None else check_value(value, path)
