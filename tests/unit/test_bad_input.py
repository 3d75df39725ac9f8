"""Every mistake of a request is answered with the field and the fix; nothing is placed or written.

The real handlers answer, on a table in memory; what API Gateway makes of a request is tested in
tests/http/test_bad_input.py.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from local.events import http_event
from tests.unit.test_openapi import Backend
from tests.unit.test_openapi import backend as backend  # noqa: PLC0414 - a fixture

PHONE = "+14155550100"
# bytes are a body as it is; all else is written as JSON
NO_OBJECTS: tuple[object, ...] = (
    b"",
    b"{",
    b'{"to": NaN}',
    b"\xff\xfe",
    b"to=%2B14155550100",
    b"[" * 5000,
    b"null",
    [],
)
# what is wrong with a call to PHONE, and where it is named
OF_A_CALL: list[tuple[dict[str, Any], str]] = [
    ({"from": "+19999999999"}, "from"),
    ({"too": 1}, "too"),
    ({"a\ud800": 1}, "a?"),
    ({"mode": "shout"}, "mode"),
    ({"mode": ["message"]}, "mode"),
    ({"say": "  "}, "say"),
    ({"say": 5}, "say"),
    ({"say": "x" * 3001}, "say"),
    ({"say": "a\u0001b"}, "say"),
    ({"say": "a\ud800b"}, "say"),
    ({"goodbye": " "}, "goodbye"),
    ({"goodbye": "x" * 501}, "goodbye"),
    ({"pause_seconds": 601}, "pause_seconds"),
    ({"pause_seconds": True}, "pause_seconds"),
    ({"max_length_seconds": 0}, "max_length_seconds"),
    ({"max_length_seconds": "60"}, "max_length_seconds"),
    ({"metadata": []}, "metadata"),
    ({"metadata": {"a": 1}}, "metadata.a"),
    ({"place_at": "2030-01-01T09:00:00"}, "place_at"),
    ({"place_at": "2020-01-01T09:00:00Z"}, "place_at"),
    ({"consent": "yes"}, "consent"),
    ({"consent": {"announcement": ""}}, "consent.announcement"),
    ({"consent": {"announcement": "x" * 501}}, "consent.announcement"),
    ({"consent": {"announcement": 1}}, "consent.announcement"),
    ({"consent": {"key_press": "yes"}}, "consent.key_press"),
    ({"consent": {"digits": "1"}}, "consent.digits"),
    ({"language": "english"}, "language"),
    ({"language": ["de-DE"]}, "language"),
    ({"voice": "<Say>"}, "voice"),
    ({"voice": 7}, "voice"),
    ({"transcription": []}, "transcription"),
    ({"transcription": {"speaker_label": True}}, "transcription.speaker_label"),
    ({"transcription": {"webhook_url": "https://x.example"}}, "transcription.webhook_url"),
]
NO_NUMBERS: tuple[object, ...] = (
    None,
    14155550100,
    "14155550100",
    "+1 415 555 0100",
    "+1415555\u0660\u0661\u0660\u0660",
    "+1415",
    "+1415555010012345",
)
AT = "2026-11-21T08:00:00Z"
# what the other routes are sent, and where that is wrong; the backend's time is 18:00
OF_OTHERS: dict[str, list[tuple[object, str]]] = {
    "POST /retries": [
        ("x", "body"),
        ({}, "since"),
        ({"since": "now"}, "since"),
        ({"since": 3}, "since"),
        ({"since": AT, "until": "2026-11-21"}, "until"),
        ({"since": AT, "until": "2026-11-21T07:59:59Z"}, "until"),
        ({"since": "2026-11-21T18:00:01Z"}, "until"),
        ({"since": AT, "kind": "all"}, "kind"),
        ({"since": AT, "reason": 4}, "reason"),
        ({"since": AT, "limit": 4}, "limit"),
    ],
    "POST /imports": [
        ([], "body"),
        ({}, "since"),
        ({"since": "yesterday"}, "since"),
        ({"since": 5}, "since"),
        ({"since": AT, "until": "2026-11-21T07:59:59Z"}, "until"),
        ({"since": AT, "until": "2026-11-21T18:06:00Z"}, "until"),
        ({"call_sid": "CA1"}, "call_sid"),
        ({"recording_sid": ["RE"]}, "recording_sid"),
        ({"since": AT, "until_": 1}, "until_"),
    ],
    "POST /erasures": [
        (PHONE, "body"),
        ({}, "phone_number"),
        ({"phone_number": 14155550100}, "phone_number"),
        ({"phone_number": "14155550100"}, "phone_number"),
        ({"phone_number": PHONE, "since": "today"}, "since"),
        ({"number": PHONE}, "number phone_number"),
    ],
    "POST /cancellations": [
        (None, "body"),
        ({}, "caller"),
        ({"caller": ""}, "caller"),
        ({"caller": 1}, "caller"),
        ({"caller": "a", "b": 1}, "b"),
    ],
    "PUT /dialing": [
        ([], "body"),
        ({}, "stopped reason"),
        ({"stopped": "yes", "reason": "x"}, "stopped"),
        ({"stopped": True, "reason": "  "}, "reason"),
        ({"stopped": True, "reason": "x" * 201}, "reason"),
        ({"stopped": True, "reason": "x", "until": "tomorrow"}, "until"),
    ],
}
# route, body, and the fields that are named
BAD: list[tuple[str, Any, str]] = [
    *(("POST /calls", {"to": PHONE, **more}, field) for more, field in OF_A_CALL),
    *(("POST /calls", {"to": to}, "to") for to in (*NO_NUMBERS, "+19999999999", "+999415555010")),
    *(("POST /calls", body, "body") for body in NO_OBJECTS),
    *((route, body, fields) for route, bad in OF_OTHERS.items() for body, fields in bad),
    *((route, b"{", "body") for route in OF_OTHERS),
]


def answered(backend: Backend, route: str, body: object = None, **names: str) -> dict[str, Any]:
    """The problem document, with its status."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    event = http_event(route, body=raw, pathParameters=names)
    answer = backend.answer("dial" if route == "POST /calls" else "calls", event)
    problem: dict[str, Any] = json.loads(answer["body"])
    return problem


@pytest.mark.parametrize(("route", "body", "fields"), BAD, ids=range(len(BAD)))
def test_bad_request_names_the_field(backend: Backend, route: str, body: Any, fields: str) -> None:
    before = backend.written()
    problem = answered(backend, route, body)
    assert (problem["status"], problem["type"]) == (400, "urn:callscribe:problem:invalid-input")
    assert [error["field"] for error in problem["errors"]] == fields.split()
    assert all(error["message"] for error in problem["errors"])
    assert backend.written() == before


@pytest.mark.parametrize("name", ["none", "0" * 32, "A" * 32, "CA" + "0" * 32, "sweeps", "leases"])
def test_unknown_call_is_not_found(backend: Backend, name: str) -> None:
    before = backend.written()
    for route in (
        "GET /calls/{call_id}",
        "GET /calls/{call_id}/recordings",
        "GET /calls/{call_id}/transcript",
        "POST /calls/{call_id}/retry",
        "POST /calls/{call_id}/cancel",
        "DELETE /calls/{call_id}",
    ):
        problem = answered(backend, route, call_id=name)
        assert (problem["status"], problem["type"]) == (404, "urn:callscribe:problem:not-found")
    assert backend.written() == before
