"""Every mistake is answered with the field and the fix; nothing is placed, nothing is written."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from cli.client import ApiError
from tests.support.stack import PHONE, Driver


@pytest.fixture
def nothing_happens(driver: Driver) -> Iterator[Driver]:
    """Holds that no call was asked of Twilio and no item was written meanwhile."""
    before = driver.placed_at_twilio(), {(i["call_id"], i["item"]) for i in driver.items()}
    yield driver
    after = driver.placed_at_twilio(), {(i["call_id"], i["item"]) for i in driver.items()}
    assert after[0] == before[0]
    # recordings of calls that other tests placed may still arrive; calls may not
    assert {key for key in after[1] - before[1] if key[1] == "CALL"} == set()


CASES: list[tuple[str, Any, str]] = [
    ("missing to", {}, "to"),
    ("to of another type", {"to": 14155550100}, "to"),
    ("to without plus", {"to": "14155550100"}, "to"),
    ("to with spaces", {"to": "+1 415 555 0100"}, "to"),
    ("to with other digits", {"to": "+1415555\u0660\u0661\u0660\u0660"}, "to"),
    ("to too short", {"to": "+1415"}, "to"),
    ("to too long", {"to": "+1415555010012345"}, "to"),
    ("to not in the plan", {"to": "+19999999999"}, "to"),
    ("country that is not", {"to": "+999415555010"}, "to"),
    ("from not in the plan", {"to": PHONE, "from": "+19999999999"}, "from"),
    ("unknown field", {"to": PHONE, "too": 1}, "too"),
    ("unknown field with half a character", {"to": PHONE, "a\ud800": 1}, "a?"),
    ("unknown mode", {"to": PHONE, "mode": "shout"}, "mode"),
    ("mode of another type", {"to": PHONE, "mode": ["message"]}, "mode"),
    ("empty say", {"to": PHONE, "say": "  "}, "say"),
    ("say of another type", {"to": PHONE, "say": 5}, "say"),
    ("say too long", {"to": PHONE, "say": "x" * 3001}, "say"),
    ("say with control characters", {"to": PHONE, "say": "a\u0001b"}, "say"),
    ("say with half a character", {"to": PHONE, "say": "a\ud800b"}, "say"),
    ("pause too long", {"to": PHONE, "pause_seconds": 601}, "pause_seconds"),
    ("pause is true", {"to": PHONE, "pause_seconds": True}, "pause_seconds"),
    ("length zero", {"to": PHONE, "max_length_seconds": 0}, "max_length_seconds"),
    ("length as text", {"to": PHONE, "max_length_seconds": "60"}, "max_length_seconds"),
    ("metadata list", {"to": PHONE, "metadata": []}, "metadata"),
    ("metadata number", {"to": PHONE, "metadata": {"a": 1}}, "metadata.a"),
    ("place_at without offset", {"to": PHONE, "place_at": "2030-01-01T09:00:00"}, "place_at"),
    ("place_at in the past", {"to": PHONE, "place_at": "2020-01-01T09:00:00Z"}, "place_at"),
    ("transcription list", {"to": PHONE, "transcription": []}, "transcription"),
    (
        "unknown option",
        {"to": PHONE, "transcription": {"speaker_label": True}},
        "transcription.speaker_label",
    ),
    (
        "deprecated option",
        {"to": PHONE, "transcription": {"word_boost": ["x"]}},
        "transcription.word_boost",
    ),
    (
        "our own option",
        {"to": PHONE, "transcription": {"webhook_url": "https://example.com"}},
        "transcription.webhook_url",
    ),
    (
        "unknown PII policy",
        {"to": PHONE, "transcription": {"redact_pii": True, "redact_pii_policies": ["nose"]}},
        "transcription.redact_pii_policies[0]",
    ),
    ("not an object", [PHONE], "body"),
    ("null", None, "body"),
]


@pytest.mark.parametrize(("body", "field"), [c[1:] for c in CASES], ids=[c[0] for c in CASES])
def test_bad_request_names_the_field(nothing_happens: Driver, body: Any, field: str) -> None:
    if body is None:
        with pytest.raises(ApiError) as refused:
            nothing_happens.api.send(
                "POST", "/calls", body=b"null", headers={"Content-Type": "application/json"}
            )
        problem = {"http": refused.value.status, **refused.value.problem}
    else:
        problem = nothing_happens.refused(body)
    assert problem["http"] == 400
    assert problem["type"] == "urn:callscribe:problem:invalid-input"
    assert field in [error["field"] for error in problem["errors"]]
    assert all(error["message"] for error in problem["errors"])


def test_every_mistake_is_named_at_once(nothing_happens: Driver) -> None:
    problem = nothing_happens.refused({"to": "x", "mode": "y", "say": "", "z": 1})
    assert {error["field"] for error in problem["errors"]} == {"to", "mode", "say", "z"}


def test_contradictory_transcription_options(nothing_happens: Driver) -> None:
    options = {"language_code": "de", "language_detection": True}
    problem = nothing_happens.refused({"to": PHONE, "transcription": options})
    assert problem["http"] == 400
    assert problem["errors"][0]["field"].startswith("transcription.language_")


@pytest.mark.parametrize(
    "body", [b"", b"{", b'{"to": NaN}', b"\xff\xfe", b"to=%2B14155550100", b"[" * 5000]
)
def test_body_that_is_no_json(nothing_happens: Driver, body: bytes) -> None:
    with pytest.raises(ApiError) as refused:
        nothing_happens.api.send(
            "POST", "/calls", body=body, headers={"Content-Type": "application/json"}
        )
    assert refused.value.status == 400
    assert refused.value.problem["errors"][0]["field"] == "body"


def test_body_that_is_too_large(nothing_happens: Driver) -> None:
    problem = nothing_happens.refused({"to": PHONE, "say": "x" * 70_000})
    assert problem["http"] == 413


@pytest.mark.parametrize("key", ["a\tb", "x" * 256])
def test_bad_idempotency_key(nothing_happens: Driver, key: str) -> None:
    problem = nothing_happens.refused({"to": PHONE}, **{"Idempotency-Key": key})
    assert problem["errors"][0]["field"] == "Idempotency-Key"


@pytest.mark.parametrize(
    ("path", "field"),
    [
        ("/calls?limit=0", "limit"),
        ("/calls?limit=201", "limit"),
        ("/calls?limit=%D9%A1", "limit"),
        ("/calls?date=yesterday", "date"),
        ("/calls?date=20261121", "date"),
        ("/calls?status=done", "status"),
        ("/calls?cursor=x", "cursor"),
        ("/calls?cursor=WyIyMDI2LTExLTIxIiwgIngiLCAieSJd", "cursor"),
        ("/calls?page=2", "page"),
    ],
)
def test_bad_query_of_the_list(nothing_happens: Driver, path: str, field: str) -> None:
    with pytest.raises(ApiError) as refused:
        nothing_happens.api.send("GET", path)
    assert refused.value.status == 400
    assert field in [error["field"] for error in refused.value.problem["errors"]]


@pytest.mark.parametrize("call_id", ["nope", "0" * 32, "CA" + "0" * 32, "%2e%2e", "A" * 32])
def test_unknown_call(driver: Driver, call_id: str) -> None:
    for path in (f"/calls/{call_id}", f"/calls/{call_id}/transcript"):
        with pytest.raises(ApiError) as refused:
            driver.api.send("GET", path)
        assert refused.value.status == 404
        assert refused.value.problem["type"] == "urn:callscribe:problem:not-found"


def test_unknown_format(driver: Driver) -> None:
    call_id = driver.place(to=driver.phone("busy"))["call_id"]
    with pytest.raises(ApiError) as refused:
        driver.api.get_transcript(call_id, "doc")
    assert refused.value.problem["errors"][0]["field"] == "format"


@pytest.mark.parametrize(
    ("to_number", "http", "twilio_code", "word"),
    [
        ("+15005550001", 400, 21211, "number"),
        ("+15005550002", 400, 21214, "reach"),
        ("+15005550003", 403, 21215, "permissions"),
        ("+15005550004", 403, 21216, "blocks"),
        ("+15005550009", 403, 21219, "verif"),
    ],
)
def test_twilios_refusals_come_back_clearly(
    driver: Driver, to_number: str, http: int, twilio_code: int, word: str
) -> None:
    problem = driver.refused({"to": to_number})
    assert (problem["http"], problem["twilio_code"]) == (http, twilio_code)
    assert word in problem["detail"]
    assert problem["errors"][0]["field"] == "to"


@pytest.mark.parametrize(
    ("status", "body", "http", "twilio_code"),
    [
        (429, '{"code": 20429, "message": "Too many", "status": 429}', 429, 20429),
        (400, '{"code": 21999, "message": "New code", "status": 400}', 502, 21999),
    ],
)
def test_twilios_other_answers(
    driver: Driver, status: int, body: str, http: int, twilio_code: int
) -> None:
    headers = {"Content-Type": "application/json"}
    rule = {"fault": "status", "status": status, "body": body, "headers": headers}
    driver.fault(driver.twilio, operation="calls.create", times=1, **rule)
    problem = driver.refused({"to": driver.phone()})
    assert (problem["http"], problem["twilio_code"]) == (http, twilio_code)


def test_wrong_twilio_credentials_are_said_plainly(driver: Driver) -> None:
    body = '{"code": 20003, "message": "Authenticate", "status": 401}'
    rule = {"fault": "status", "status": 401, "body": body, "times": None}
    driver.fault(driver.twilio, operation="calls.create", **rule)
    problem = driver.refused({"to": driver.phone()})
    assert (problem["http"], problem["twilio_code"]) == (502, 20003)
    assert "API key" in problem["detail"]
