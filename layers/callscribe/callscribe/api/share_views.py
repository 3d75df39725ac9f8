"""Links to calls as the API shows them, and calls as links show them (docs/sharing.md)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TypedDict

from callscribe.domain.recordings import Recording
from callscribe.domain.shares import Share
from callscribe.domain.times import format_timestamp
from callscribe.use_cases.read_calls import CallAudio
from callscribe.use_cases.read_share import SharedCall
from callscribe.use_cases.share_call import NewShare


class ShareView(TypedDict):
    """A link, without what opens it."""

    share_id: str
    created_at: str
    created_by: str
    expires_at: str
    show_numbers: bool
    opened: int
    requests: int
    last_used_at: str | None


class NewShareView(ShareView):
    """The only answer that has the link itself."""

    url: str


class ShareListView(TypedDict):
    """The links to a call."""

    shares: list[ShareView]


class SharedRecordingView(TypedDict):
    """Of a recording what a listener needs."""

    recording_sid: str
    status: str
    started_at: str | None
    duration_seconds: int | None
    channels: int | None
    transcript_status: str | None
    language_code: str | None
    updated_at: str


class SharedCallView(TypedDict):
    """Of a call no more than this leaves the house: no prompt, metadata, errors, or who asked for it."""

    call_id: str
    status: str
    direction: str
    to_number: str | None
    from_number: str | None
    created_at: str
    answered_at: str | None
    ended_at: str | None
    duration_seconds: int | None
    recordings: list[SharedRecordingView]
    link_expires_at: str


class SharedAudioView(SharedRecordingView):
    """With a link to the audio, where there is any."""

    audio_url: str | None
    audio_url_expires_at: str | None


class SharedCallAudioView(TypedDict):
    """The recordings of a shared call."""

    call_id: str
    recordings: list[SharedAudioView]


def share_view(share: Share) -> ShareView:
    """A line of the list."""
    return ShareView(
        share_id=share.share_id,
        created_at=share.created_at,
        created_by=share.created_by,
        expires_at=_time(share.expires_at),
        show_numbers=share.show_numbers,
        opened=share.opened,
        requests=share.requests,
        last_used_at=share.last_used_at,
    )


def new_share_view(made: NewShare) -> NewShareView:
    """With the link."""
    return NewShareView(**share_view(made.share), url=made.url)


def shared_call_view(shared: SharedCall) -> SharedCallView:
    """The call."""
    call = shared.call
    return SharedCallView(
        call_id=call.call_id,
        status=call.status,
        direction=call.direction,
        to_number=call.to_number,
        from_number=call.from_number,
        created_at=call.created_at,
        answered_at=call.answered_at,
        ended_at=call.ended_at,
        duration_seconds=call.duration_seconds,
        recordings=[_recording(recording) for recording in shared.recordings],
        link_expires_at=_time(shared.share.expires_at),
    )


def shared_audio_view(audio: CallAudio) -> SharedCallAudioView:
    """The recordings, each with its link."""
    return SharedCallAudioView(
        call_id=audio.call_id,
        recordings=[
            SharedAudioView(
                **_recording(one.recording),
                audio_url=one.url,
                audio_url_expires_at=one.url_expires_at,
            )
            for one in audio.recordings
        ],
    )


def _recording(recording: Recording) -> SharedRecordingView:
    return SharedRecordingView(
        recording_sid=recording.recording_sid,
        status=recording.status,
        started_at=recording.started_at,
        duration_seconds=recording.duration_seconds,
        channels=recording.channels,
        transcript_status=recording.transcript_status,
        language_code=recording.language_code,
        updated_at=recording.updated_at,
    )


def _time(epoch_seconds: int) -> str:
    return format_timestamp(datetime.fromtimestamp(epoch_seconds, UTC))
