"""Walks through the vendors' own lists: what they have and we do not is found here.

A window slides along each list: from where the one before ended (less an overlap, because lists are
eventually consistent) to now. A page is the step that is done again after a crash; whatever is met
goes through the same use cases as the callbacks.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, fields, replace
from datetime import datetime, timedelta
from typing import Any

from callscribe.domain.adoption import AdoptionRules, belongs_here
from callscribe.domain.callback_urls import CallbackUrls
from callscribe.domain.calls import CALL_TERMINAL, ERASED_STATUSES
from callscribe.domain.errors import (
    CallscribeError,
    VendorError,
    VendorNotAskedError,
    VendorNotFoundError,
    VendorRefusedError,
)
from callscribe.domain.recordings import (
    RECORDING_TERMINAL,
    Recording,
    ids_of_audio,
)
from callscribe.domain.sweeps import STANDING, Sweep
from callscribe.domain.times import Clock, format_timestamp, parse_timestamp
from callscribe.domain.transcription_jobs import TranscriptionJob
from callscribe.ports.messaging import RecordingsQueue
from callscribe.ports.storage import CallStore, SweepStore
from callscribe.ports.telemetry import Telemetry
from callscribe.ports.telephony import (
    CallStatusUpdate,
    RecordingStatusUpdate,
    Telephony,
    VendorRecordingState,
)
from callscribe.ports.transcription import Transcriber
from callscribe.ports.vendors import Page
from callscribe.use_cases.finish_recording import FinishRecording
from callscribe.use_cases.track_call import TrackCall

_FIRST_WINDOW = timedelta(hours=24)
_OVERLAP = timedelta(minutes=30)
# what is not done after so long never will be: the window need not reach back to it
_MAX_REACH_BACK = timedelta(hours=48)
# a callback may take its time, and a call of ours whose answer was lost is found by then
_UNMAPPED_AFTER = timedelta(minutes=15)
# an import's pace: one every half second is 7,200 an hour, far below AssemblyAI's 20,000 requests in
# five minutes, and gentle on Twilio's unpublished limit of concurrent requests
_SECONDS_BETWEEN = 0.5
_IMPORTS_A_RUN = 600

_MOST_RESTARTS = 3
_MOST_REMEMBERED = 10_000

_KNOWN, _FOUND, _SKIPPED = "known", "found", "skipped"
# not done yet, so that the next window reaches back to it
_UNFINISHED = "unfinished"
# of an erased call: to be deleted at the vendor
_UNWANTED = "unwanted"


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepResult:
    """How many entries the sweeps found, and how many of the recordings were not even new."""

    found: int = 0
    unmapped: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepVendors:
    store: CallStore
    sweeps: SweepStore
    telephony: Telephony
    transcriber: Transcriber
    queue: RecordingsQueue
    track: TrackCall
    finish: FinishRecording
    telemetry: Telemetry
    clock: Clock
    adoption: AdoptionRules
    # whose transcripts are this stack's
    bucket_name: str
    # where the vendor is to call back for a recording that no callback told of; the first of those below
    # which this stack can be reached
    base_urls: tuple[str, ...]
    # numbers of unknown calls at Twilio, by SID: a window meets each several times
    _numbers: dict[str, tuple[str | None, ...]] = field(default_factory=dict)

    def run(self, seconds_left: Callable[[], float]) -> SweepResult:
        """Moves every window as far as there is time, and its vendor answers."""
        result: dict[str, Any] = {"found": 0, "unmapped": 0}
        stand = {sweep.sweep_id: sweep for sweep in self.sweeps.list_sweeps()}
        for name in STANDING:
            sweep = self._window(name, stand.get(name))
            self._walk(sweep, seconds_left, result)
        for sweep in stand.values():
            if sweep.kind == "import" and sweep.status == "running":
                self._walk(sweep, seconds_left, result)
        return SweepResult(**result)

    def _window(self, name: str, last: Sweep | None) -> Sweep:
        now = self.clock()
        if last is None:
            first = _new_sweep(name, name, now - _FIRST_WINDOW, now)
            self.sweeps.add_sweep(first)
            return first
        if last.status == "running":
            return last
        # however long ago that was: Twilio's lists reach back without end, the other's further than
        # it keeps transcripts
        joins = parse_timestamp(last.until) - _OVERLAP
        unfinished = parse_timestamp(last.unfinished_since or last.until)
        since = min(joins, max(unfinished, now - _MAX_REACH_BACK))
        window = replace(_new_sweep(name, name, since, now), created_at=last.created_at)
        self._save(window, only_from=["completed"])
        return window

    def _walk(
        self, sweep: Sweep, seconds_left: Callable[[], float], result: dict[str, Any]
    ) -> None:
        started_with = sweep.found
        while sweep.status == "running" and seconds_left() > 0:
            if sweep.kind == "import" and sweep.found - started_with >= _IMPORTS_A_RUN:
                break
            try:
                page: Page[Any] = self._page(sweep)
                unwanted: list[str] = []
                after = self._met(sweep, page, sweep.found - started_with, unwanted)
                if self._delete(sweep, unwanted):
                    # the list closes up over what is gone: this page has others now
                    continue
                sweep = after
                self._save(sweep, only_from=["running"])
            except VendorRefusedError as error:
                self._refused(sweep, error)
                break
            except CallscribeError as error:
                self.telemetry.warn("sweep goes on later", sweep=sweep.sweep_id, reason=str(error))
                break
        result["found"] += sweep.found - started_with
        if sweep.status == "completed" and sweep.kind == "recordings":
            self.telemetry.count("UnmappedRecordings", sweep.unmapped)
            result["unmapped"] = sweep.unmapped

    def _page(self, sweep: Sweep) -> Page[Any]:
        if sweep.kind == "calls":
            return self.telephony.page_ended_calls(sweep.since, sweep.until, sweep.cursor)
        if sweep.kind == "transcripts":
            return self.transcriber.page_since(sweep.since, sweep.cursor)
        if sweep.wanted_recording_sid is not None:
            return Page([self.telephony.get_recording(sweep.wanted_recording_sid)], None)
        if sweep.wanted_call_sid is not None:
            return Page(self.telephony.list_recordings(sweep.wanted_call_sid), None)
        return self.telephony.page_recordings(sweep.since, sweep.until, sweep.cursor)

    def _met(self, sweep: Sweep, page: Page[Any], found: int, unwanted: list[str]) -> Sweep:
        """Handles a page; the sweep as it stands after it. ``unwanted`` gets what is to be deleted."""
        counts = {_KNOWN: 0, _FOUND: 0, _SKIPPED: 0}
        unmapped = 0
        unfinished = sweep.unfinished_since
        for entry in page.entries:
            if isinstance(entry, CallStatusUpdate):
                outcome, begun = self._call(entry), None
            elif isinstance(entry, RecordingStatusUpdate):
                delay = int((found + counts[_FOUND]) * _SECONDS_BETWEEN)
                outcome, begun = self._recording(entry, sweep, delay), entry.created_at
                unmapped += outcome == _FOUND and self._is_old(entry)
            else:
                outcome, begun = self._listed(entry), entry.created_at
            if outcome == _UNWANTED:
                unwanted.append(
                    entry.transcript_id
                    if isinstance(entry, TranscriptionJob)
                    else entry.recording_sid
                )
            if outcome in (_UNFINISHED, _UNWANTED):
                unfinished = min(begun or sweep.since, unfinished or sweep.until)
                outcome = _SKIPPED
            counts[outcome] += 1
        return replace(
            sweep,
            status="running" if page.cursor else "completed",
            cursor=page.cursor,
            seen=sweep.seen + len(page.entries),
            known=sweep.known + counts[_KNOWN],
            found=sweep.found + counts[_FOUND],
            skipped=sweep.skipped + counts[_SKIPPED],
            unmapped=sweep.unmapped + unmapped,
            unfinished_since=unfinished,
            updated_at=format_timestamp(self.clock()),
        )

    def _call(self, news: CallStatusUpdate) -> str:
        """A call that ended: does ours say so?"""
        call_id = self.store.find_call_id(news.call_sid)
        call = self.store.get_call(call_id) if call_id else None
        if call is None:
            return _SKIPPED
        if call.status in CALL_TERMINAL | ERASED_STATUSES or news.status not in CALL_TERMINAL:
            self.track.keep(call, news)
            return _KNOWN
        if self.track.apply(call.call_id, news):
            self.telemetry.count("CallRepaired")
        return _FOUND

    def _recording(
        self,
        notice: RecordingStatusUpdate,
        sweep: Sweep,
        delay_seconds: int,
    ) -> str:
        """A recording at Twilio: is there an item of it?"""
        call_id = self.store.find_call_id(notice.call_sid or "")
        recording = self.store.get_recording(call_id, notice.recording_sid) if call_id else None
        if recording is not None:
            self.finish.keep(recording, notice)
            return _KNOWN
        is_import = sweep.kind == "import"
        is_strange = call_id is None and not is_import
        if notice.status == VendorRecordingState.DELETED or (
            is_strange and self.adoption.which == "own"
        ):
            return _SKIPPED
        if call_id is not None and self._is_gone(call_id):
            return _UNWANTED
        if notice.status.is_unfinished or (is_strange and not self._is_old(notice)):
            return _UNFINISHED
        if is_strange and not self.adoption.adopts(self._numbers_of(notice.call_sid or "")):
            return _SKIPPED
        asked = replace(
            notice,
            call_id=call_id,
            base_url=self.base_urls[0],
            imported=True if is_import and call_id is None else None,
        )
        self.queue.put(asked, delay_seconds=delay_seconds if sweep.kind == "import" else 0)
        self.telemetry.count("RecordingFound")
        return _FOUND

    def _numbers_of(self, call_sid: str) -> tuple[str | None, ...]:
        """To and from, where they matter: a recording at Twilio does not say them."""
        if self.adoption.which != "numbers":
            return ()
        if call_sid not in self._numbers:
            if len(self._numbers) >= _MOST_REMEMBERED:
                self._numbers.clear()
            try:
                call = self.telephony.get_call(call_sid)
                self._numbers[call_sid] = (call.to_number, call.from_number)
            except VendorNotFoundError:
                self._numbers[call_sid] = ()
        return self._numbers[call_sid]

    def _listed(self, listed: TranscriptionJob) -> str:
        """One transcript that the vendor cannot give or delete does not keep the others waiting."""
        try:
            return self._transcript(listed)
        except VendorNotAskedError:
            raise
        except VendorError as error:
            self.telemetry.warn("transcript left for later", reason=str(error))
            return _UNFINISHED

    def _transcript(self, listed: TranscriptionJob) -> str:
        """A job at the transcription vendor: is it ours, and is it the one?"""
        ids = ids_of_audio(listed.audio_location)
        if ids is None or not belongs_here(listed, self.bucket_name):
            return _SKIPPED
        recording = self.store.get_recording(*ids)
        if recording is None:
            unwanted = self._is_gone(ids[0]) and self._names_us(listed.transcript_id, *ids)
            return _UNWANTED if unwanted else _SKIPPED
        if listed.transcript_id in recording.past_transcript_ids:
            return _SKIPPED
        if not listed.has_ended:
            return _UNFINISHED
        return self._transcript_of(recording, listed.transcript_id)

    def _transcript_of(self, recording: Recording, transcript_id: str) -> str:
        if recording.transcript_id not in (None, transcript_id):
            if not self._names_us(transcript_id, recording.call_id, recording.recording_sid):
                return _SKIPPED
            self._delete_duplicate(transcript_id, recording.call_id, recording.recording_sid)
            return _FOUND
        if recording.status in RECORDING_TERMINAL:
            return _KNOWN
        self.finish.from_webhook(recording.call_id, recording.recording_sid, transcript_id)
        self.telemetry.count("TranscriptFound")
        return _FOUND

    def _names_us(self, transcript_id: str, call_id: str, recording_sid: str) -> bool:
        """Asked before anything is deleted: whose bucket and whose webhook does it name?"""
        call = self.store.get_call(call_id)
        bases = {*self.base_urls, (call.base_url if call else None) or ""}
        webhooks = {CallbackUrls(b).transcript_complete(call_id, recording_sid) for b in bases}
        try:
            job = self.transcriber.get(transcript_id)
        except VendorNotFoundError:
            return False
        return belongs_here(job, self.bucket_name, webhooks)

    def _is_gone(self, call_id: str) -> bool:
        """Of an erased call there may be a leftover: made by a request whose answer was lost."""
        call = self.store.get_call(call_id)
        return call is not None and call.status in ERASED_STATUSES

    def _delete(self, sweep: Sweep, names: list[str]) -> int:
        """How many are gone now; one that the vendor will not delete keeps nobody from going on."""
        gone = 0
        for name in names:
            try:
                if sweep.kind == "transcripts":
                    self.transcriber.delete(name)
                else:
                    self.telephony.delete_recording(name)
                gone += 1
                self.telemetry.count("LeftoverDeleted")
            except VendorNotFoundError:
                continue
            except VendorRefusedError as error:
                self.telemetry.warn("leftover not deleted", reason=str(error))
        return gone

    def _delete_duplicate(self, transcript_id: str, call_id: str, recording_sid: str) -> None:
        """Another one of this recording was adopted: what nobody reads is not left lying there."""
        try:
            self.transcriber.delete(transcript_id)
        except VendorNotFoundError:
            return
        self.telemetry.count("DuplicateTranscriptDeleted")
        self.telemetry.warn(
            "duplicate transcript deleted", call_id=call_id, recording_sid=recording_sid
        )

    def _refused(self, sweep: Sweep, error: VendorRefusedError) -> None:
        """A cursor may have grown too old: the window is begun again. An import that is refused from
        its beginning, or too often, ends and says so; a standing one tries again in the next run."""
        self.telemetry.warn("sweep refused", sweep=sweep.sweep_id, reason=str(error))
        again = replace(
            sweep,
            cursor=None,
            seen=0,
            known=0,
            found=0,
            skipped=0,
            unmapped=0,
            unfinished_since=None,
        )
        stands = replace(
            again, restarts=sweep.restarts + 1, updated_at=format_timestamp(self.clock())
        )
        hopeless = sweep.cursor is None or stands.restarts > _MOST_RESTARTS
        if sweep.kind == "import" and hopeless:
            message = f"{error.vendor} refused: {error}"
            stands = replace(stands, status="failed", error_message=message)
        self._save(stands, only_from=["running"])

    def _is_old(self, notice: RecordingStatusUpdate) -> bool:
        made = notice.created_at or notice.started_at
        return made is None or parse_timestamp(made) < self.clock() - _UNMAPPED_AFTER

    def _save(self, sweep: Sweep, *, only_from: list[str]) -> None:
        fixed = ("sweep_id", "kind", "created_at")
        names = (each.name for each in fields(sweep))
        changes = {name: getattr(sweep, name) for name in names if name not in fixed}
        self.sweeps.change_sweep(sweep.sweep_id, changes, only_from=only_from)


def _new_sweep(sweep_id: str, kind: str, since: datetime, until: datetime) -> Sweep:
    return Sweep(
        sweep_id=sweep_id,
        kind=kind,
        status="running",
        since=format_timestamp(since),
        until=format_timestamp(until),
        created_at=format_timestamp(until),
        updated_at=format_timestamp(until),
    )
