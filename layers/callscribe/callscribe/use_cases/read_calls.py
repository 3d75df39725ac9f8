"""What people ask for: calls, their list, transcripts, audio."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from callscribe.domain import calls, views
from callscribe.domain.calls import Call
from callscribe.domain.cursors import Cursor, read_cursor
from callscribe.domain.errors import (
    FieldError,
    InvalidInputError,
    NotReadyError,
)
from callscribe.domain.json_values import printable
from callscribe.domain.recordings import RECORDING_TERMINAL, Recording
from callscribe.domain.rendering.call_transcript import CallTranscript, TimedTranscript
from callscribe.domain.rendering.formats import DEFAULT_FORMAT, check_format, render
from callscribe.domain.times import Clock, format_timestamp, is_day
from callscribe.ports.storage import AudioLinks, CallStore, Documents
from callscribe.ports.transcription import TranscriptReader
from callscribe.use_cases.find_call import find_call

DEFAULT_LIMIT = 50
MAX_LIMIT = 200
# without a date the list goes back so many days a page; the cursor goes on from there
MAX_DAYS_A_PAGE = 31
AUDIO_LINK_SECONDS = 300
# int() refuses texts of some thousand digits
_DIGITS = re.compile(r"[0-9]{1,3}")
# nobody has called through this application before it existed
_FIRST_DAY = "2026-01-01"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadCalls:
    store: CallStore
    documents: Documents
    read_transcript: TranscriptReader
    links: AudioLinks
    clock: Clock

    def get(self, call_id_or_sid: str) -> dict[str, Any]:
        """The call and its recordings; of an erased one the record of that. Raises NotFoundError."""
        call, recordings = find_call(self.store, call_id_or_sid, even_erased=True)
        # until its items are removed nothing of them is shown
        return views.call_view(call, [] if call.status in calls.ERASED_STATUSES else recordings)

    def recordings(self, call_id_or_sid: str) -> dict[str, Any]:
        """Each recording with a link to its audio that lives for five minutes."""
        call, recordings = find_call(self.store, call_id_or_sid)
        expires_at = format_timestamp(self.clock() + timedelta(seconds=AUDIO_LINK_SECONDS))
        return {
            "call_id": call.call_id,
            "recordings": [
                {
                    **views.recording_view(recording),
                    "audio_url": recording.audio_key
                    and self.links.presigned_url(recording.audio_key, seconds=AUDIO_LINK_SECONDS),
                    "audio_url_expires_at": expires_at if recording.audio_key else None,
                }
                for recording in views.in_order(recordings)
            ],
        }

    def page(self, query: Mapping[str, str]) -> dict[str, Any]:
        """A page of calls, newest first. Raises InvalidInputError."""
        wanted, status, limit, cursor = self._list_arguments(query)
        found: list[Call] = []
        for _ in range(1 if wanted else MAX_DAYS_A_PAGE):
            found += self.store.list_day(
                cursor.day, before=cursor.before, status=status, limit=limit + 1 - len(found)
            )
            if len(found) > limit:
                last = found[limit - 1]
                return _page(found[:limit], Cursor(cursor.day, (last.created_at, last.call_id)))
            if cursor.day <= _FIRST_DAY:
                return _page(found, None)
            day_before = date.fromisoformat(cursor.day) - timedelta(days=1)
            cursor = Cursor(day_before.isoformat())
        return _page(found, None if wanted else cursor)

    def transcript(self, call_id_or_sid: str, query: Mapping[str, str]) -> tuple[str, str]:
        """All recordings of a call as one document.

        Returns:
            The content type and the text.

        Raises:
            NotFoundError, InvalidInputError: no such call, no such format.
            NotReadyError: none of it is there yet (or ever will be, ``final``).
        """
        wanted = query.get("format", DEFAULT_FORMAT)
        check_format(wanted)
        call, recordings = find_call(self.store, call_id_or_sid)
        parts = self._parts(call, views.in_order(recordings))
        return render(wanted, CallTranscript(call.call_id, tuple(parts)))

    def _parts(self, call: Call, recordings: list[Recording]) -> list[TimedTranscript]:
        _check_readable(call, recordings)
        with_text = [recording for recording in recordings if recording.transcript_key]
        return [
            TimedTranscript(
                offset_ms=views.offset_ms(call, recording, recordings[0]),
                label=recording.recording_sid,
                transcript=self.read_transcript(self.documents.get(recording.transcript_key or "")),
            )
            for recording in with_text
        ]

    def _list_arguments(self, query: Mapping[str, str]) -> tuple[bool, str | None, int, Cursor]:
        errors = [
            FieldError(
                printable(name), "is not known; the parameters are date, status, limit, cursor"
            )
            for name in query
            if name not in ("date", "status", "limit", "cursor")
        ]
        status = query.get("status")
        if status is not None and status not in calls.STATUSES:
            errors.append(FieldError("status", f"must be one of {', '.join(calls.STATUSES)}"))
        limit_text = query.get("limit", str(DEFAULT_LIMIT))
        limit = int(limit_text) if _DIGITS.fullmatch(limit_text) else 0
        if not 1 <= limit <= MAX_LIMIT:
            errors.append(FieldError("limit", f"must be a whole number from 1 to {MAX_LIMIT}"))
        day = query.get("date", self.clock().date().isoformat())
        if not is_day(day) or day < _FIRST_DAY:
            message = f"must be a day such as 2026-11-21, not before {_FIRST_DAY}"
            errors.append(FieldError("date", message))
        if errors:
            raise InvalidInputError(errors)
        cursor = read_cursor(query["cursor"]) if "cursor" in query else Cursor(day)
        if "date" in query and cursor.day != day:
            message = "belongs to another date: ask with the date it came with"
            raise InvalidInputError([FieldError("cursor", message)])
        return "date" in query, status, limit, cursor


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


def _page(found: list[Call], cursor: Cursor | None) -> dict[str, Any]:
    return {
        "calls": [views.call_summary(call) for call in found],
        "next_cursor": cursor and cursor.write(),
    }
