"""What of an entry has to be written, where it was read and changed."""

from __future__ import annotations

from dataclasses import fields
from typing import TypeVar

from callscribe.domain.calls import Call
from callscribe.domain.recordings import Recording
from callscribe.domain.sweeps import Sweep

Entry = TypeVar("Entry", Call, Recording, Sweep)
Value = TypeVar("Value")
# a writer who moves a deadline says all of it: another may have deferred the one that it has read
_TOGETHER = {"due_at": "overdue_since"}


def known(one: Value | None, other: Value | None) -> Value | None:
    """The first that is not None."""
    return other if one is None else one


def differing(before: Entry, after: Entry) -> frozenset[str]:
    """The names of the fields that have other values."""
    names = (each.name for each in fields(before))
    return frozenset(name for name in names if getattr(before, name) != getattr(after, name))


def to_write(before: Entry, after: Entry) -> frozenset[str]:
    """The fields that differ, and those that are written together with one of them."""
    differ = differing(before, after)
    return differ | {other for name, other in _TOGETHER.items() if name in differ}
