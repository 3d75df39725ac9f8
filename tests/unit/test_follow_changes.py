"""The feed of changes, page by page: all of it, and nothing that may still be on its way."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from callscribe.api.cursors import read_change_cursor, write_change_cursor
from callscribe.domain.calls import Call
from callscribe.domain.errors import InvalidInputError
from callscribe.domain.times import format_timestamp
from callscribe.use_cases.follow_changes import MARGIN, ChangePage, ChangeQuery
from simulation.memory_store import MemoryCallStore
from tests.support.entries import a_call, a_recording
from tests.support.gateways import InMemoryGateways, application

NOW = datetime(2026, 11, 21, 18, 0, tzinfo=UTC)
LONG_AGO = NOW - timedelta(days=30)


class House:
    """A stack with calls that changed at certain moments; ``now`` moves only by hand."""

    def __init__(self) -> None:
        self.now = NOW
        self.store = MemoryCallStore()
        gateways = InMemoryGateways(store=self.store, clock=lambda: self.now)
        self.follow = application(gateways).follow_changes

    def add(self, number: int, at: datetime, status: str = "completed", **more: Any) -> Call:
        times = {"created_at": format_timestamp(LONG_AGO), "updated_at": format_timestamp(at)}
        call = a_call(status, call_id=f"{number:032x}", **(times | more))
        assert self.store.save(None, call)
        return call

    def page(self, since: tuple[str, str] | None = None, limit: int = 50) -> ChangePage:
        return self.follow.page(ChangeQuery(limit=limit, since=since))

    def numbers(self, page: ChangePage) -> list[int]:
        return [int(call.call_id, 16) for call in page.calls]


@pytest.fixture
def house() -> House:
    return House()


@pytest.mark.parametrize("limit", [1, 2, 3, 7])
def test_every_change_is_in_one_page_in_its_order(house: House, limit: int) -> None:
    # several share a moment, and lie in different shards
    for number in range(7):
        house.add(number, LONG_AGO + timedelta(seconds=number // 3))
    found, page = [], house.page(limit=limit)
    found += house.numbers(page)
    while page.more:
        page = house.page(page.next, limit)
        found += house.numbers(page)
    assert found == list(range(7))
    assert house.page(page.next, limit).calls == []


def test_what_has_not_ended_is_no_change(house: House) -> None:
    for number, status in enumerate(("scheduled", "placing", "unknown", "ringing", "in-progress")):
        house.add(number, LONG_AGO, status)
    assert house.page().calls == []
    house.add(9, LONG_AGO, "busy")
    house.add(10, LONG_AGO, "erased")
    assert house.numbers(house.page()) == [9, 10]


def test_page_ends_before_what_may_still_be_on_its_way(house: House) -> None:
    house.add(1, NOW - MARGIN)
    house.add(2, NOW - MARGIN + timedelta(milliseconds=1))
    page = house.page()
    assert house.numbers(page) == [1]
    assert not page.more
    # written late, but stamped within the margin
    house.add(3, NOW - MARGIN + timedelta(milliseconds=1))
    house.now += timedelta(seconds=1)
    assert house.numbers(house.page(page.next)) == [2, 3]


def test_call_comes_again_whenever_it_changes(house: House) -> None:
    call = house.add(1, LONG_AGO)
    page = house.page()
    heard = a_recording(call_id=call.call_id, updated_at=format_timestamp(NOW))
    assert house.store.save(None, heard)
    assert house.page(page.next).calls == []
    house.now += MARGIN
    [again] = house.page(page.next).calls
    assert again.updated_at == heard.updated_at
    assert house.page().calls == [again]


def test_cursor_holds_while_nothing_happens_and_where_a_clock_is_behind(house: House) -> None:
    first = house.page()
    second = house.page(first.next)
    assert (second.calls, second.more, second.next) == ([], False, first.next)
    house.now -= timedelta(seconds=5)
    third = house.page(second.next)
    assert (third.calls, third.next) == ([], first.next)


def test_answer_says_when_and_for_how_long(house: House) -> None:
    page = house.page()
    assert page.read_at == format_timestamp(NOW)
    assert page.retention_days == 7


def test_expired_call_is_not_told(house: House) -> None:
    call = house.add(1, LONG_AGO, expires_at=int(NOW.timestamp()) - 1)
    house.store = MemoryCallStore(lambda: NOW)
    assert house.store.save(None, replace(call, expires_at=int(NOW.timestamp()) - 1))
    assert house.store.list_changed(after=("", ""), until=format_timestamp(NOW), limit=9) == []


def test_cursor_reads_back_and_a_time_is_one() -> None:
    position = (format_timestamp(NOW), "f" * 32)
    assert read_change_cursor(write_change_cursor(position)) == position
    assert read_change_cursor("2026-11-21T19:00:00+01:00") == (format_timestamp(NOW), "")


@pytest.mark.parametrize("text", ["", "x", "2026-11-21", "2026-99-99T00:00:00Z", "W10", "é", "99"])
def test_what_is_no_cursor_is_named(text: str) -> None:
    with pytest.raises(InvalidInputError) as error:
        read_change_cursor(text)
    assert [one.field for one in error.value.errors] == ["since"]
