"""Several stacks on one account: whose a recording or a transcript is."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from callscribe.domain.adoption import belongs_here, is_in_bucket, read_adoption
from callscribe.domain.times import format_timestamp
from callscribe.domain.transcription_jobs import JobStatus, TranscriptionJob
from callscribe.ports.telephony import CallStatusUpdate, RecordingStatusUpdate, VendorRecordingState
from callscribe.ports.vendors import Page
from simulation.memory_store import MemoryCallStore
from tests.support.doubles import QuietTelemetry, Recorder, queued_at_twilio
from tests.support.entries import CALL_ID, CALL_SID, RECORDING_SID, a_call, a_recording
from tests.support.sweeping import BUCKET, NOW, OURS, sweep_vendors

KEY = f"audio/{CALL_ID}/{RECORDING_SID}.wav"


@pytest.mark.parametrize(
    "host",
    [
        "our-bucket.s3.amazonaws.com/",
        "our-bucket.s3.eu-west-1.amazonaws.com/",
        "our-bucket.s3.dualstack.eu-west-1.amazonaws.com/",
        "our-bucket.s3-accelerate.amazonaws.com/",
        "our-bucket.s3-fips.us-gov-west-1.amazonaws.com/",
        "our-bucket.s3.cn-north-1.amazonaws.com.cn/",
        "s3.eu-west-1.amazonaws.com/our-bucket/",
        "127.0.0.1:4566/our-bucket/",
    ],
)
def test_link_into_our_bucket_is_ours(host: str) -> None:
    assert is_in_bucket(f"{host}{KEY}", BUCKET)


@pytest.mark.parametrize(
    "location",
    [
        f"other-bucket.s3.amazonaws.com/{KEY}",
        f"my.our-bucket.s3.amazonaws.com/{KEY}",
        f"our-bucket.s3.s3.amazonaws.com/{KEY}",
        f"our-bucket.example/{KEY}",
        f"s3.amazonaws.com/other-bucket/{KEY}",
        f"our-bucket-2.s3.amazonaws.com/{KEY}",
        "deleted_by_user",
        "",
    ],
)
def test_any_other_link_is_not(location: str) -> None:
    assert not is_in_bucket(location, BUCKET)


def test_transcript_must_name_our_webhook_where_it_names_one() -> None:
    listed = a_job(f"our-bucket.s3.amazonaws.com/{KEY}", None)
    assert belongs_here(listed, BUCKET)
    assert belongs_here(replace(listed, callback_url="mine"), BUCKET, {"mine"})
    for callback in ("theirs", ""):
        assert not belongs_here(replace(listed, callback_url=callback), BUCKET, {"mine"})


@pytest.mark.parametrize(
    ("which", "numbers", "says"),
    [
        ("all", "", "must be one of"),
        ("numbers", " ", "needs AdoptNumbers"),
        ("numbers", "+14155550100,x", "'x'"),
    ],
)
def test_mistake_in_the_parameters_is_named(which: str, numbers: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        read_adoption(which, numbers)


class Vendors:
    """One recording at Twilio, of a call from +14155550100, and perhaps one transcription job, which is
    gone once it was deleted."""

    def __init__(self, job: TranscriptionJob | None = None) -> None:
        self.job = job
        self.asked: list[str] = []
        self.deleted: list[str] = []

    def page_recordings(self, *_: object) -> Page[RecordingStatusUpdate]:
        made = format_timestamp(NOW - timedelta(hours=1))
        return Page(
            [
                RecordingStatusUpdate(
                    recording_sid=RECORDING_SID,
                    call_sid=CALL_SID,
                    status=VendorRecordingState.COMPLETED,
                    created_at=made,
                )
            ],
            None,
        )

    def page_ended_calls(self, *_: object) -> Page[Any]:
        return Page([], None)

    def page_since(self, _: str, cursor: str | None) -> Page[TranscriptionJob]:
        assert cursor is None
        if self.job is None or self.deleted:
            return Page([], None)
        return Page([replace(self.job, callback_url=None)], None)

    def get_call(self, call_sid: str) -> CallStatusUpdate:
        self.asked.append(call_sid)
        placed = a_call(to_number="+14155550100", from_number="+15005550006")
        return queued_at_twilio(placed, call_sid)

    def get(self, transcript_id: str) -> TranscriptionJob:
        assert self.job is not None
        assert self.job.transcript_id == transcript_id
        return self.job

    def delete(self, transcript_id: str) -> None:
        self.deleted.append(transcript_id)


def a_job(location: str, callback_url: str | None) -> TranscriptionJob:
    return TranscriptionJob(
        vendor="AssemblyAI",
        transcript_id="theirs",
        status=JobStatus.COMPLETED,
        audio_location=location,
        callback_url=callback_url,
        created_at="2026-11-21T07:00:00.000Z",
    )


def swept(
    vendors: Vendors, store: MemoryCallStore | None = None, **adoption: str
) -> list[RecordingStatusUpdate]:
    queue = Recorder()
    sweeper = sweep_vendors(
        store or MemoryCallStore(), vendors, queue, QuietTelemetry(), **adoption
    )
    for _ in range(2):
        sweeper.run(lambda: 60.0)
    return [notice for (notice,) in queue.given]


@pytest.mark.parametrize(
    ("which", "numbers", "taken", "asked"),
    [
        ("own", "", 0, 0),
        ("account", "", 2, 0),
        ("numbers", "+14155550100", 2, 1),
        ("numbers", "+15005550006", 2, 1),
        ("numbers", "+14155550199", 0, 1),
    ],
)
def test_unknown_recording_is_taken_as_the_operator_chose(
    which: str, numbers: str, taken: int, asked: int
) -> None:
    vendors = Vendors()
    assert len(swept(vendors, ADOPT_RECORDINGS=which, ADOPT_NUMBERS=numbers)) == taken
    # looked up once, however often a window meets it
    assert len(vendors.asked) == asked


def test_recording_of_a_known_call_is_taken_in_any_case() -> None:
    store = MemoryCallStore()
    store.save(None, a_call(call_sid=CALL_SID))
    notices = swept(Vendors(), store)
    assert {(notice.call_id, notice.imported) for notice in notices} == {(CALL_ID, None)}


def known(status: str, transcript_id: str | None) -> MemoryCallStore:
    store = MemoryCallStore()
    store.save(None, a_call(status))
    if transcript_id is not None:
        store.save(None, a_recording("completed", transcript_id=transcript_id))
    return store


@pytest.mark.parametrize("status", ["completed", "erased"])
@pytest.mark.parametrize(
    ("host", "base", "deleted"),
    [
        ("our-bucket.s3.amazonaws.com", OURS, ["theirs"]),
        ("other-bucket.s3.amazonaws.com", OURS, []),
        ("our-bucket.s3.amazonaws.com", "https://other.example", []),
        ("other-bucket.s3.amazonaws.com", "https://other.example", []),
    ],
)
def test_only_a_transcript_of_this_stack_is_deleted(
    status: str, host: str, base: str, deleted: list[str]
) -> None:
    callback_url = f"{base}/transcript-complete/{CALL_ID}/{RECORDING_SID}"
    vendors = Vendors(a_job(f"{host}/{KEY}", callback_url))
    store = known(status, "the one" if status == "completed" else None)
    swept(vendors, store)
    assert vendors.deleted == deleted
