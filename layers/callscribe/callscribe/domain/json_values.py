"""Values of a caller's JSON: whether the table and UTF-8 can hold them, and how to name them."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from callscribe.domain.errors import FieldError

# the table nests 32 levels, and a request's objects lie a few levels deep
_MAX_DEPTH = 20
HALF_A_CHARACTER = "holds a lone surrogate (half of a character): remove it"


def storable(value: Any, path: str, depth: int = 0) -> Iterator[FieldError]:
    """What keeps a value from being written to the calls table and sent as UTF-8; nothing is fine."""
    if depth > _MAX_DEPTH:
        yield FieldError(path, f"is nested too deep: {_MAX_DEPTH} levels at most")
    elif isinstance(value, str) and not is_encodable(value):
        yield FieldError(path, HALF_A_CHARACTER)
    elif isinstance(value, int | float) and not _is_exact(value):
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


def is_encodable(text: str) -> bool:
    """Whether UTF-8 can carry it: JSON can hold a lone surrogate."""
    return not any(0xD800 <= ord(character) < 0xE000 for character in text)


def _is_exact(value: float) -> bool:
    """In everybody's JSON, and within DynamoDB's 38 digits and 1e-130."""
    if isinstance(value, int):
        return abs(value) < 2**53
    return value == 0 or (math.isfinite(value) and 1e-100 < abs(value) < 1e100)
