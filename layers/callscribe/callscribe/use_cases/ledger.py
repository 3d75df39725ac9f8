"""Every change of a call or a recording is stamped, given its deadline, and written here."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal, TypeVar, cast

from callscribe.domain.calls import Call, CallState
from callscribe.domain.deadlines import Deadlines
from callscribe.domain.differences import differing, news
from callscribe.domain.recordings import Recording, RecordingState
from callscribe.domain.times import Clock, format_timestamp, parse_timestamp
from callscribe.domain.transcript_status import transcript_status
from callscribe.ports.storage import CallStore

Entry = TypeVar("Entry", Call, Recording)
Guard = Literal["call_sid", "consent", "due_at", "retries"]


class TransitionError(Exception):
    """A bug: the table of transitions does not have this one. Nothing was written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ledger:
    """Writes entries that were read and changed. An entry that comes to another status gets the
    deadline of it.

    Raises RetryLaterError (all methods): the table throttles or cannot be reached.
    """

    store: CallStore
    deadlines: Deadlines
    clock: Clock

    def add(self, entry: Entry) -> Entry | None:
        """The entry as it was added; None where there is one already. It waits from its creation on."""
        entry = self._arrived(entry, parse_timestamp(entry.created_at))
        return entry if self.store.save(None, entry) else None

    def save(
        self,
        before: Entry,
        after: Entry,
        *,
        only_from: Collection[CallState | RecordingState] = (),
        unchanged: Collection[Guard] = (),
    ) -> Entry | None:
        """Writes what differs, only where the table's entry still has the status of ``before`` (or one
        of ``only_from``), the fields ``unchanged``, and a recording its ``claims``.

        Returns:
            The entry as it was written; None where it has changed since it was read.

        Raises:
            TransitionError
        """
        return self._write(before, after, only_from, unchanged)

    def fill_in(self, before: Entry, after: Entry) -> Entry | None:
        """The same, where every field that differs is still as it was read."""
        return self._write(before, after, (), differing(before, after))

    def remove(self, recording: Recording) -> bool:
        """False where the recording has changed since it was read, or is gone."""
        return self.store.save(recording, None, unchanged=("claims",))

    def _write(
        self,
        before: Entry,
        after: Entry,
        only_from: Collection[CallState | RecordingState],
        unchanged: Collection[str],
    ) -> Entry | None:
        now = self.clock()
        if after.status != before.status:
            _check_transition(before, after, only_from or [before.status])
            after = self._arrived(after, now)
        if _is_news(before, after):
            after = replace(after, updated_at=format_timestamp(now))
        guards = {"claims", *unchanged} if isinstance(after, Recording) else unchanged
        saved = self.store.save(before, after, only_from=only_from, unchanged=guards)
        return after if saved else None

    def _arrived(self, entry: Entry, now: datetime) -> Entry:
        """An entry that has come to its status: with its deadline, and its place among the failures."""
        entry = self.deadlines.started(entry, now)
        if isinstance(entry, Recording):
            has_failed = entry.status == RecordingState.ERROR
            return replace(entry, failed_at=format_timestamp(now) if has_failed else None)
        return entry


def _is_news(before: Entry, after: Entry) -> bool:
    """Whether a reader would see a difference: also where nothing is waited for any more."""
    if news(before, after):
        return True
    return isinstance(before, Call) and transcript_status(before) != transcript_status(after)


def _check_transition(
    before: Entry, after: Entry, sources: Collection[CallState | RecordingState]
) -> None:
    """Raises TransitionError."""
    for source in sources:
        if not replace(before, status=cast(Any, source)).may_become(after.status):
            raise TransitionError(f"{source} does not become {after.status}")
