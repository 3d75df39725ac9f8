"""What a link shows, what it does not, and that every refusal is like every other."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest

from callscribe.domain.calls import Call
from callscribe.domain.errors import NotFoundError
from callscribe.use_cases.read_share import ReadShare
from functions.share.app import handler
from simulation.memory_store import MemoryCallStore
from tests.support.doubles import CountingTelemetry, Recorder
from tests.support.entries import CALL_ID, RECORDING_SID, a_call, a_recording
from tests.support.gateways import InMemoryGateways, application

BEGIN = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
NUMBERS = ("+14155550100", "+15005550006")
PRIVATE: dict[str, Any] = {
    "say": "A prompt.",
    "metadata": {"customer": "Mrs Example"},
    "asked_by": "an-arn",
}
ROUTES = ("call", "recordings", "transcript")
DOCUMENT = {
    "id": "transcript",
    "status": "completed",
    "text": "Hello.",
    "utterances": [
        {
            "start": 0,
            "end": 900,
            "speaker": "A",
            "text": "Hello.",
            "confidence": 0.9,
            "words": [{"start": 0, "end": 900, "text": "Hello.", "confidence": 0.9}],
        }
    ],
}


class Store(MemoryCallStore):
    """Notes what it is asked."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        super().__init__(clock)
        self.asked: list[str] = []

    def use_share(self, *arguments: Any, **options: Any) -> Any:
        self.asked.append("use_share")
        return super().use_share(*arguments, **options)

    def get_call(self, call_id: str) -> Call | None:
        self.asked.append("get_call")
        return super().get_call(call_id)


class Bucket:
    def presigned_url(self, key: str, *, seconds: int) -> str:
        return f"https://bucket.example/{key}?{seconds}"

    def get(self, _: str) -> dict[str, Any]:
        return DOCUMENT


class House:
    """A call with everything that a link could tell, and what the function answers."""

    def __init__(self, **share: Any) -> None:
        self.now = BEGIN
        self.store = Store(lambda: self.now)
        to_number, from_number = NUMBERS
        call = a_call(to_number=to_number, from_number=from_number, **PRIVATE)
        self.store.save(None, call)
        recording = a_recording("completed", audio_key="audio/x", transcript_key="transcripts/x")
        self.store.save(None, recording)
        self.telemetry = CountingTelemetry()
        gateways = InMemoryGateways(
            store=self.store,
            documents=Bucket(),
            telemetry=self.telemetry,
            clock=lambda: self.now,
        )
        self.application = application(gateways)
        made = self.application.share_call.create(CALL_ID, share, created_by="ana", own_base_url="")
        self.token = made.url.partition("#")[2]
        self.store.asked.clear()

    def get(self, route: str, token: str | None = None, query: str = "") -> tuple[int, Any]:
        answer = self.answer(route, {"authorization": f"Bearer {token or self.token}"}, query)
        return answer["statusCode"], json.loads(answer["body"])

    def answer(self, route: str, headers: dict[str, str], query: str = "") -> dict[str, Any]:
        path = f"/shared/{route}".rstrip("/")
        event = {
            "routeKey": f"GET {path}",
            "rawPath": path,
            "rawQueryString": query,
            "headers": headers,
            "requestContext": {"domainName": "api.example", "stage": "$default"},
        }
        answered: dict[str, Any] = handler.using(self.application)(event, None)
        return answered

    @property
    def counted(self) -> tuple[int, int]:
        [share] = self.store.shares.values()
        return share.opened, share.requests


def test_call_is_shown_without_numbers_and_without_what_is_private() -> None:
    status, call = House().get("call")
    assert status == 200
    assert call["call_id"] == CALL_ID
    assert [one["recording_sid"] for one in call["recordings"]] == [RECORDING_SID]
    text = json.dumps(call)
    assert [word for word in (*NUMBERS, "A prompt.", "Mrs Example", "an-arn") if word in text] == []
    assert set(call) == {
        *("call_id", "status", "direction", "to_number", "from_number", "created_at"),
        *("answered_at", "ended_at", "duration_seconds", "recordings", "link_expires_at"),
    }


def test_numbers_are_shown_where_the_link_was_made_with_them() -> None:
    _, call = House(show_numbers=True).get("call")
    assert (call["to_number"], call["from_number"]) == NUMBERS
    assert call["link_expires_at"] == "2026-11-28T09:00:00.000Z"


def test_audio_and_transcript_are_the_call_s() -> None:
    house = House()
    _, audio = house.get("recordings")
    assert audio["recordings"][0]["audio_url"] == "https://bucket.example/audio/x?300"
    _, transcript = house.get("transcript")
    assert transcript["recordings"][0]["segments"][0]["text"] == "Hello."
    _, with_words = house.get("transcript", query="words=true")
    assert with_words["recordings"][0]["segments"][0]["words"] == [[0, 900, 0.9]]
    shown = house.answer("transcript", {"authorization": f"bearer {house.token}"}, "format=txt")
    assert shown["body"].endswith("Hello.\n")


def test_uses_are_counted_on_the_share_alone() -> None:
    house = House()
    for route in (*ROUTES, "call"):
        house.now += timedelta(minutes=1)
        assert house.get(route)[0] == 200
    assert house.counted == (2, 4)
    [share] = house.store.shares.values()
    assert share.last_used_at == "2026-11-21T09:04:00.000Z"
    wrong = CALL_ID + "0" * 64
    house.get("call", wrong)
    assert house.counted == (2, 4)
    assert house.telemetry.counts["ShareRefused"] == 1


def expired(house: House) -> str:
    house.now += timedelta(days=7)
    return house.token


def revoked(house: House) -> str:
    [share] = house.store.shares.values()
    house.application.share_call.revoke(CALL_ID, share.share_id)
    return house.token


def being_erased(house: House) -> str:
    """The tombstone stands, and nothing else was done yet."""
    house.application.request_erasure.request(CALL_ID, asked_by="an eraser")
    return house.token


def expired_with_its_call(house: House) -> str:
    house.store.calls.clear()
    return house.token


REFUSED: dict[str, Callable[[House], str]] = {
    "wrong": lambda house: house.token[:-1] + ("0" if house.token[-1] != "0" else "1"),
    "of another call": lambda house: "b" * 32 + house.token[32:],
    "too short": lambda house: house.token[:-1],
    "too long": lambda house: house.token + "0",
    "in capitals": lambda house: house.token.upper(),
    "its hash": lambda house: CALL_ID + 2 * next(iter(house.store.shares))[1],
    "nothing": lambda _: "",
    "hostile": lambda _: "../" * 40 + "\x00\ud800",
    "expired": expired,
    "revoked": revoked,
    "being erased": being_erased,
    "gone with its call": expired_with_its_call,
}


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize("why", REFUSED)
def test_every_refusal_has_the_same_words_after_the_same_requests(why: str, route: str) -> None:
    house = House()
    token = REFUSED[why](house)
    house.store.asked.clear()
    answer = house.answer(route, {"authorization": f"Bearer {token}"})
    other = House()
    other.store.asked.clear()
    reference = other.answer(route, {})
    assert reference["statusCode"] == 404
    assert answer == reference
    assert house.store.asked == other.store.asked == ["use_share", "get_call"]


def test_scheme_other_than_bearer_is_no_token() -> None:
    house = House()
    assert house.answer("call", {"authorization": f"Basic {house.token}"})["statusCode"] == 404
    assert house.answer("call", {"authorization": house.token})["statusCode"] == 404


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize("token", ["", "the right one"])
def test_every_answer_keeps_caches_sites_and_search_engines_out(route: str, token: str) -> None:
    house = House()
    right = {"authorization": f"Bearer {house.token}"} if token else {}
    headers = house.answer(route, right)["headers"]
    assert headers["cache-control"] == "no-store"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["x-robots-tag"] == "noindex, nofollow"
    assert headers["content-security-policy"].startswith("default-src 'none'")
    assert headers["x-content-type-options"] == "nosniff"


def test_call_that_is_erased_while_it_is_read_is_refused_alike() -> None:
    house, vanishing = House(), Recorder()
    vanishing.answers["transcript"] = NotFoundError("the call was erased")
    read: ReadShare = replace(house.application.read_share, read_calls=cast(Any, vanishing))
    with pytest.raises(NotFoundError, match="this link shows nothing"):
        read.transcript(house.token)


def test_transcript_that_is_not_ready_is_waited_for() -> None:
    house = House()
    house.store.recordings[CALL_ID, RECORDING_SID] = a_recording("submitted")
    status, problem = house.get("transcript")
    assert (status, problem["type"]) == (409, "urn:callscribe:problem:transcript-not-ready")
    assert (
        house.answer("transcript", {"authorization": f"Bearer {house.token}"}, "format=pdf")[
            "statusCode"
        ]
        == 400
    )
