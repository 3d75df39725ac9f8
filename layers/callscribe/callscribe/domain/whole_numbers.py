"""Whole numbers in texts that others wrote: parameters, queries, headers, forms."""

from __future__ import annotations

import re

# Python would read the digits of any script, and refuses thousands of them with an error
_DIGITS = re.compile(r"[0-9]{1,15}")


def read_whole_number(text: str) -> int | None:
    """The number; None for anything but 1 to 15 ASCII digits."""
    return int(text) if _DIGITS.fullmatch(text) else None
