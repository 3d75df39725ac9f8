"""Large answers are gzipped for who takes that; nobody else notices."""

from __future__ import annotations

import base64
import gzip

import pytest

from callscribe.api.http import compressed, read_request, respond_text

TEXT = "What was said. " * 2000


def sent(accepted: str | None, body: str = TEXT) -> dict[str, object]:
    headers = {} if accepted is None else {"Accept-Encoding": accepted}
    event = {
        "routeKey": "GET /calls",
        "rawPath": "/calls",
        "headers": headers,
        "requestContext": {"domainName": "api.example"},
    }
    return compressed(respond_text(body, "text/plain; charset=utf-8"), read_request(event))


@pytest.mark.parametrize("accepted", ["gzip", "br, GZIP;q=0.5", "deflate,gzip ; q=1"])
def test_large_answer_is_gzipped_where_that_is_taken(accepted: str) -> None:
    answer = sent(accepted)
    assert answer["headers"] == {
        "content-type": "text/plain; charset=utf-8",
        "content-encoding": "gzip",
        "vary": "accept-encoding",
    }
    assert answer["isBase64Encoded"]
    packed = base64.b64decode(str(answer["body"]))
    assert len(packed) < len(TEXT) / 10
    assert gzip.decompress(packed).decode() == TEXT


@pytest.mark.parametrize(
    "accepted", [None, "", "identity", "br", "gzip;q=0", "x-gzip", "gzip; q=0.0"]
)
def test_others_get_it_as_it_is(accepted: str | None) -> None:
    assert sent(accepted) == respond_text(TEXT, "text/plain; charset=utf-8")


def test_small_answers_stay_as_they_are() -> None:
    assert sent("gzip", "short") == respond_text("short", "text/plain; charset=utf-8")
