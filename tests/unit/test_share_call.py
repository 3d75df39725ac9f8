"""Links to a call: what is stored of one, what is asked for, and how it ends."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from callscribe.domain.errors import InvalidInputError, NotFoundError
from callscribe.domain.shares import Share, read_token, share_id_of
from callscribe.use_cases.share_call import MAX_SHARES, NewShare, ShareCall
from simulation.memory_store import MemoryCallStore
from tests.support.doubles import CountingTelemetry
from tests.support.entries import CALL_ID, CALL_SID, a_call
from tests.support.gateways import InMemoryGateways, application

BEGIN = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
OTHER = "b" * 32
OWN = "https://a1b2.execute-api.us-east-1.amazonaws.com"


def epoch(**later: int) -> int:
    return int((BEGIN + timedelta(**later)).timestamp())


class House:
    """A call that has ended, and one that was erased."""

    def __init__(self, public_base_url: str = "", **call: Any) -> None:
        self.now = BEGIN
        self.store = MemoryCallStore(lambda: self.now)
        self.store.save(None, a_call(call_sid=CALL_SID, **call))
        self.store.save(None, a_call("erasing", call_id=OTHER))
        self.telemetry = CountingTelemetry()
        gateways = InMemoryGateways(
            store=self.store, telemetry=self.telemetry, clock=lambda: self.now
        )
        made = application(gateways, PUBLIC_BASE_URL=public_base_url)
        self.shares: ShareCall = made.share_call

    def create(self, name: str = CALL_ID, **body: Any) -> NewShare:
        return self.shares.create(name, body, created_by="ana", own_base_url=OWN)

    def current(self) -> list[str]:
        return [share.share_id for share in self.shares.current(CALL_ID)]


def errors(house: House, body: object) -> list[str]:
    with pytest.raises(InvalidInputError) as caught:
        house.shares.create(CALL_ID, body, created_by="ana", own_base_url=OWN)
    assert house.store.shares == {}
    return [error.field for error in caught.value.errors]


@pytest.mark.parametrize("name", [CALL_ID, CALL_SID])
def test_link_lasts_a_week_and_hides_numbers_unless_asked_otherwise(name: str) -> None:
    house = House()
    made = house.create(name).share
    assert made == Share(
        call_id=CALL_ID,
        share_id=made.share_id,
        created_at="2026-11-21T09:00:00.000Z",
        created_by="ana",
        expires_at=epoch(days=7),
        show_numbers=False,
    )
    asked = house.create(name, expires_in_hours=720, show_numbers=True).share
    assert (asked.expires_at, asked.show_numbers) == (epoch(days=30), True)
    assert house.telemetry.counts == {"CallShared": 2}


def test_token_names_its_share_and_is_stored_nowhere() -> None:
    house = House()
    first, second = house.create(), house.create()
    page, _, token = first.url.partition("#")
    assert page == f"{OWN}/shared"
    assert read_token(token) == (CALL_ID, first.share.share_id)
    secret = token.removeprefix(CALL_ID)
    # 256 bits, of which no two links have any in common but by chance
    assert len(secret) == 64
    assert secret[:32] not in second.url
    assert secret[:16] not in repr(vars(house.store))


def test_link_begins_with_the_public_base_url_where_there_is_one() -> None:
    made = House(public_base_url="https://calls.example/voice").create()
    assert made.url.startswith(f"https://calls.example/voice/shared#{CALL_ID}")


def test_link_does_not_outlive_its_call() -> None:
    assert House(expires_at=epoch(hours=5)).create().share.expires_at == epoch(hours=5)
    assert House(expires_at=epoch(days=90)).create().share.expires_at == epoch(days=7)


@pytest.mark.parametrize("name", ["c" * 32, OTHER, "CA" + "9" * 32, "", "x"])
def test_what_is_no_call_or_was_erased_is_not_shared(name: str) -> None:
    house = House()
    with pytest.raises(NotFoundError):
        house.create(name)
    with pytest.raises(NotFoundError):
        house.shares.current(name)
    assert house.store.shares == {}


@pytest.mark.parametrize("hours", [0, -1, 721, 1.0, "24", None, True, [], 10**30])
def test_hours_are_a_whole_number_up_to_thirty_days(hours: Any) -> None:
    assert errors(House(), {"expires_in_hours": hours}) == ["expires_in_hours"]


@pytest.mark.parametrize("body", [None, [], "x", 5])
def test_request_is_an_object(body: object) -> None:
    assert errors(House(), body) == ["body"]


def test_every_mistake_is_named_at_once() -> None:
    body = {"expires_in_hours": 0, "show_numbers": "yes", "days": 3}
    assert sorted(errors(House(), body)) == ["days", "expires_in_hours", "show_numbers"]


def test_links_are_listed_newest_first_until_they_expire() -> None:
    house = House()
    short = house.create(expires_in_hours=1).share.share_id
    house.now += timedelta(minutes=1)
    longer = house.create(expires_in_hours=2).share.share_id
    assert house.current() == [longer, short]
    house.now = BEGIN + timedelta(hours=1)
    assert house.current() == [longer]


def test_revoked_link_is_gone_and_no_other() -> None:
    house = House()
    one, other = house.create().share.share_id, house.create().share.share_id
    house.shares.revoke(CALL_SID, one)
    assert house.current() == [other]
    for gone in (one, share_id_of("never made"), "", "x" * 5000):
        with pytest.raises(NotFoundError):
            house.shares.revoke(CALL_ID, gone)
    assert house.telemetry.counts["ShareRevoked"] == 1


def test_link_is_revoked_by_its_own_call_alone() -> None:
    house = House()
    house.store.save(None, a_call(call_id="d" * 32))
    share_id = house.create().share.share_id
    with pytest.raises(NotFoundError):
        house.shares.revoke("d" * 32, share_id)
    assert house.current() == [share_id]


def test_call_has_so_many_links_and_room_again_when_one_has_expired() -> None:
    house = House()
    house.create(expires_in_hours=1)
    for _ in range(MAX_SHARES - 1):
        house.create()
    with pytest.raises(InvalidInputError, match="50 links"):
        house.create()
    house.now += timedelta(hours=1)
    house.create()
