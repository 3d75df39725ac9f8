"""What callers read: the list page by page, one call, links to its audio, its transcript."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from callscribe.domain.errors import NotFoundError, NotReadyError
from callscribe.domain.peaks import Peaks
from callscribe.domain.recordings import Recording
from callscribe.use_cases.read_calls import (
    CallListQuery,
    CallPage,
    ListPosition,
    ReadCalls,
    RecordingAudio,
)
from simulation.memory_store import MemoryCallStore
from tests.support.doubles import Recorder
from tests.support.entries import CALL_ID, CALL_SID, a_call, a_recording
from tests.support.gateways import InMemoryGateways, application
from tests.support.second_vendor import read_transcript

NOW = datetime(2026, 11, 21, 18, 0, tzinfo=UTC)
# two on one day, one each side of a month without any, and the first day there can be
DAYS = ("2026-11-21", "2026-11-21", "2026-10-05", "2026-05-05", "2026-01-01")
IDS = [f"{number:032x}" for number in range(len(DAYS))]
FIRST, SECOND = "RE" + "1" * 32, "RE" + "2" * 32


class House:
    def __init__(self, *recordings: Recording, **call: Any) -> None:
        self.store, self.documents = MemoryCallStore(), Recorder()
        if recordings or call:
            self.store.save(None, a_call(**({"call_sid": CALL_SID} | call)))
        for recording in recordings:
            self.store.save(None, recording)
        gateways = InMemoryGateways(
            store=self.store,
            documents=self.documents,
            read_transcript=read_transcript,
            clock=lambda: NOW,
        )
        self.read: ReadCalls = application(gateways).read_calls

    def with_days(self) -> House:
        for number, day in enumerate(DAYS):
            at = f"{day}T12:00:{59 - number:02}.000Z"
            status = "busy" if number % 2 else "completed"
            times = {"created_at": at, "updated_at": at}
            self.store.save(None, a_call(status, call_id=IDS[number], **times))
        return self

    def pages(self, **query: Any) -> list[CallPage]:
        """All pages of a list, from the first one on."""
        found = [self.read.page(CallListQuery(**query))]
        while found[-1].next:
            found.append(self.read.page(CallListQuery(**query, after=found[-1].next)))
        return found


@pytest.mark.parametrize("limit", [1, 2, 3, 5, 50])
@pytest.mark.parametrize(
    ("chosen", "expected"),
    [
        ({}, IDS),
        ({"status": "busy"}, [IDS[1], IDS[3]]),
        ({"status": "queued"}, []),
        ({"day": "2026-11-21"}, IDS[:2]),
        ({"day": "2026-11-21", "status": "busy"}, [IDS[1]]),
        ({"day": "2026-11-20"}, []),
    ],
)
def test_pages_go_back_to_the_first_day_and_end_there(
    limit: int, chosen: dict[str, str], expected: list[str]
) -> None:
    pages = House().with_days().pages(limit=limit, **chosen)
    assert [call.call_id for page in pages for call in page.calls] == expected
    assert max(len(page.calls) for page in pages) <= limit


def test_page_reads_no_more_than_a_month_of_days() -> None:
    """With a month in which there is nothing a page may be empty, and still not the last one."""
    page = House().with_days().read.page(CallListQuery(limit=50))
    assert [call.call_id for call in page.calls] == IDS[:2]
    assert page.next == ListPosition("2026-10-21")


@pytest.mark.parametrize(
    "day", ["2026-11-21", "2026-11-16", "2026-10-22", "2026-10-21", "2026-05-05"]
)
def test_end_of_the_list_is_the_end_once_the_days_before_were_looked_through(day: str) -> None:
    house = House()
    house.store.save(None, a_call(created_at=f"{day}T08:00:00.000Z"))
    for _ in range(11):
        house.read.page(CallListQuery(limit=50))
    assert str(house.store.first_day()) in (min(day, "2026-10-22"), "2026-10-21")
    pages = house.pages(limit=50)
    assert [len(page.calls) for page in pages if page.calls] == [1]
    # no page leads to nothing
    assert pages[-1].calls


def test_first_list_of_a_stack_goes_on_only_while_days_are_left_to_look_through() -> None:
    house = House()
    # 325 days, of which a page looks through a month from either end
    lists = [len(house.pages(limit=50)) for _ in range(4)]
    assert lists == sorted(lists, reverse=True)
    assert (lists[0], lists[-1]) == (6, 1)
    house.store.save(None, a_call(created_at="2026-11-20T08:00:00.000Z"))
    [page] = house.pages(limit=50)
    assert len(page.calls) == 1


@pytest.mark.parametrize("name", [CALL_ID, CALL_SID])
def test_recordings_come_in_the_order_in_which_they_began(name: str) -> None:
    early, late = "2026-11-21T08:00:00.000Z", "2026-11-21T08:00:09.000Z"
    house = House(
        a_recording(recording_sid=FIRST, started_at=late),
        a_recording(recording_sid=SECOND, started_at=early),
    )
    call, recordings = house.read.get(name)
    assert call.call_id == CALL_ID
    assert [recording.recording_sid for recording in recordings] == [SECOND, FIRST]


@pytest.mark.parametrize("status", ["erasing", "erased"])
def test_of_an_erased_call_only_the_record_is_shown(status: str) -> None:
    house = House(a_recording("completed", audio_key="a", transcript_key="t"), status=status)
    call, recordings = house.read.get(CALL_ID)
    assert (call.status, recordings) == (status, [])
    for read in (house.read.recordings, house.read.transcript):
        with pytest.raises(NotFoundError, match="erased"):
            read(CALL_ID)
    assert house.documents.asked == []


def test_audio_has_a_link_for_five_minutes_and_none_where_there_is_no_audio() -> None:
    with_audio = a_recording("stored", recording_sid=FIRST, audio_key="audio/1")
    without = a_recording("absent", recording_sid=SECOND)
    house = House(with_audio, without)
    house.documents.answers["presigned_url"] = "https://bucket/audio/1?signed"
    audio = house.read.recordings(CALL_SID)
    assert audio.call_id == CALL_ID
    assert audio.recordings == [
        RecordingAudio(with_audio, "https://bucket/audio/1?signed", "2026-11-21T18:05:00.000Z"),
        RecordingAudio(without, None, None),
    ]
    assert house.documents.given == [("audio/1",)]


def test_transcript_has_every_recording_with_text_on_the_clock_of_the_call() -> None:
    done: dict[str, Any] = {"status": "completed", "transcript_key": "t"}
    house = House(
        a_recording(**done, recording_sid=FIRST, started_at="2026-11-21T08:00:12.000Z"),
        a_recording(**done, recording_sid=SECOND, started_at="2026-11-21T08:00:02.000Z"),
        # it has ended too, without words
        a_recording("absent", recording_sid="RE" + "3" * 32),
        answered_at="2026-11-21T08:00:00.000Z",
    )
    house.documents.answers["get"] = {"no": "sheet-1", "lines": [[0, 1, "Hello."]]}
    transcript = house.read.transcript(CALL_ID)
    parts = [(part.label, part.offset_ms) for part in transcript.recordings]
    assert parts == [(SECOND, 2000), (FIRST, 12_000)]
    assert {part.transcript.text for part in transcript.recordings} == {"Hello."}


COMPLETED = a_recording("completed", transcript_key="t")


@pytest.mark.parametrize(
    ("call", "recordings", "message", "final"),
    [
        # part of it would pass for the whole
        ({}, [COMPLETED, a_recording("submitted", recording_sid=SECOND)], "still being", False),
        ({"status": "in-progress"}, [], "the call is in-progress: try again later", False),
        # its recording may still be found
        ({"due_at": "x"}, [], "the call is completed: try again later", False),
        ({"status": "busy"}, [], "the call is busy and has no recording", True),
        ({}, [a_recording("error", error_message="no good")], f"{FIRST}: no good", True),
        ({}, [a_recording("silent")], f"{FIRST}: silent", True),
    ],
)
def test_transcript_that_is_not_there_says_whether_it_will_be(
    call: dict[str, str], recordings: list[Recording], message: str, final: bool
) -> None:
    house = House(*recordings, **({"status": "completed"} | call))
    with pytest.raises(NotReadyError, match=message) as caught:
        house.read.transcript(CALL_ID)
    assert caught.value.final == final
    assert house.documents.asked == []


def test_peaks_are_those_that_were_stored() -> None:
    house = House(a_recording("stored", recording_sid=FIRST, peaks_key="audio/1"))
    document = Peaks((b"\0\1",)).to_document()
    house.documents.answers["get"] = document
    assert house.read.peaks(CALL_SID, FIRST) == document
    assert house.documents.given == [("audio/1",)]


@pytest.mark.parametrize(
    ("call_id", "recording_sid", "why"),
    [
        (CALL_ID, FIRST, "no peaks of this recording"),
        (CALL_ID, SECOND, f"no recording {SECOND}"),
        ("b" * 32, FIRST, "no call"),
    ],
)
def test_peaks_that_there_are_not_are_not_found(call_id: str, recording_sid: str, why: str) -> None:
    house = House(a_recording(recording_sid=FIRST))
    with pytest.raises(NotFoundError, match=why):
        house.read.peaks(call_id, recording_sid)
