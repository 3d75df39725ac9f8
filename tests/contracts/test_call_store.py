"""One suite for every store of calls: the table (on MiniStack, on DynamoDB Local) and in memory."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from callscribe.adapters.dynamodb.store import DynamoDBStore
from callscribe.domain.calls import Call, CallState, new_call_id
from callscribe.domain.dialing.kill_switch import KillSwitch
from callscribe.domain.recordings import Recording, RecordingState
from callscribe.domain.shares import Share
from callscribe.domain.sweeps import Sweep, SweepKind, SweepStatus
from callscribe.ports.storage import InFlightCall, position_of
from simulation.memory_store import MemoryCallStore
from tests.support.entries import a_call, a_recording, a_share
from tests.support.stack import Driver

Store = MemoryCallStore | DynamoDBStore
NOW = "2026-03-04T05:06:07.000Z"


DYNAMODB_LOCAL_URL = os.environ.get("DYNAMODB_LOCAL_URL", "")
ENGINES = ["memory", "ministack", *(["dynamodb-local"] if DYNAMODB_LOCAL_URL else [])]


@pytest.fixture
def clock() -> dict[str, datetime]:
    """Tells what has expired."""
    return {"now": datetime.fromisoformat(NOW)}


@pytest.fixture(params=ENGINES)
def store(request: pytest.FixtureRequest, clock: dict[str, datetime]) -> Iterator[Store]:
    if request.param == "memory":
        yield MemoryCallStore(lambda: clock["now"])
        return
    driver: Driver = request.getfixturevalue("driver")
    url = driver.stack.ministack.url if request.param == "ministack" else DYNAMODB_LOCAL_URL
    client = driver.stack.ministack.session.client("dynamodb", endpoint_url=url)
    # a table of its own with the template's keys and indexes: its items are never reconciled
    properties = driver.stack.deployment.template["Resources"]["CallsTable"]["Properties"]
    wanted = ("KeySchema", "AttributeDefinitions", "GlobalSecondaryIndexes", "BillingMode")
    name = f"contract-{new_call_id()}"
    client.create_table(TableName=name, **{key: properties[key] for key in wanted})
    yield DynamoDBStore(client, name, clock=lambda: clock["now"])
    client.delete_table(TableName=name)
    client.close()


def test_dynamodb_local_is_among_the_engines() -> None:
    """One skip for all of this module's tests, so that it is said once."""
    if not DYNAMODB_LOCAL_URL:
        pytest.skip("DYNAMODB_LOCAL_URL is not set; `make test-dynamodb-local` sets it")
    assert "dynamodb-local" in ENGINES


def call(**more: Any) -> Call:
    return a_call(
        **{"status": "placing", "call_id": new_call_id(), "created_at": NOW, "updated_at": NOW}
        | more
    )


def recording(owner: Call, **more: Any) -> Recording:
    return a_recording(**{"call_id": owner.call_id, "created_at": NOW, "updated_at": NOW} | more)


def test_what_is_added_reads_back_as_it_was(store: Store) -> None:
    made = call(
        metadata={"a": "ü"},
        transcription={"temperature": 0.25, "keyterms_prompt": ["x"], "speaker_labels": True},
        say="Hello <&>",
        duration_seconds=7,
    )
    assert store.save(None, made)
    assert store.get_call(made.call_id) == made
    heard = recording(made, confidence=0.9437, warnings=["w"], event_pending=True)
    assert store.save(None, heard)
    assert store.get_recording(made.call_id, heard.recording_sid) == heard
    outcomes = {heard.recording_sid: "pending"}
    assert store.get_call_with_recordings(made.call_id) == (
        replace(made, outcomes=outcomes),
        [heard],
    )


def test_what_is_replaced_keeps_nothing_of_what_was(store: Store) -> None:
    number = f"+1415{new_call_id()[:7].translate(str.maketrans('abcdef', '012345'))}"
    made = call(status="completed", to_number=number, say="Hello", metadata={"a": "b"})
    store.save(None, made)
    assert store.find_calls_with(number, limit=5) == [made.call_id]
    tombstone = call(call_id=made.call_id, status="erasing", erasure={"recordings": 2})
    assert not store.save(replace(made, status=CallState.FAILED), tombstone)
    assert store.get_call(made.call_id) == made
    # what another wrote meanwhile, and this writer has not read, is gone with the rest
    assert store.save(made, replace(made, answered_by="human"))
    assert store.save(made, tombstone)
    assert store.get_call(made.call_id) == tombstone
    assert store.find_calls_with(number, limit=5) == []
    assert not store.save(made, tombstone)


def test_calls_of_a_person_are_found_in_either_direction(store: Store) -> None:
    number, ours = "+14155550177", "+15005550006"
    to = call(to_number=number, from_number=ours, created_at="2026-01-02T00:00:00.000Z")
    by = call(
        to_number=ours,
        from_number=number,
        direction="inbound",
        created_at="2026-01-01T00:00:00.000Z",
    )
    for made in (to, by, call(to_number="+14155550178", from_number=ours)):
        store.save(None, made)
    assert store.find_calls_with(number, limit=5) == [by.call_id, to.call_id]
    assert store.find_calls_with(number, limit=1) == [by.call_id]
    assert store.find_calls_with(number, limit=1, newest_first=True) == [to.call_id]
    assert store.find_calls_with(ours, limit=5) == []


@pytest.mark.parametrize("direction", ["inbound", "outbound-api"])
def test_person_whose_number_is_learned_later_is_found(store: Store, direction: str) -> None:
    made = call(to_number=None, from_number=None)
    store.save(None, made)
    person, ours = "+14155550177", "+15005550006"
    outbound = direction == "outbound-api"
    learned = replace(
        made,
        to_number=person if outbound else ours,
        from_number=ours if outbound else person,
        direction=direction,
    )
    assert store.save(made, learned)
    assert store.find_calls_with(person, limit=5) == [made.call_id]
    assert store.find_calls_with(ours, limit=5) == []


def test_recording_is_removed_only_as_it_was_seen(store: Store) -> None:
    made = call()
    heard = recording(made)
    store.save(None, made)
    store.save(None, heard)
    claimed = replace(heard, claims=1)
    store.save(heard, claimed)
    assert not store.save(heard, None, unchanged=["claims"])
    assert not store.save(replace(claimed, status=RecordingState.STORED), None)
    assert store.save(claimed, None, unchanged=["claims"])
    assert store.get_recording(made.call_id, heard.recording_sid) is None
    assert not store.save(claimed, None)
    # what is removed belongs to a call that was erased: that has no outcomes any more
    left = replace(made, outcomes={heard.recording_sid: "pending"})
    assert store.get_call_with_recordings(made.call_id) == (left, [])


def test_what_is_not_there_is_none(store: Store) -> None:
    unknown_id = new_call_id()
    assert store.get_call(unknown_id) is None
    assert store.get_recording(unknown_id, "RE" + "0" * 32) is None
    assert store.get_call_with_recordings(unknown_id) is None
    assert store.find_call_id("CA" + "0" * 32) is None
    unknown = call(call_id=unknown_id)
    assert not store.save(unknown, replace(unknown, status=CallState.QUEUED))
    assert store.get_call(unknown_id) is None


def test_what_has_expired_is_not_there_although_it_is_not_deleted_yet(
    store: Store, clock: dict[str, datetime]
) -> None:
    end = int(clock["now"].timestamp()) + 60
    sid = "CA" + new_call_id()
    made = call(call_sid=sid, expires_at=end, status="scheduled", place_at=NOW)
    heard = recording(made, expires_at=end)
    sweep = Sweep(
        sweep_id="import-1",
        kind=SweepKind.IMPORT,
        status=SweepStatus.RUNNING,
        since=NOW,
        until=NOW,
        created_at=NOW,
        updated_at=NOW,
        expires_at=end,
    )

    def seen() -> list[object]:
        return [
            store.get_call(made.call_id),
            store.get_recording(made.call_id, heard.recording_sid),
            store.get_call_with_recordings(made.call_id),
            store.get_sweep("import-1"),
            [*store.list_day(NOW[:10], before=None, status=None, limit=9)],
            store.list_scheduled(after=None, caller=None, limit=9),
            store.list_sweeps(),
        ]

    assert store.save(None, made)
    assert store.save(None, heard)
    assert store.save_sweep(None, sweep)
    shown = replace(made, outcomes={heard.recording_sid: "pending"})
    assert seen() == [shown, heard, (shown, [heard]), sweep, [shown], [shown], [sweep]]
    clock["now"] += timedelta(seconds=60)
    assert seen() == [None, None, None, None, [], [], []]
    # what takes its place is not told to wait until it is deleted
    again = replace(made, expires_at=end + 600)
    assert store.save(None, again)
    assert store.save(None, replace(heard, expires_at=end + 600))
    assert store.save_sweep(None, replace(sweep, expires_at=end + 600))
    assert not store.save(None, replace(again, say="another's"))
    assert store.get_call_with_recordings(made.call_id) == (
        replace(again, outcomes=shown.outcomes),
        [replace(heard, expires_at=end + 600)],
    )


def test_second_add_changes_nothing(store: Store) -> None:
    made = call()
    assert store.save(None, made)
    assert not store.save(None, replace(made, status=CallState.QUEUED))
    assert store.get_call(made.call_id) == made


def test_change_happens_only_from_the_named_statuses(store: Store) -> None:
    made = call(call_sid="CA" + "1" * 32)
    store.save(None, made)
    ringing = replace(made, status=CallState.RINGING)
    assert not store.save(made, ringing, only_from=[CallState.QUEUED])
    assert store.save(made, replace(made, status=CallState.QUEUED, say="a"))
    # it is no longer as it was read
    assert not store.save(made, ringing)
    assert store.save(made, ringing, only_from=[CallState.QUEUED, CallState.PLACING])
    assert store.get_call(made.call_id) == replace(ringing, say="a")


def test_what_another_wrote_meanwhile_stays(store: Store) -> None:
    made = call(answered_by=None, say="Hello", due_at=NOW)
    store.save(None, made)
    assert store.save(made, replace(made, answered_by="human", say=None))
    assert store.save(made, replace(made, duration_seconds=7))
    assert store.save(made, made)
    expected = replace(made, answered_by="human", say=None, duration_seconds=7)
    assert store.get_call(made.call_id) == expected


def test_deadline_is_written_whole(store: Store) -> None:
    """Another may have deferred the one that was read: what it was deferred from is over."""
    made = call(due_at=NOW)
    store.save(None, made)
    later, latest = "2026-03-04T06:00:00.000Z", "2026-03-04T07:00:00.000Z"
    assert store.save(made, replace(made, due_at=later, overdue_since=NOW))
    assert store.save(made, replace(made, due_at=latest))
    assert store.get_call(made.call_id) == replace(made, due_at=latest)
    assert [waiting.due_at for waiting in store.overdue("2027")] == [latest]
    assert store.save(made, replace(made, due_at=None))
    assert list(store.overdue("2027")) == []


def test_expected_values_must_still_hold(store: Store) -> None:
    made = call()
    store.save(None, made)
    named = replace(made, call_sid="CA" + "2" * 32)
    stale = replace(made, call_sid="CA0")
    assert not store.save(stale, named, unchanged=["call_sid"])
    assert store.save(made, named, unchanged=["call_sid"])
    assert not store.save(made, named, unchanged=["call_sid"])
    assert store.save(named, replace(named, say="a"), unchanged=["call_sid", "due_at"])


def test_consent_must_still_be_what_was_answered(store: Store) -> None:
    asked = {"key_press": True, "status": "pending"}
    made = call(consent=asked)
    store.save(None, made)
    answered = replace(made, consent={**asked, "status": "given"})
    assert store.save(made, answered, unchanged=["consent"])
    declined = replace(made, consent={**asked, "status": "declined"})
    assert not store.save(made, declined, unchanged=["consent"])
    assert store.get_call(made.call_id) == answered


def test_none_removes(store: Store) -> None:
    made = call(due_at=NOW, error_code="x")
    store.save(None, made)
    bare = replace(made, due_at=None, error_code=None)
    assert store.save(made, bare)
    assert store.get_call(made.call_id) == bare


def test_of_many_writers_one_wins(store: Store) -> None:
    made = call()
    store.save(None, made)

    def claim(number: int) -> bool:
        return store.save(made, replace(made, status=CallState.QUEUED, say=str(number)))

    with ThreadPoolExecutor(16) as pool:
        assert sum(pool.map(claim, range(16))) == 1


def test_scheduled_calls_are_listed_soonest_first_while_they_are(store: Store) -> None:
    at = "2027-01-01T00:00:00.000Z"
    made = [
        call(
            status="scheduled", place_at=at.replace(":00.", f":{n // 3:02}."), asked_by=f"a{n % 2}"
        )
        for n in range(7)
    ]
    for one in (*made, call(place_at=at), call(status="canceled", place_at=at)):
        store.save(None, one)
    expected = sorted(made, key=lambda one: (str(one.place_at), one.call_id))

    def listed(**more: Any) -> list[Call]:
        arguments: dict[str, Any] = {"after": None, "caller": None, "limit": 99}
        return store.list_scheduled(**(arguments | more))

    assert listed() == expected
    assert listed(limit=2) == expected[:2]
    after = (str(expected[3].place_at), expected[3].call_id)
    assert listed(after=after) == expected[4:]
    assert listed(caller="a1") == [one for one in expected if one.asked_by == "a1"]
    for one, status in zip(expected, ("placing", "failed", "canceled"), strict=False):
        store.save(one, replace(one, status=CallState(status)))
    assert store.save(expected[3], replace(expected[3], say="x"))
    store.save(expected[4], replace(expected[4], status=CallState.ERASING))
    assert listed() == [replace(expected[3], say="x"), *expected[5:]]


def later(seconds: int) -> str:
    return NOW.replace("07.000Z", f"{7 + seconds:02}.000Z")


def test_recording_moves_its_call_and_others_writers_do_not_undo_it(store: Store) -> None:
    made = call(status="completed")
    first, second = (
        recording(made, recording_sid=f"RE{n:032}", updated_at=later(n)) for n in (1, 2)
    )
    store.save(None, made)
    for heard in (first, second):
        assert store.save(None, heard)
    done = replace(first, status=RecordingState.ERROR, updated_at=later(3))
    assert store.save(first, done)
    # one who has not read what the recordings wrote
    assert store.save(made, replace(made, answered_by="human"))
    outcomes = {first.recording_sid: "failed", second.recording_sid: "pending"}
    expected = replace(made, updated_at=later(3), outcomes=outcomes, answered_by="human")
    assert store.get_call(made.call_id) == expected
    # in the same millisecond as well
    again = replace(done, status=RecordingState.STORED)
    assert store.save(done, again)
    assert store.save(again, done)
    # what is no change to a reader stays the recording's own
    waits = replace(done, due_at=later(9))
    assert store.save(done, waits)
    assert store.get_call(made.call_id) == expected
    assert store.save(waits, None)
    assert store.get_call(made.call_id) == expected


def test_recording_and_call_are_written_together_or_not_at_all(store: Store) -> None:
    made = call(status="completed")
    heard = recording(made)
    assert not store.save(None, heard)
    assert store.get_call(made.call_id) is None
    store.save(None, made)
    assert store.save(None, heard)
    assert not store.save(None, replace(heard, updated_at=later(1)))
    stands = store.get_call(made.call_id)
    done = replace(heard, status=RecordingState.STORED, updated_at=later(2))
    assert not store.save(replace(heard, claims=1), done, unchanged=["claims"])
    assert not store.save(heard, done, only_from=[RecordingState.SUBMITTED])
    assert store.get_call(made.call_id) == stands
    assert stands is not None
    tombstone = call(call_id=made.call_id, status="erasing", erasure={"recordings": 1})
    assert store.save(stands, tombstone)
    assert not store.save(heard, done)
    assert not store.save(None, replace(heard, recording_sid="RE" + "9" * 32))
    assert store.get_call(made.call_id) == tombstone
    assert store.get_recording(made.call_id, heard.recording_sid) == heard


def test_changes_are_those_of_ended_calls_in_their_order(store: Store) -> None:
    ended = [call(status="busy", updated_at=later(n // 3)) for n in range(7)]
    for one in (*ended, call(updated_at=later(1)), call(status="scheduled", updated_at=later(2))):
        store.save(None, one)
    expected = sorted(ended, key=position_of)

    def listed(**more: Any) -> list[Call]:
        arguments: dict[str, Any] = {"after": ("", ""), "until": later(9), "limit": 99}
        return store.list_changed(**(arguments | more))

    assert listed() == expected
    assert listed(limit=4) == expected[:4]
    assert listed(after=position_of(expected[3])) == expected[4:]
    assert listed(after=(later(0), "f" * 32), until=later(1)) == expected[3:6]
    moved = expected[0]
    assert store.save(None, recording(moved, updated_at=later(5)))
    assert [one.call_id for one in listed()] == [one.call_id for one in (*expected[1:], moved)]
    # its end was a mistake: it is under way, and no change until its end
    store.save(expected[1], replace(expected[1], status=CallState.QUEUED))
    store.save(expected[2], replace(expected[2], status=CallState.ERASING, updated_at=later(8)))
    assert [one.call_id for one in listed()] == [
        one.call_id for one in (*expected[3:], moved, expected[2])
    ]


def test_overdue_is_only_what_waits_and_is_late(store: Store) -> None:
    late, early, done = call(), call(), call()
    late = replace(late, due_at="2020-01-01T00:00:00.000Z")
    early = replace(early, due_at="2999-01-01T00:00:00.000Z")
    for made in (late, early, done):
        store.save(None, made)
    heard = recording(late, due_at=late.due_at)
    store.save(None, heard)
    ours = {made.call_id for made in (late, early, done)}
    found = {
        (waiting.call_id, waiting.recording_sid)
        for waiting in store.overdue("2020-06-01T00:00:00.000Z")
        if waiting.call_id in ours
    }
    assert found == {(late.call_id, None), (late.call_id, heard.recording_sid)}


def test_day_is_listed_newest_first_and_continued(store: Store) -> None:
    day = "2026-02-03"
    made = [call(created_at=f"{day}T0{n // 2}:00:00.000Z", status="busy") for n in range(6)]
    made.append(call(created_at=f"{day}T09:00:00.000Z", status="failed"))
    for one in made:
        store.save(None, one)
    expected = sorted(made, key=lambda c: (c.created_at, c.call_id), reverse=True)
    assert store.list_day(day, before=None, status=None, limit=3) == expected[:3]
    edge = (expected[2].created_at, expected[2].call_id)
    assert store.list_day(day, before=edge, status=None, limit=10) == expected[3:]
    assert store.list_day(day, before=None, status="failed", limit=10) == expected[:1]
    assert store.list_day("2026-02-04", before=None, status=None, limit=10) == []


def test_first_day_is_remembered(store: Store) -> None:
    assert store.first_day() is None
    for day in ("2026-02-01", "2026-11-21"):
        store.set_first_day(day)
        assert store.first_day() == day


def test_call_is_found_by_its_sid(store: Store) -> None:
    sid = "CA" + new_call_id()
    made = call(call_sid=sid)
    store.save(None, made)
    assert store.find_call_id(sid) == made.call_id


def test_overdue_comes_oldest_first_over_all_shards_and_pages(store: Store) -> None:
    made = []
    for number in range(120):
        one = call()
        due_at = f"2020-01-01T00:{number % 60:02}:{number // 60:02}.000Z"
        made.append(replace(one, due_at=due_at))
        store.save(None, made[-1])
    found = [waiting.due_at for waiting in store.overdue("2020-06-01T00:00:00.000Z")]
    assert found == sorted(str(one.due_at) for one in made)


def test_failures_are_those_of_the_span_oldest_first(store: Store) -> None:
    owner = call()
    store.save(None, owner)
    times = ["2026-01-03T00:00:00.000Z", "2026-01-01T00:00:00.000Z", "2026-01-02T00:00:00.000Z"]
    for number, at in enumerate(times):
        sid = f"RE{number:032}"
        store.save(None, recording(owner, recording_sid=sid, status="error", failed_at=at))
    store.save(None, recording(owner, recording_sid="RE" + "9" * 32))
    since, until = "2026-01-01T00:00:00.000Z", "2026-01-02T23:00:00.000Z"
    assert [f.recording_sid for f in store.failures(since, until)] == [f"RE{1:032}", f"RE{2:032}"]
    ended = recording(owner, recording_sid=f"RE{1:032}", status="error", failed_at=times[1])
    assert store.save(ended, replace(ended, failed_at=None, status=RecordingState.STORED))
    assert [f.recording_sid for f in store.failures(since, until)] == [f"RE{2:032}"]


def test_key_stands_for_what_it_was_first_bound_to_until_it_expires(store: Store) -> None:
    assert store.bind_key("k", "one", now=100, expires_at=200) == "one"
    assert store.bind_key("k", "two", now=199, expires_at=300) == "one"
    assert store.bind_key("another", "two", now=199, expires_at=300) == "two"
    # DynamoDB may not have deleted it yet
    assert store.bind_key("k", "three", now=200, expires_at=300) == "three"
    with ThreadPoolExecutor(16) as pool:
        names = map(str, range(16))
        bound = pool.map(lambda name: store.bind_key("new", name, now=1, expires_at=2), names)
    assert len(set(bound)) == 1


def test_sweep_is_kept_changed_and_listed(store: Store) -> None:
    sweep = Sweep(
        sweep_id="recordings",
        kind=SweepKind.RECORDINGS,
        status=SweepStatus.RUNNING,
        since=NOW,
        until=NOW,
        created_at=NOW,
        updated_at=NOW,
        wanted_call_sid="CA" + "7" * 32,
        cursor="/next?PageToken=1",
    )
    assert store.get_sweep("recordings") is None
    assert store.list_sweeps() == []
    assert store.save_sweep(None, sweep)
    assert not store.save_sweep(None, replace(sweep, seen=9))
    assert store.get_sweep("recordings") == sweep
    assert store.find_call_id("CA" + "7" * 32) is None
    ended = replace(sweep, status=SweepStatus.COMPLETED, cursor=None, seen=5)
    assert store.save_sweep(sweep, ended)
    assert not store.save_sweep(sweep, replace(sweep, seen=6))
    assert store.list_sweeps() == [ended]


def test_lease_has_one_holder_until_it_ends_or_is_given_back(store: Store) -> None:
    def take(owner: str, now: str, until: str) -> bool:
        return store.take_lease("reconcile", owner=owner, now=f"{now}Z", until=f"{until}Z")

    assert take("a", "2026-01-01T00:00", "2026-01-01T00:06")
    assert not take("b", "2026-01-01T00:05", "2026-01-01T00:11")
    # the same invocation, tried again
    assert take("a", "2026-01-01T00:05", "2026-01-01T00:06")
    assert take("b", "2026-01-01T00:07", "2026-01-01T00:13")
    store.give_back_lease("reconcile", owner="a")
    assert not take("c", "2026-01-01T00:08", "2026-01-01T00:14")
    store.give_back_lease("reconcile", owner="b")
    assert take("c", "2026-01-01T00:08", "2026-01-01T00:14")


def test_of_many_takers_one_gets_the_lease(store: Store) -> None:
    def take(number: int) -> bool:
        return store.take_lease("r", owner=str(number), now=NOW, until="2026-03-04T05:12:00.000Z")

    with ThreadPoolExecutor(16) as pool:
        assert sum(pool.map(take, range(16))) == 1


def test_counter_stops_at_its_cap_however_many_count(store: Store) -> None:
    def count(_: int) -> bool:
        return store.count_up("all", "2026-11-21", limit=5, expires_at=1_800_000_000)

    with ThreadPoolExecutor(16) as pool:
        assert sum(pool.map(count, range(16))) == 5
    assert store.count_up("all", "2026-11-22", limit=5, expires_at=1_800_000_000)
    assert store.count_up("by#me", "2026-11-21", limit=5, expires_at=1_800_000_000)


def test_those_under_way_are_never_more_than_may_be(store: Store) -> None:
    calls = [InFlightCall(new_call_id(), NOW) for _ in range(16)]
    with ThreadPoolExecutor(16) as pool:
        let_in = list(pool.map(lambda one: store.acquire_slot(one, shard=0, limit=5), calls))
    assert sum(let_in) == 5
    inside = [one for one, was_let_in in zip(calls, let_in, strict=True) if was_let_in]
    assert sorted(store.in_flight_calls(0), key=str) == sorted(inside, key=str)
    # another shard has room of its own
    assert store.in_flight_calls(1) == []
    assert store.acquire_slot(calls[0], shard=1, limit=1)
    # a write whose answer was lost is repeated: it is in already
    assert store.acquire_slot(inside[0], shard=0, limit=5)
    store.release_slots(inside[:2], shard=0)
    store.release_slots([], shard=0)
    assert store.acquire_slot(calls[let_in.index(False)], shard=0, limit=4)
    assert not store.acquire_slot(InFlightCall(new_call_id(), NOW), shard=0, limit=4)
    store.release_slots(store.in_flight_calls(0), shard=0)
    assert store.in_flight_calls(0) == []


def test_switch_and_list_are_what_was_last_said(store: Store) -> None:
    assert store.get_switch() == KillSwitch()
    for switch in (KillSwitch(stopped=True, reason="x"), KillSwitch(False, "y", NOW, "me")):
        store.set_switch(switch)
        assert store.get_switch() == switch
    assert not store.is_do_not_call("+14155550100")
    for listed in (True, False, True):
        store.set_do_not_call("+14155550100", listed=listed)
        assert store.is_do_not_call("+14155550100") is listed


def test_share_reads_back_as_it_was_while_it_lasts(
    store: Store, clock: dict[str, datetime]
) -> None:
    owner = new_call_id()
    until = clock["now"] + timedelta(hours=1)
    kept = [
        a_share(call_id=owner, share_id="1" * 32, expires_at=int(until.timestamp())),
        a_share(call_id=owner, share_id="2" * 32, show_numbers=True, opened=3, last_used_at=NOW),
    ]
    for share in (*kept, a_share(call_id=new_call_id())):
        store.add_share(share)
    assert sorted(store.list_shares(owner), key=lambda share: share.share_id) == kept
    clock["now"] = until
    assert store.list_shares(owner) == kept[1:]


def test_uses_of_a_share_are_counted_and_of_none_nothing_is_written(
    store: Store, clock: dict[str, datetime]
) -> None:
    share = a_share(expires_at=int(clock["now"].timestamp()) + 1)
    store.add_share(share)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda n: use(store, share, opened=n % 4 == 0), range(12)))
    used = use(store, share, opened=False)
    assert used == replace(share, opened=3, requests=13, last_used_at=NOW)
    for other in (replace(share, share_id="0" * 32), replace(share, call_id=new_call_id())):
        assert use(store, other, opened=True) is None
        assert store.list_shares(other.call_id) in ([], [used])
    clock["now"] += timedelta(seconds=1)
    assert use(store, share, opened=True) is None
    clock["now"] -= timedelta(seconds=1)
    assert store.list_shares(share.call_id) == [used]


def use(store: Store, share: Share, *, opened: bool) -> Share | None:
    return store.use_share(share.call_id, share.share_id, at=NOW, opened=opened)


def test_shares_are_removed_one_by_one_or_all_of_a_call(
    store: Store, clock: dict[str, datetime]
) -> None:
    owner, other = new_call_id(), a_share(call_id=new_call_id())
    expired = int(clock["now"].timestamp())
    for number in range(3):
        store.add_share(a_share(call_id=owner, share_id=f"{number:032}"))
    store.add_share(a_share(call_id=owner, share_id="9" * 32, expires_at=expired))
    store.add_share(other)
    assert store.remove_share(owner, f"{0:032}") is True
    assert store.remove_share(owner, f"{0:032}") is False
    assert store.remove_share(owner, other.share_id) is False
    assert store.remove_shares(owner) == 3
    assert store.remove_shares(owner) == 0
    assert store.list_shares(owner) == []
    assert store.list_shares(other.call_id) == [other]


def test_shares_are_no_part_of_their_call(store: Store) -> None:
    owner = call()
    store.save(None, owner)
    store.add_share(a_share(call_id=owner.call_id))
    assert store.get_call_with_recordings(owner.call_id) == (owner, [])
