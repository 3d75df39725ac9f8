"""Walking through the vendors' lists: every page, the span that was asked for, and nothing twice."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest
import requests

from callscribe.adapters.assemblyai.client import AssemblyAITranscriber, PresignedAudio
from callscribe.adapters.aws.secrets import Secrets
from callscribe.adapters.twilio.client import TwilioTelephony
from callscribe.domain.errors import VendorNotFoundError
from callscribe.domain.times import format_timestamp
from callscribe.domain.transcription_jobs import AudioReference, TranscriptionRequest
from callscribe.ports.storage import AudioLinks
from callscribe.ports.vendors import Page
from local.simulators.assemblyai import AssemblyAISimulator
from local.simulators.twilio import TwilioSimulator

ACCOUNT = "AC" + "1" * 32
A_REQUEST = TranscriptionRequest(
    audio=AudioReference("http://127.0.0.1:9/a.wav", "127.0.0.1:9/a.wav"),
    channels=1,
    callback_url="http://127.0.0.1:9/hook",
    callback_secret="s",
    options={},
)
VALUES = {"api_key_sid": "SK1", "api_key_secret": "s", "api_key": "k"}


def now() -> datetime:
    """Of the test: collecting may be minutes ago."""
    return datetime.now(UTC)


class StoredSecrets:
    """What the adapters read of ``Secrets``."""

    def read(self, _: str, **__: bool) -> dict[str, str]:
        return VALUES

    def value(self, _: str, key: str, **__: bool) -> str:
        return VALUES[key]


SECRETS = cast(Secrets, StoredSecrets())


@pytest.fixture
def twilio() -> Iterator[TwilioSimulator]:
    simulator = TwilioSimulator(ACCOUNT, "token", "SK1", "s", numbers=["+15005550006"])
    yield simulator
    simulator.close()


@pytest.fixture
def telephony(twilio: TwilioSimulator) -> TwilioTelephony:
    return TwilioTelephony(SECRETS, secret_name="x", account_sid=ACCOUNT, api_url=twilio.url)


@pytest.fixture
def assemblyai() -> Iterator[AssemblyAISimulator]:
    simulator = AssemblyAISimulator("k", queued_seconds=60)
    yield simulator
    simulator.close()


@pytest.fixture
def transcriber(assemblyai: AssemblyAISimulator) -> AssemblyAITranscriber:
    links = cast(AudioLinks, None)
    return AssemblyAITranscriber(
        SECRETS,
        secret_name="x",
        api_url=assemblyai.url,
        audio=PresignedAudio(links),
        speech_models=("universal-2",),
    )


def made(twilio: TwilioSimulator, minutes_ago: float) -> dict[str, str]:
    body = {"from": "+14155550100", "to": "+15005550006", "minutes_ago": minutes_ago}
    answer: dict[str, str] = requests.post(
        f"{twilio.url}/_sim/recordings", json=body, timeout=10
    ).json()
    return answer


def every_page(ask: Any) -> list[list[Any]]:
    pages: list[list[Any]] = []
    cursor = None
    while True:
        page: Page[Any] = ask(cursor)
        pages.append(page.entries)
        if page.cursor is None:
            return pages
        cursor = page.cursor


def test_recordings_of_a_span_are_paged_and_no_others_are_given(
    twilio: TwilioSimulator, telephony: TwilioTelephony
) -> None:
    inside = {made(twilio, 60 + n)["recording_sid"] for n in range(120)}
    outside = {made(twilio, n)["recording_sid"] for n in (5, 300)}
    since, until = (
        format_timestamp(now() - timedelta(minutes=200)),
        format_timestamp(now() - timedelta(minutes=30)),
    )
    pages = every_page(lambda cursor: telephony.page_recordings(since, until, cursor))
    found = [notice.recording_sid for page in pages for notice in page]
    assert len(pages) == 2
    assert set(found) == inside
    assert len(found) == len(inside)
    assert not set(found) & outside
    assert all(notice.created_at for page in pages for notice in page)


def test_cursor_is_followed_on_our_own_host_only(
    twilio: TwilioSimulator, telephony: TwilioTelephony
) -> None:
    for number in range(101):
        made(twilio, number)
    since, until = (
        format_timestamp(now() - timedelta(days=1)),
        format_timestamp(now() + timedelta(minutes=1)),
    )
    cursor = telephony.page_recordings(since, until, None).cursor
    assert cursor is not None
    assert cursor.startswith(f"/2010-04-01/Accounts/{ACCOUNT}/Recordings.json?")
    assert len(telephony.page_recordings(since, until, cursor).entries) == 1


def test_ended_calls_of_a_span(twilio: TwilioSimulator, telephony: TwilioTelephony) -> None:
    ended = made(twilio, 60)
    made(twilio, 600)
    since, until = format_timestamp(now() - timedelta(minutes=90)), format_timestamp(now())
    (call,) = telephony.page_ended_calls(since, until, None).entries
    assert (call.call_sid, call.status) == (ended["call_sid"], "completed")


def test_what_twilio_does_not_have_is_told_apart(
    twilio: TwilioSimulator, telephony: TwilioTelephony
) -> None:
    sid = made(twilio, 1)["recording_sid"]
    assert telephony.get_recording(sid).status == "completed"
    with pytest.raises(VendorNotFoundError):
        telephony.get_recording("RE" + "0" * 32)
    with pytest.raises(VendorNotFoundError):
        telephony.get_call("CA" + "0" * 32)


def test_transcripts_are_paged_newest_first_until_they_are_too_old(
    transcriber: AssemblyAITranscriber,
) -> None:
    made_ids = [transcriber.submit(A_REQUEST).transcript_id for _ in range(205)]
    since = format_timestamp(now() - timedelta(minutes=5))
    pages = every_page(lambda cursor: transcriber.page_since(since, cursor))
    assert [len(page) for page in pages] == [200, 5]
    newest_first = list(reversed(made_ids))
    assert [job.transcript_id for page in pages for job in page] == newest_first
    assert [job.transcript_id for job in transcriber.list_since(since)] == newest_first
    later = format_timestamp(now() + timedelta(minutes=5))
    assert transcriber.page_since(later, None) == Page([], None)


def test_deleted_transcript_stays_and_an_unknown_one_is_told_apart(
    transcriber: AssemblyAITranscriber,
) -> None:
    transcript_id = transcriber.submit(A_REQUEST).transcript_id
    transcriber.delete(transcript_id)
    assert transcriber.get(transcript_id).audio_location == "deleted_by_user"
    for ask in (transcriber.get, transcriber.delete):
        with pytest.raises(VendorNotFoundError):
            ask("00000000-0000-0000-0000-000000000000")
