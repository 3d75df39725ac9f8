"""What callers ask for: calls, their list, transcripts, audio."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from callscribe.domain import calls
from callscribe.domain.calls import Call, CallState
from callscribe.domain.errors import NotFoundError, NotReadyError
from callscribe.domain.json_values import printable
from callscribe.domain.recordings import RECORDING_TERMINAL, Recording, in_order
from callscribe.domain.rendering.call_transcript import CallTranscript, TimedTranscript
from callscribe.domain.rendering.offsets import offset_ms
from callscribe.domain.times import Clock, format_timestamp
from callscribe.domain.transcript_status import with_outcomes
from callscribe.ports.storage import AudioLinks, CallStore, Documents
from callscribe.ports.transcription import TranscriptReader
from callscribe.use_cases.find_call import find_call

# without a date the list goes back so many days a page; the next page goes on from there
MAX_DAYS_A_PAGE = 31
AUDIO_LINK_SECONDS = 300
# no call was placed through this application before it existed
FIRST_DAY = "2026-01-01"


@dataclass(frozen=True, slots=True)
class ListPosition:
    """Goes on within ``day`` after the call ``before`` = (created_at, call_id), if there is one."""

    day: str
    before: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CallListQuery:
    """Calls of one ``day``, or (None) from today on back through the days; in one ``status`` or in any;
    ``after`` is where a page before ended."""

    limit: int
    day: str | None = None
    status: str | None = None
    after: ListPosition | None = None


@dataclass(frozen=True, slots=True)
class CallPage:
    """Calls, newest first; ``next`` is where the next page begins, None at the end."""

    calls: list[Call]
    next: ListPosition | None


@dataclass(frozen=True, slots=True)
class RecordingAudio:
    """A recording with a link to its audio; both None where there is no audio."""

    recording: Recording
    url: str | None
    url_expires_at: str | None


@dataclass(frozen=True, slots=True)
class CallAudio:
    """The recordings of a call, in the order in which they began."""

    call_id: str
    recordings: list[RecordingAudio]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadCalls:
    """Reads calls, recordings, transcripts and audio. Raises RetryLaterError (all methods)."""

    store: CallStore
    documents: Documents
    read_transcript: TranscriptReader
    links: AudioLinks
    clock: Clock

    def get(self, call_id_or_sid: str) -> tuple[Call, list[Recording]]:
        """The call and its recordings; of an erased one the record of that. Raises NotFoundError."""
        call, recordings = find_call(self.store, call_id_or_sid, even_erased=True)
        if call.status in calls.ERASED_STATUSES:
            # until its items are removed nothing of them is shown
            return call, []
        return with_outcomes(call, recordings), in_order(recordings)

    def recordings(self, call_id_or_sid: str) -> CallAudio:
        """Each recording with a link to its audio that lives for five minutes. Raises NotFoundError."""
        call, recordings = find_call(self.store, call_id_or_sid)
        return CallAudio(call.call_id, [self._with_link(one) for one in in_order(recordings)])

    def _with_link(self, recording: Recording) -> RecordingAudio:
        if not recording.audio_key:
            return RecordingAudio(recording, None, None)
        expires_at = format_timestamp(self.clock() + timedelta(seconds=AUDIO_LINK_SECONDS))
        url = self.links.presigned_url(recording.audio_key, seconds=AUDIO_LINK_SECONDS)
        return RecordingAudio(recording, url, expires_at)

    def peaks(self, call_id_or_sid: str, recording_sid: str) -> dict[str, Any]:
        """What ``Peaks.to_document`` made of a recording's audio.

        Raises NotFoundError: no such call or recording, or its audio was not copied, or not measured.
        """
        _, recordings = find_call(self.store, call_id_or_sid)
        keys = [one.peaks_key for one in recordings if one.recording_sid == recording_sid]
        if not keys:
            raise NotFoundError(f"the call has no recording {printable(recording_sid)}")
        if keys[0] is None:
            raise NotFoundError("there are no peaks of this recording")
        return self.documents.get(keys[0])

    def page(self, query: CallListQuery) -> CallPage:
        """A page of at most ``limit`` calls."""
        limit, position = query.limit, query.after or ListPosition(query.day or self._today())
        found: list[Call] = []
        first_day = query.day or self.store.first_day() or FIRST_DAY
        for _ in range(MAX_DAYS_A_PAGE):
            found += self.store.list_day(
                position.day,
                before=position.before,
                status=query.status,
                limit=limit + 1 - len(found),
            )
            if len(found) > limit:
                last = found[limit - 1]
                rest = ListPosition(position.day, (last.created_at, last.call_id))
                return self._page(found[:limit], rest)
            if position.day <= first_day:
                return self._page(found, None)
            position = ListPosition(_day_after(position.day, -1))
        return self._page(found, position if self._goes_on(first_day, position.day) else None)

    def _goes_on(self, first_day: str, day: str) -> bool:
        """Whether there may be calls on ``day`` or before it, so that no page leads to nothing.

        Looks from the other end, and remembers how far nothing was found: no call is ever created on a
        day that is past.
        """
        last_look = _day_after(first_day, MAX_DAYS_A_PAGE)
        looked_at = first_day
        while looked_at <= min(day, last_look) and not self._has_calls(looked_at):
            looked_at = _day_after(looked_at, 1)
        if looked_at != first_day:
            self.store.set_first_day(looked_at)
        return looked_at <= day

    def _has_calls(self, day: str) -> bool:
        return bool(self.store.list_day(day, before=None, status=None, limit=1))

    def _page(self, found: list[Call], rest: ListPosition | None) -> CallPage:
        return CallPage([self._with_outcomes(call) for call in found], rest)

    def _with_outcomes(self, call: Call) -> Call:
        """Asks for the recordings only where the item may be older than its attributes of them are."""
        if call.outcomes or call.status != CallState.COMPLETED or call.due_at is not None:
            return call
        _, recordings = self.store.get_call_with_recordings(call.call_id) or (call, [])
        return with_outcomes(call, recordings)

    def _today(self) -> str:
        return self.clock().date().isoformat()

    def transcript(self, call_id_or_sid: str) -> CallTranscript:
        """What was said in all recordings of a call.

        Raises:
            NotFoundError: no such call.
            NotReadyError: none of it is there yet (or ever will be, ``final``).
        """
        call, recordings = find_call(self.store, call_id_or_sid)
        parts = self._parts(call, in_order(recordings))
        return CallTranscript(call.call_id, tuple(parts))

    def _parts(self, call: Call, recordings: list[Recording]) -> list[TimedTranscript]:
        _check_readable(call, recordings)
        with_text = [recording for recording in recordings if recording.transcript_key]
        return [
            TimedTranscript(
                offset_ms=offset_ms(call, recording, recordings[0]),
                label=recording.recording_sid,
                transcript=self.read_transcript(self.documents.get(recording.transcript_key or "")),
            )
            for recording in with_text
        ]


def _day_after(day: str, days: int) -> str:
    return (date.fromisoformat(day) + timedelta(days=days)).isoformat()


def _check_readable(call: Call, recordings: list[Recording]) -> None:
    """Part of a transcript would pass for the whole: everything must have ended, and one well."""
    if any(recording.status not in RECORDING_TERMINAL for recording in recordings):
        raise NotReadyError("a recording is still being transcribed: try again", final=False)
    if not recordings and (call.status not in calls.CALL_TERMINAL or call.due_at):
        raise NotReadyError(f"the call is {call.status}: try again later", final=False)
    if not recordings:
        raise NotReadyError(f"the call is {call.status} and has no recording", final=True)
    if not any(recording.transcript_key for recording in recordings):
        reasons = "; ".join(
            f"{recording.recording_sid}: {recording.error_message or recording.status}"
            for recording in recordings
        )
        raise NotReadyError(f"no recording has a transcript ({reasons})", final=True)
