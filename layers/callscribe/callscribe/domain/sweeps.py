"""A walk through a vendor's list: where it is, and what it has met so far."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from callscribe.domain.times import format_timestamp, parse_timestamp

_FIRST_WINDOW = timedelta(hours=24)
# the vendors' lists are eventually consistent
_OVERLAP = timedelta(minutes=30)
# what is not done after so long never will be: the window need not reach back to it
_MAX_REACH_BACK = timedelta(hours=48)


class SweepKind(StrEnum):
    """Whose list is walked. An import goes through recordings that were made elsewhere."""

    CALLS = "calls"
    RECORDINGS = "recordings"
    TRANSCRIPTS = "transcripts"
    IMPORT = "import"


# the three that go on for good; imports are asked for
STANDING = (SweepKind.CALLS, SweepKind.RECORDINGS, SweepKind.TRANSCRIPTS)


class SweepStatus(StrEnum):
    """Only an import fails: a standing sweep tries again in the next run."""

    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"


class Outcome(StrEnum):
    """What became of one entry of a vendor's list."""

    KNOWN = "known"
    # unknown here, or not up to date, and advanced
    FOUND = "found"
    # not this stack's, or nothing to do with it
    SKIPPED = "skipped"
    # not done yet: the next window reaches back to it
    UNFINISHED = "unfinished"
    # of an erased call: to be deleted at the vendor, and so not done yet either
    UNWANTED = "unwanted"


@dataclass(frozen=True, slots=True)
class HandledEntry:
    """``created_at`` is the entry's at the vendor, None where it does not say. ``is_unmapped``: a
    recording that no item named although it was not new."""

    outcome: Outcome
    created_at: str | None = None
    is_unmapped: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Sweep:
    """One window, from ``since`` to ``until``, of one vendor's list.

    ``cursor`` is the vendor's own, None at the beginning. ``seen`` = ``known`` + ``found`` (unknown, or
    not up to date, and advanced) + ``skipped`` (not ours, or nothing to do with it).
    An import may be narrowed to one call or one recording (names of their own, because ``call_sid``
    is the key of an index). ``unmapped`` are recordings that no item named although they were not
    new. ``unfinished_since`` is the oldest entry that was not done yet: the next window begins there.
    ``restarts`` counts how often the vendor no longer took the cursor.
    """

    sweep_id: str
    kind: SweepKind
    status: SweepStatus
    since: str
    until: str
    created_at: str
    updated_at: str
    cursor: str | None = None
    wanted_call_sid: str | None = None
    wanted_recording_sid: str | None = None
    seen: int = 0
    known: int = 0
    found: int = 0
    skipped: int = 0
    unmapped: int = 0
    restarts: int = 0
    unfinished_since: str | None = None
    error_message: str | None = None
    request_hash: str | None = None
    expires_at: int | None = None


def first_window(kind: SweepKind, now: datetime) -> Sweep:
    """The window of a stack that has none yet: one day.

    Older recordings are found by their calls' deadlines, or by an import. So a stack whose
    reconciliation never got through before its first outage has no window to join up with: what only
    a vendor's list knows of, and is older than a day by then, has to be imported.
    """
    return _window(kind, now - _FIRST_WINDOW, now)


def next_window(last: Sweep, now: datetime) -> Sweep:
    """The window that joins up with one that ended, however long ago that was.

    The lists reach back far enough: Twilio's without end, the transcription vendor's further than it
    keeps transcripts.
    """
    joins = parse_timestamp(last.until) - _OVERLAP
    unfinished = parse_timestamp(last.unfinished_since or last.until)
    since = min(joins, max(unfinished, now - _MAX_REACH_BACK))
    return replace(_window(last.kind, since, now), created_at=last.created_at)


def advanced(
    sweep: Sweep, handled: Sequence[HandledEntry], cursor: str | None, now: datetime
) -> Sweep:
    """The sweep after a page; ``cursor`` asks for the next one, None at the end of the list."""

    def number(*outcomes: Outcome) -> int:
        return sum(entry.outcome in outcomes for entry in handled)

    return replace(
        sweep,
        status=SweepStatus.RUNNING if cursor else SweepStatus.COMPLETED,
        cursor=cursor,
        seen=sweep.seen + len(handled),
        known=sweep.known + number(Outcome.KNOWN),
        found=sweep.found + number(Outcome.FOUND),
        skipped=sweep.skipped + number(Outcome.SKIPPED, *_NOT_DONE),
        unmapped=sweep.unmapped + sum(entry.is_unmapped for entry in handled),
        unfinished_since=_unfinished_since(sweep, handled),
        updated_at=format_timestamp(now),
    )


def restarted(sweep: Sweep, now: datetime) -> Sweep:
    """The same window from its beginning: the vendor no longer takes the cursor."""
    return replace(
        sweep,
        cursor=None,
        seen=0,
        known=0,
        found=0,
        skipped=0,
        unmapped=0,
        unfinished_since=None,
        restarts=sweep.restarts + 1,
        updated_at=format_timestamp(now),
    )


_NOT_DONE = (Outcome.UNFINISHED, Outcome.UNWANTED)


def _unfinished_since(sweep: Sweep, handled: Sequence[HandledEntry]) -> str | None:
    not_done = [entry.created_at or sweep.since for entry in handled if entry.outcome in _NOT_DONE]
    if not not_done:
        return sweep.unfinished_since
    return min([sweep.unfinished_since or sweep.until, *not_done])


def _window(kind: SweepKind, since: datetime, until: datetime) -> Sweep:
    return Sweep(
        sweep_id=str(kind),
        kind=kind,
        status=SweepStatus.RUNNING,
        since=format_timestamp(since),
        until=format_timestamp(until),
        created_at=format_timestamp(until),
        updated_at=format_timestamp(until),
    )
