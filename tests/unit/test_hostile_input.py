"""Whatever a caller writes is answered, never with a 5xx: each value of a pool of hostile ones in every
place of every route, alone and together (hypothesis). The events go straight to the handlers, so that
no client tidies them up first; the backend is as strict as DynamoDB (test_openapi.py).
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from local.events import http_event
from local.template import routes
from tests.support.examples import EXAMPLES
from tests.unit.test_openapi import DOCUMENT, HANDLERS, KNOWN, Backend
from tests.unit.test_openapi import backend as backend  # noqa: PLC0414 - a fixture

TIMES = (
    *("0001-01-01T00:00:00+23:59", "0001-01-01T00:00:00Z", "0001-01-01", "9999-12-31"),
    *("9999-12-31T23:59:59-23:59", "9999-12-31T23:59:59Z", "2026-11-21T00:00:00Z", "2026-11-21"),
    *("2026-11-22T00:00:00+05:30", "2026-11-20T00:00:00Z", "2026-W47-6T00:00:00Z", "20261121"),
    *("2026-11-21T24:00:00Z", "2026-02-30", "2026-11-21T00:00:00", "2026-11-21T00:00:00+99:99"),
)
_CURSORS: tuple[object, ...] = (
    ["0001-01-01"],
    ["9999-12-31"],
    ["2026-W47-6"],
    ["2026-11-21", "0001-01-01T00:00:00+23:59", KNOWN],
    ["2026-11-21", "9999-12-31T23:59:59-23:59", KNOWN],
    ["2026-11-21", "2026-11-21T00:00:00Z", "x"],
    [["2026-11-21"]],
    [],
    {},
    [5],
    "0001-01-01",
)
TEXTS = (
    *TIMES,
    *("", " ", "0", "-1", "1", "9" * 4000, "9" * 5000, "0" * 5000 + "1", "1e5", "٣", "²", "NaN"),
    *("\x00", "\x7f", "\u2028", "\ufffe", "\U0001f600", "x" * 5000, "../..", "%", "%2B", "null"),
    *(
        "+14155550100",
        "+114155550100",
        "+1",
        "+" + "9" * 15,
        "+٤٤",
        "en-US",
        "message",
        "completed",
    ),
    *(
        "audio",
        "dead-letter",
        KNOWN,
        "CA" + "1" * 32,
        "RE" + "1" * 32,
        "import-" + "0" * 32,
        "json",
    ),
    *(base64.urlsafe_b64encode(json.dumps(one).encode()).decode().rstrip("=") for one in _CURSORS),
)
# as JSON, since some of it no Python value writes
VALUES = (
    *(json.dumps(text) for text in TEXTS),
    *("null", "true", "false", "0", "-0", "-1", "1.5", "1e999", "-1e999", "1e-999", "9" * 4000),
    *("9" * 5000, "NaN", "Infinity", "[]", "{}", "[[]]", '{"": ""}', '{"": {"": []}}', '"\\ud800"'),
    *(
        '{"\\ud800": 1}',
        '{"a": "\\udfff"}',
        '["\\ud800"]',
        '{"a": 1, "a": 2}',
        "[" * 500 + "]" * 500,
    ),
    *('{"x": ' * 500 + "1" + "}" * 500, '{"a": 1e400}', "[1, 2]", '[{"from": [""], "to": ""}]'),
)
HEADERS = ("idempotency-key", "content-type", "x-amz-date")
ROUTES = [(folder, route) for folder in HANDLERS for route in sorted(routes(folder))]


def body_fields(route: str) -> list[str]:
    """The names that a route's body knows, those of nested objects included."""
    method, _, path = route.partition(" ")
    operation = DOCUMENT["paths"][path][method.lower()]
    if "requestBody" not in operation:
        return []
    return sorted(_names(operation["requestBody"]))


def _names(schema: Any) -> Iterator[str]:
    if isinstance(schema, dict):
        if "$ref" in schema:
            yield from _names(DOCUMENT["components"]["schemas"][schema["$ref"].rpartition("/")[2]])
        for name, inner in schema.items():
            if name == "properties":
                yield from inner
            yield from _names(inner)
    elif isinstance(schema, list):
        for inner in schema:
            yield from _names(inner)


@st.composite
def bodies(draw: st.DrawFn, names: list[str]) -> str:
    """An object of the route's fields with hostile values, one level deeper as well, or no object."""
    if not names or draw(st.integers(0, 9)) == 0:
        return draw(st.sampled_from(VALUES))
    value = st.sampled_from(VALUES)
    field = st.one_of(st.sampled_from(names), st.sampled_from(TEXTS)).map(json.dumps)
    deeper = st.dictionaries(field, value, max_size=3).map(
        lambda d: "{" + ", ".join(f"{k}: {v}" for k, v in d.items()) + "}"
    )
    chosen = draw(st.dictionaries(field, st.one_of(value, deeper), max_size=4))
    if "to" in names and draw(st.booleans()):
        chosen['"to"'] = '"+14155550100"'
    return "{" + ", ".join(f"{name}: {value}" for name, value in chosen.items()) + "}"


@pytest.mark.parametrize(("folder", "route"), ROUTES)
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)
@given(data=st.data())
def test_no_input_is_answered_with_a_5xx(
    folder: str, route: str, backend: Backend, data: st.DataObject
) -> None:
    text = st.sampled_from(TEXTS)
    parameters = {
        name: data.draw(text, label=name)
        for name in ("call_id", "recording_sid", "share_id", "import_id", "phone_number")
        if f"{{{name}}}" in route
    }
    names = ("date", "status", "limit", "cursor", "format", "")
    query = data.draw(st.dictionaries(st.sampled_from(names), text, max_size=3), label="query")
    headers = data.draw(st.dictionaries(st.sampled_from(HEADERS), text, max_size=2))
    event = http_event(
        route,
        rawQueryString="&".join(f"{quote(k)}={quote(v)}" for k, v in query.items()),
        headers=headers,
        pathParameters=parameters,
        body=data.draw(bodies(body_fields(route)), label="body"),
    )
    answer = backend.answer(folder, event)
    assert answer["statusCode"] < 500, answer
    # what Lambda sends is UTF-8
    str(answer.get("body") or "").encode()


def cursor(*parts: str) -> str:
    return "cursor=" + base64.urlsafe_b64encode(json.dumps(parts).encode()).decode().rstrip("=")


def call(**body: object) -> str:
    return json.dumps({"to": "+14155550100", **body})


# each was a 500, or would have been with the real table; a cursor may lie before all calls
ONCE_WRONG: list[tuple[str, str, str, int]] = [
    ("GET /calls", "date=0001-01-01", "", 400),
    ("GET /calls", f"limit={'9' * 5000}", "", 400),
    ("GET /calls", f"limit={'0' * 5000}1", "", 400),
    ("GET /calls", cursor("0001-01-01"), "", 200),
    ("GET /calls", cursor("2026-W47-6"), "", 400),
    ("GET /calls", cursor("2026-11-21", "0001-01-01T00:00:00+23:59", KNOWN), "", 400),
    ("GET /calls", cursor("2026-11-21", "9999-12-31T23:59:59-23:59", KNOWN), "", 400),
    ("POST /calls", "", call(place_at="0001-01-01T00:00:00+23:59"), 400),
    ("POST /calls", "", call(place_at="9999-12-31T23:59:59-23:59"), 400),
    ("POST /calls", "", call(metadata={"": "x"}), 400),
    ("POST /calls", "", call(transcription={"redact_static_entities": {"": ["x"]}}), 400),
    (
        "POST /retries",
        "",
        '{"since": "2026-11-21T00:00:00Z", "until": "2026-11-20T00:00:00Z"}',
        400,
    ),
    ("POST /retries", "", '{"since": "9999-12-31T00:00:00Z"}', 400),
]


@pytest.mark.parametrize(
    ("route", "query", "body", "status"),
    ONCE_WRONG,
    ids=range(len(ONCE_WRONG)),
)
def test_what_was_once_a_500(
    route: str, query: str, body: str, status: int, backend: Backend
) -> None:
    event = http_event(route, rawQueryString=query, body=body)
    answer = backend.answer("dial" if route == "POST /calls" else "calls", event)
    assert answer["statusCode"] == status, answer
    assert status == 200 or json.loads(answer["body"])["errors"]
