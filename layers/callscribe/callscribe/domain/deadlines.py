"""How long each state may wait for news before ``reconcile`` asks for it. Each with its reason.

The template's parameter ``Deadlines`` changes any of them: ``call.in-progress=1455`` (minutes) for an
account whose calls may last 24 hours.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TypeVar

from callscribe.domain.calls import Call, CallState
from callscribe.domain.recordings import Recording, RecordingState
from callscribe.domain.times import format_timestamp, parse_timestamp
from callscribe.domain.whole_numbers import read_whole_number

DEFAULTS: Mapping[str, timedelta] = {
    # our own function runs 30 s at most: after two minutes it has died between claim and answer
    "call.placing": timedelta(minutes=2),
    # Twilio's list of calls is eventually consistent: give it and the callbacks a moment
    "call.unknown": timedelta(minutes=2),
    # one call a second by default: Twilio queues the rest, up to 24 hours
    "call.queued": timedelta(hours=1),
    "call.initiated": timedelta(minutes=15),
    # Twilio lets a phone ring 600 s at most
    "call.ringing": timedelta(minutes=15),
    # Twilio ends a call after four hours, unless the account's 24-hour switch is on
    "call.in-progress": timedelta(hours=4, minutes=15),
    # a schedule that did not fire
    "call.scheduled": timedelta(minutes=5),
    # too long after its time for the call to be wanted; EventBridge Scheduler gives up after 15
    "call.too-late": timedelta(hours=1),
    # recordings are ready within minutes of the end; a lost callback is looked for after that
    "call.completed": timedelta(minutes=10),
    # a worker that began before may run 15 minutes: what it leaves is looked for after that
    "call.erasing": timedelta(minutes=20),
    # a call that Twilio's list does not show so long after the claim was never there
    "call.never-arrived": timedelta(minutes=10),
    # the worker may run 15 minutes; before that no other worker may start the same copy
    "recording.received": timedelta(minutes=20),
    "recording.stored": timedelta(minutes=20),
    "recording.submitting": timedelta(minutes=5),
    # four tries of 35 s with pauses between them: until then a worker may still be submitting
    "recording.look-up": timedelta(minutes=4),
    # AssemblyAI gives up its webhook after about three minutes; most jobs take under one
    "recording.submitted": timedelta(minutes=10),
    # AssemblyAI queues what is over an account's concurrency, so a long wait is no failure yet
    "recording.give-up": timedelta(hours=48),
    # an event that was not sent
    "recording.announce": timedelta(minutes=2),
    # time for a second look at what the vendors have, before it is deleted there
    "recording.copies": timedelta(minutes=10),
}
_MAX_MINUTES = 60 * 24 * 30
# however often nothing was found, the next look is no further away than this
_MAX_BACKOFF = timedelta(hours=2)
# what could not be done is tried again between these; the alarm on what is long overdue needs to see each
# entry twice an hour
_DEFERRED_BETWEEN = (timedelta(minutes=5), timedelta(minutes=20))
# each state's deadline, by its name above; None: no news is expected
CALL_DEADLINES: Mapping[CallState, str | None] = {
    CallState.SCHEDULED: "call.scheduled",
    CallState.PLACING: "call.placing",
    CallState.UNKNOWN: "call.unknown",
    CallState.QUEUED: "call.queued",
    CallState.INITIATED: "call.initiated",
    CallState.RINGING: "call.ringing",
    CallState.IN_PROGRESS: "call.in-progress",
    # its recordings
    CallState.COMPLETED: "call.completed",
    CallState.BUSY: None,
    CallState.NO_ANSWER: None,
    CallState.FAILED: None,
    CallState.CANCELED: None,
    CallState.ERASING: "call.erasing",
    CallState.ERASED: None,
}
RECORDING_DEADLINES: Mapping[RecordingState, str | None] = {
    RecordingState.RECEIVED: "recording.received",
    RecordingState.STORED: "recording.stored",
    RecordingState.SUBMITTING: "recording.submitting",
    RecordingState.SUBMITTED: "recording.submitted",
    # of every end an event is sent
    RecordingState.COMPLETED: "recording.announce",
    RecordingState.SILENT: "recording.announce",
    RecordingState.ABSENT: "recording.announce",
    RecordingState.ERROR: "recording.announce",
}
Entry = TypeVar("Entry", Call, Recording)
# shards of the index: one partition takes 1,000 writes a second
DEADLINE_SHARDS = 4
DAY_SHARDS = 4


@dataclass(frozen=True, slots=True)
class Deadlines:
    """``waits`` maps the names above to how long; ``deadlines["call.queued"]`` is one of them."""

    waits: Mapping[str, timedelta] = field(default_factory=lambda: DEFAULTS)

    def __getitem__(self, name: str) -> timedelta:
        return self.waits[name]

    def started(self, entry: Entry, now: datetime) -> Entry:
        """An entry that has just come to its status, with the deadline of it."""
        if isinstance(entry, Call) and entry.status == CallState.SCHEDULED and entry.place_at:
            # overdue only after its own time
            now = parse_timestamp(entry.place_at)
        if entry.status == CallState.ERASING:
            # the first look is at once
            return replace(entry, due_at=format_timestamp(now), overdue_since=None)
        return self.renewed(entry, now)

    def renewed(self, entry: Entry, now: datetime, attempts: int = 0) -> Entry:
        """The deadline of the entry's status, from now on; further away with every attempt."""
        name = _deadline_of(entry)
        if name is None:
            return settled(entry)
        wait = self.waits[name]
        later = min(wait * 2**attempts, max(wait, _MAX_BACKOFF))
        return replace(entry, due_at=format_timestamp(now + later), overdue_since=None)

    def looked_at(self, entry: Entry, now: datetime) -> Entry:
        """An entry of which there was no news: the next look is further away."""
        attempts = entry.reconcile_attempts + 1
        return self.renewed(replace(entry, reconcile_attempts=attempts), now, attempts)

    def copies_due(self, recording: Recording, now: datetime) -> Recording:
        """A recording whose vendors' copies are to be deleted after a while."""
        later = format_timestamp(now + self.waits["recording.copies"])
        return replace(recording, due_at=later, overdue_since=None)


def settled(entry: Entry) -> Entry:
    """An entry of which no news is expected any more."""
    return replace(entry, due_at=None, overdue_since=None)


def _deadline_of(entry: Call | Recording) -> str | None:
    if isinstance(entry, Call):
        return CALL_DEADLINES[entry.status]
    return RECORDING_DEADLINES[entry.status]


def deferred(entry: Entry, overdue_since: datetime, now: datetime) -> Entry:
    """An entry that stays due, but lets others go first: for as long again as it has been overdue
    already, within bounds."""
    shortest, longest = _DEFERRED_BETWEEN
    later = min(max(now - overdue_since, shortest), longest)
    return replace(
        entry,
        due_at=format_timestamp(now + later),
        overdue_since=format_timestamp(overdue_since),
    )


def read_deadlines(text: str) -> Deadlines:
    """The defaults with the changes of ``name=minutes,name=minutes``.

    Raises:
        ValueError: names the entry and what is wrong with it.
    """
    waits = dict(DEFAULTS)
    for entry in filter(None, (part.strip() for part in text.split(","))):
        name, _, text = entry.partition("=")
        if name not in DEFAULTS:
            raise ValueError(f"{name!r} is no deadline; there are {', '.join(sorted(DEFAULTS))}")
        minutes = read_whole_number(text)
        if minutes is None:
            raise ValueError(f"{entry!r} must be {name}=<whole minutes>")
        if not 1 <= minutes <= _MAX_MINUTES:
            raise ValueError(f"{entry!r} must be 1 to {_MAX_MINUTES} minutes")
        waits[name] = timedelta(minutes=minutes)
    return Deadlines(waits)


def shard_of(call_id: str, shards: int) -> int:
    """Which shard a call's items live in: the same for the call and its recordings."""
    return int(call_id[:8], 16) % shards
