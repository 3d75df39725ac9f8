"""What of an entry has to be written, where it was read and changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import TypeVar

from callscribe.domain.calls import Call
from callscribe.domain.recordings import Recording
from callscribe.domain.sweeps import Sweep

Entry = TypeVar("Entry", Call, Recording, Sweep)
Value = TypeVar("Value")
_FIELD_NAMES: Mapping[type, tuple[str, ...]] = {
    kind: tuple(each.name for each in fields(kind)) for kind in (Call, Recording, Sweep)
}
# a writer who moves a deadline says all of it: another may have deferred the one that it has read
_TOGETHER = {"due_at": "overdue_since"}
# what is kept about the waiting for news is no news
_BOOKKEEPING = frozenset({"due_at", "overdue_since", "reconcile_attempts", "event_pending"})


def known(one: Value | None, other: Value | None) -> Value | None:
    """The first that is not None."""
    return other if one is None else one


def field_names(entry: Call | Recording | Sweep) -> tuple[str, ...]:
    """In the order of their definition."""
    return _FIELD_NAMES[type(entry)]


def differing(before: Entry, after: Entry) -> frozenset[str]:
    """The names of the fields that have other values."""
    return frozenset(
        name for name in field_names(before) if getattr(before, name) != getattr(after, name)
    )


def news(before: Entry, after: Entry) -> frozenset[str]:
    """Those of them that concern a reader. The time of the change need not be one of them: two changes
    may fall into one millisecond."""
    return differing(before, after) - _BOOKKEEPING


def to_write(before: Entry, after: Entry) -> frozenset[str]:
    """The fields that differ, and those that are written together with one of them."""
    differ = differing(before, after)
    return differ | {other for name, other in _TOGETHER.items() if name in differ}
