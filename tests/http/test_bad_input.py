"""What a client gets of its mistakes by way of API Gateway, and of Twilio's refusals.

tests/unit/test_bad_input.py has every field.
"""

from __future__ import annotations

import pytest

from cli.client import ApiError
from tests.support.stack import PHONE, Driver


def test_mistakes_are_named_and_nothing_happens(driver: Driver) -> None:
    before = driver.placed_at_twilio(), len(driver.items())
    problem = driver.refused({"to": "x", "mode": "y", "say": "", "z": 1})
    assert (problem["http"], problem["type"]) == (400, "urn:callscribe:problem:invalid-input")
    assert {error["field"] for error in problem["errors"]} == {"to", "mode", "say", "z"}
    options = {"language_code": "de", "language_detection": True}
    problem = driver.refused({"to": PHONE, "transcription": options})
    assert problem["errors"][0]["field"].startswith("transcription.language_")
    assert driver.refused({"to": PHONE, "say": "x" * 70_000})["http"] == 413
    problem = driver.refused({"to": PHONE}, **{"Idempotency-Key": "x" * 256})
    assert problem["errors"][0]["field"] == "Idempotency-Key"
    assert (driver.placed_at_twilio(), len(driver.items())) == before


@pytest.mark.parametrize(
    ("method", "path", "field"),
    [
        ("POST", "/calls", "body"),
        ("POST", "/imports", "body"),
        ("PUT", "/dialing", "body"),
        ("PUT", "/do-not-call/%2B0123456789", "phone_number"),
        ("GET", "/calls?limit=%D9%A1&page=2", "limit"),
        ("GET", "/calls?cursor=WyIyMDI2LTExLTIxIiwgIngiLCAieSJd", "cursor"),
        ("GET", "/calls/%2e%2e", None),
        ("GET", "/imports/recordings", None),
    ],
)
def test_bytes_and_paths_that_no_client_should_send(
    session_driver: Driver, method: str, path: str, field: str | None
) -> None:
    with pytest.raises(ApiError) as refused:
        session_driver.api.send(method, path, body=b"\xff\xfe{")
    assert refused.value.status == (400 if field else 404)
    assert field is None or field in [e["field"] for e in refused.value.problem["errors"]]


def test_twilios_refusals_come_back_clearly(driver: Driver) -> None:
    for to_number, http, code, word in (
        ("+15005550001", 400, 21211, "number"),
        ("+15005550002", 400, 21214, "reach"),
        ("+15005550003", 403, 21215, "permissions"),
        ("+15005550004", 403, 21216, "blocks"),
        ("+15005550009", 403, 21219, "verif"),
    ):
        problem = driver.refused({"to": to_number})
        assert (problem["http"], problem["twilio_code"]) == (http, code)
        assert word in problem["detail"]
        assert problem["errors"][0]["field"] == "to"
