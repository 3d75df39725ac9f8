"""One suite for both stores of calls: the table (on MiniStack) and its stand-in in memory."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

from callscribe.adapters.dynamodb import DynamoDBCallStore
from callscribe.domain.calls import Call, new_call_id
from callscribe.domain.deadlines import waiting_shard
from callscribe.domain.recordings import Recording
from callscribe.ports import CallStore
from tests.fakes.memory_store import MemoryCallStore
from tests.support.stack import Driver

NOW = "2026-03-04T05:06:07.000Z"


@pytest.fixture(params=["memory", "dynamodb"])
def store(request: pytest.FixtureRequest) -> CallStore:
    if request.param == "memory":
        return MemoryCallStore()
    driver: Driver = request.getfixturevalue("driver")
    client = driver.stack.ministack.client("dynamodb")
    # a table of its own with the template's keys and indexes: nobody reconciles what lies in it
    properties = driver.stack.deployment.template["Resources"]["CallsTable"]["Properties"]
    wanted = ("KeySchema", "AttributeDefinitions", "GlobalSecondaryIndexes", "BillingMode")
    name = f"contract-{new_call_id()}"
    client.create_table(TableName=name, **{key: properties[key] for key in wanted})
    return DynamoDBCallStore(client, name)


def call(**more: Any) -> Call:
    values = {"call_id": new_call_id(), "status": "placing", "created_at": NOW, "updated_at": NOW}
    return Call(**(values | more))


def recording(owner: Call, **more: Any) -> Recording:
    values = {
        "call_id": owner.call_id,
        "recording_sid": "RE" + "1" * 32,
        "status": "received",
        "created_at": NOW,
        "updated_at": NOW,
    }
    return Recording(**(values | more))


def test_what_is_added_reads_back_as_it_was(store: CallStore) -> None:
    made = call(
        metadata={"a": "ü"},
        transcription={"temperature": 0.25, "keyterms_prompt": ["x"], "speaker_labels": True},
        say="Hello <&>",
        duration_seconds=7,
    )
    assert store.add_call(made)
    assert store.get_call(made.call_id) == made
    heard = recording(made, confidence=0.9437, warnings=["w"], announce=True)
    assert store.add_recording(heard)
    assert store.get_recording(made.call_id, heard.recording_sid) == heard
    assert store.get_call_with_recordings(made.call_id) == (made, [heard])


def test_what_is_not_there_is_none(store: CallStore) -> None:
    nobody = new_call_id()
    assert store.get_call(nobody) is None
    assert store.get_recording(nobody, "RE" + "0" * 32) is None
    assert store.get_call_with_recordings(nobody) is None
    assert store.find_call_id("CA" + "0" * 32) is None
    assert store.change_call(nobody, {"status": "queued"}, only_from=["placing"]) is False
    assert store.get_call(nobody) is None


def test_second_add_changes_nothing(store: CallStore) -> None:
    made = call()
    assert store.add_call(made)
    assert store.add_call(replace(made, status="queued")) is False
    assert store.get_call(made.call_id) == made


def test_change_happens_only_from_the_named_statuses(store: CallStore) -> None:
    made = call(call_sid="CA" + "1" * 32)
    store.add_call(made)
    assert not store.change_call(made.call_id, {"status": "ringing"}, only_from=["queued"])
    assert store.change_call(made.call_id, {"status": "queued", "say": "a"}, only_from=["placing"])
    assert store.get_call(made.call_id) == replace(made, status="queued", say="a")


def test_expected_values_must_still_hold(store: CallStore) -> None:
    made = call()
    store.add_call(made)
    sid = "CA" + "2" * 32
    change = {"call_sid": sid}
    options: dict[str, Any] = {"only_from": ["placing"]}
    assert not store.change_call(made.call_id, change, expected={"call_sid": "CA0"}, **options)
    assert store.change_call(made.call_id, change, expected={"call_sid": None}, **options)
    assert not store.change_call(made.call_id, change, expected={"call_sid": None}, **options)


def test_none_removes(store: CallStore) -> None:
    made = call(waiting_for="waiting#0", due_at=NOW, error_code="x")
    store.add_call(made)
    changes = {"waiting_for": None, "due_at": None, "error_code": None}
    assert store.change_call(made.call_id, changes, only_from=["placing"])
    assert store.get_call(made.call_id) == replace(
        made, waiting_for=None, due_at=None, error_code=None
    )


def test_of_many_writers_one_wins(store: CallStore) -> None:
    made = call()
    store.add_call(made)

    def claim(number: int) -> bool:
        changes = {"status": "queued", "say": str(number)}
        return store.change_call(made.call_id, changes, only_from=["placing"])

    with ThreadPoolExecutor(16) as pool:
        assert sum(pool.map(claim, range(16))) == 1


def test_overdue_is_only_what_waits_and_is_late(store: CallStore) -> None:
    late, early, done = call(), call(), call()
    late = replace(late, waiting_for=waiting_shard(late.call_id), due_at="2020-01-01T00:00:00.000Z")
    early = replace(
        early, waiting_for=waiting_shard(early.call_id), due_at="2999-01-01T00:00:00.000Z"
    )
    for made in (late, early, done):
        store.add_call(made)
    heard = recording(late, waiting_for=waiting_shard(late.call_id), due_at=late.due_at)
    store.add_recording(heard)
    ours = {made.call_id for made in (late, early, done)}
    found = {
        (waiting.call_id, waiting.recording_sid)
        for waiting in store.list_overdue("2020-06-01T00:00:00.000Z", limit=100)
        if waiting.call_id in ours
    }
    assert found == {(late.call_id, None), (late.call_id, heard.recording_sid)}


def test_day_is_listed_newest_first_and_continued(store: CallStore) -> None:
    day = "2026-02-03"
    made = [call(created_at=f"{day}T0{n // 2}:00:00.000Z", status="busy") for n in range(6)]
    made.append(call(created_at=f"{day}T09:00:00.000Z", status="failed"))
    for one in made:
        store.add_call(one)
    expected = sorted(made, key=lambda c: (c.created_at, c.call_id), reverse=True)
    assert store.list_day(day, before=None, status=None, limit=3) == expected[:3]
    edge = (expected[2].created_at, expected[2].call_id)
    assert store.list_day(day, before=edge, status=None, limit=10) == expected[3:]
    assert store.list_day(day, before=None, status="failed", limit=10) == expected[:1]
    assert store.list_day("2026-02-04", before=None, status=None, limit=10) == []


def test_call_is_found_by_its_sid(store: CallStore) -> None:
    sid = "CA" + new_call_id()
    made = call(call_sid=sid)
    store.add_call(made)
    assert store.find_call_id(sid) == made.call_id
