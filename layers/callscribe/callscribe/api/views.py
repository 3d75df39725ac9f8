"""Calls, recordings and imports as the HTTP API shows them (docs/api.md)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NotRequired, TypedDict

from callscribe.api.cursors import write_change_cursor, write_cursor, write_scheduled_cursor
from callscribe.domain.calls import Call
from callscribe.domain.recordings import Recording
from callscribe.domain.sweeps import Sweep
from callscribe.domain.transcript_status import transcript_status
from callscribe.use_cases.follow_changes import ChangePage
from callscribe.use_cases.read_calls import CallAudio, CallPage
from callscribe.use_cases.scheduled_calls import ScheduledPage


class ErrorView(TypedDict):
    """Why a call or recording failed, and whether another try may help."""

    code: str
    message: str | None
    retryable: bool
    twilio_code: NotRequired[int]


class CallSummary(TypedDict):
    """A call without its recordings: a line of the list."""

    call_id: str
    call_sid: str | None
    status: str
    direction: str
    mode: str | None
    to_number: str | None
    from_number: str | None
    created_at: str
    updated_at: str
    place_at: str | None
    placed_at: str | None
    answered_at: str | None
    ended_at: str | None
    duration_seconds: int | None
    answered_by: str | None
    transcript_status: str
    metadata: Mapping[str, str]
    error: ErrorView | None
    cancellation: Mapping[str, Any] | None
    erasure: Mapping[str, Any] | None


class RecordingView(TypedDict):
    """A recording and what became of it."""

    recording_sid: str
    status: str
    started_at: str | None
    duration_seconds: int | None
    channels: int | None
    transcript_id: str | None
    transcript_status: str | None
    confidence: float | None
    language_code: str | None
    speech_model_used: str | None
    text: str | None
    text_truncated: bool | None
    warnings: Sequence[str]
    attempts: int
    retries: int
    updated_at: str
    error: ErrorView | None


class CallView(CallSummary):
    """A call with everything that is known of it."""

    say: str | None
    goodbye: str | None
    language: str | None
    voice: str | None
    consent: Mapping[str, Any] | None
    transcription: Mapping[str, Any]
    recordings: list[RecordingView]


class AudioView(RecordingView):
    """A recording with a link to its audio, where there is any."""

    audio_url: str | None
    audio_url_expires_at: str | None


class CallAudioView(TypedDict):
    """The recordings of a call."""

    call_id: str
    recordings: list[AudioView]


class CallPageView(TypedDict):
    """A page of the list; ``next_cursor`` asks for the next one."""

    calls: list[CallSummary]
    next_cursor: str | None


class ScheduledCallView(CallSummary):
    """A call that is to be placed, and for whom."""

    asked_by: str | None


class ScheduledPageView(TypedDict):
    """A page of the list of those; ``next_cursor`` asks for the next one."""

    calls: list[ScheduledCallView]
    next_cursor: str | None


class ChangePageView(TypedDict):
    """A page of the feed; ``next_cursor`` asks for the next one, at once where there is ``more``."""

    calls: list[CallSummary]
    next_cursor: str
    more: bool
    server_time: str
    retention_days: int


class ImportView(TypedDict):
    """How far an import is."""

    import_id: str
    call_sid: str | None
    recording_sid: str | None
    status: str
    since: str
    until: str
    seen: int
    known: int
    found: int
    skipped: int
    created_at: str
    updated_at: str
    error_message: str | None


def call_summary(call: Call) -> CallSummary:
    """A line of the list."""
    return CallSummary(
        call_id=call.call_id,
        call_sid=call.call_sid,
        status=call.status,
        direction=call.direction,
        mode=call.mode,
        to_number=call.to_number,
        from_number=call.from_number,
        created_at=call.created_at,
        updated_at=call.updated_at,
        place_at=call.place_at,
        placed_at=call.placed_at,
        answered_at=call.answered_at,
        ended_at=call.ended_at,
        duration_seconds=call.duration_seconds,
        answered_by=call.answered_by,
        transcript_status=transcript_status(call),
        metadata=call.metadata,
        error=_call_error(call),
        cancellation=call.cancellation,
        erasure=call.erasure,
    )


def call_view(call: Call, recordings: Sequence[Recording] = ()) -> CallView:
    """The whole call."""
    return CallView(
        **call_summary(call),
        say=call.say,
        goodbye=call.goodbye,
        language=call.language,
        voice=call.voice,
        consent=call.consent,
        transcription=call.transcription,
        recordings=[recording_view(recording) for recording in recordings],
    )


def recording_view(recording: Recording) -> RecordingView:
    """Without its audio."""
    failure = recording.failure
    return RecordingView(
        recording_sid=recording.recording_sid,
        status=recording.status,
        started_at=recording.started_at,
        duration_seconds=recording.duration_seconds,
        channels=recording.channels,
        transcript_id=recording.transcript_id,
        transcript_status=recording.transcript_status,
        confidence=recording.confidence,
        language_code=recording.language_code,
        speech_model_used=recording.speech_model_used,
        text=recording.text,
        text_truncated=recording.text_truncated,
        warnings=recording.warnings,
        attempts=recording.attempts,
        retries=recording.retries,
        updated_at=recording.updated_at,
        error=_error(failure.code, failure.message, failure.retryable) if failure else None,
    )


def call_audio_view(audio: CallAudio) -> CallAudioView:
    """The recordings, each with its link."""
    return CallAudioView(
        call_id=audio.call_id,
        recordings=[
            AudioView(
                **recording_view(one.recording),
                audio_url=one.url,
                audio_url_expires_at=one.url_expires_at,
            )
            for one in audio.recordings
        ],
    )


def call_page_view(page: CallPage) -> CallPageView:
    """A page, newest call first."""
    return CallPageView(
        calls=[call_summary(call) for call in page.calls],
        next_cursor=write_cursor(page.next) if page.next else None,
    )


def scheduled_page_view(page: ScheduledPage) -> ScheduledPageView:
    """A page, soonest call first."""
    return ScheduledPageView(
        calls=[
            ScheduledCallView(**call_summary(call), asked_by=call.asked_by) for call in page.calls
        ],
        next_cursor=write_scheduled_cursor(page.next) if page.next else None,
    )


def change_page_view(page: ChangePage) -> ChangePageView:
    """A page, the call that changed first at the front."""
    return ChangePageView(
        calls=[call_summary(call) for call in page.calls],
        next_cursor=write_change_cursor(page.next),
        more=page.more,
        server_time=page.read_at,
        retention_days=page.retention_days,
    )


def import_view(sweep: Sweep) -> ImportView:
    """The walk that an import is."""
    return ImportView(
        import_id=sweep.sweep_id,
        call_sid=sweep.wanted_call_sid,
        recording_sid=sweep.wanted_recording_sid,
        status=sweep.status,
        since=sweep.since,
        until=sweep.until,
        seen=sweep.seen,
        known=sweep.known,
        found=sweep.found,
        skipped=sweep.skipped,
        created_at=sweep.created_at,
        updated_at=sweep.updated_at,
        error_message=sweep.error_message,
    )


def _call_error(call: Call) -> ErrorView | None:
    view = _error(call.error_code, call.error_message, call.error_retryable)
    if view and call.twilio_code:
        view["twilio_code"] = call.twilio_code
    return view


def _error(code: str | None, message: str | None, retryable: bool | None) -> ErrorView | None:
    if code is None:
        return None
    return ErrorView(code=code, message=message, retryable=bool(retryable))
