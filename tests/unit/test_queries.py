"""Queries, cursors and the Idempotency-Key: what is wrong is named, all of it at once."""

from __future__ import annotations

import pytest

from callscribe.api.cursors import (
    read_cursor,
    read_scheduled_cursor,
    write_cursor,
    write_scheduled_cursor,
)
from callscribe.api.idempotency import read_idempotency_key
from callscribe.api.queries import read_call_list, read_format, read_scheduled_list
from callscribe.domain.errors import InvalidInputError
from callscribe.domain.rendering.formats import FORMATS, JSON_WITH_WORDS
from callscribe.use_cases.read_calls import CallListQuery, ListPosition
from callscribe.use_cases.scheduled_calls import ScheduledListQuery

CALL_ID = "0123456789abcdef" * 2
POSITION = ListPosition("2026-11-21", ("2026-11-21T08:00:00.000Z", CALL_ID))
LAST = ("2026-11-22T08:00:00.000Z", CALL_ID)


def fields(error: pytest.ExceptionInfo[InvalidInputError]) -> list[str]:
    return [one.field for one in error.value.errors]


def test_empty_query_is_everything_from_today_on() -> None:
    assert read_call_list({}) == CallListQuery(limit=50)
    assert read_scheduled_list({}, "me") == ScheduledListQuery(limit=50)
    assert read_format({}) is FORMATS["json"]


def test_query_is_read() -> None:
    query = {"date": "2026-11-21", "status": "failed", "limit": "200"}
    cursor = write_cursor(POSITION)
    assert read_call_list(query | {"cursor": cursor}) == CallListQuery(
        limit=200, day="2026-11-21", status="failed", after=POSITION
    )
    scheduled = {"caller": "arn", "limit": "1", "cursor": write_scheduled_cursor(LAST)}
    wanted = ScheduledListQuery(limit=1, caller="arn", after=LAST)
    assert read_scheduled_list(scheduled, "me") == wanted
    assert read_format({"format": "srt"}) is FORMATS["srt"]
    assert read_format({"words": "true"}) is JSON_WITH_WORDS
    assert read_format({"words": "false", "format": "txt"}) is FORMATS["txt"]


@pytest.mark.parametrize("query", [{"words": "yes"}, {"words": "true", "format": "srt"}])
def test_words_are_asked_of_json_alone(query: dict[str, str]) -> None:
    with pytest.raises(InvalidInputError) as error:
        read_format(query)
    assert fields(error) == ["words"]


def test_me_is_the_caller_that_asks() -> None:
    assert read_scheduled_list({"caller": "me"}, "arn:of:caller").caller == "arn:of:caller"


def test_every_mistake_is_named_at_once() -> None:
    query = {"date": "21.11.2026", "status": "done", "limit": "0", "surprise": "", "cursor": "x"}
    with pytest.raises(InvalidInputError) as error:
        read_call_list(query)
    assert fields(error) == ["surprise", "status", "limit", "date"]


@pytest.mark.parametrize("limit", ["", "0", "201", "-1", "1.0", "9" * 5000, "\u0663", " 5"])
def test_limit_is_a_whole_number(limit: str) -> None:
    for read in (read_call_list, lambda query: read_scheduled_list(query, "me")):
        with pytest.raises(InvalidInputError, match="must be a whole number from 1 to 200"):
            read({"limit": limit})


@pytest.mark.parametrize("day", ["", "2025-12-31", "2026-W47-6", "2026-02-30", "0001-01-01"])
def test_day_is_one_since_there_are_calls(day: str) -> None:
    with pytest.raises(InvalidInputError, match="date: must be a day such as 2026-11-21"):
        read_call_list({"date": day})


def test_cursor_of_another_day_or_list_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="belongs to another date"):
        read_call_list({"date": "2026-11-20", "cursor": write_cursor(POSITION)})
    for read, text in (
        (read_cursor, write_scheduled_cursor(LAST)),
        (read_scheduled_cursor, write_cursor(POSITION)),
        (read_cursor, "x"),
        (read_cursor, "\u00e9"),
        (read_scheduled_cursor, ""),
    ):
        with pytest.raises(InvalidInputError, match="is not a cursor of this list"):
            read(text)


def test_cursor_comes_back_as_it_went() -> None:
    for position in (POSITION, ListPosition("2026-11-21")):
        assert read_cursor(write_cursor(position)) == position
    assert read_scheduled_cursor(write_scheduled_cursor(LAST)) == LAST


def test_format_is_one_of_four() -> None:
    with pytest.raises(InvalidInputError, match="format: must be one of json, srt, txt, vtt"):
        read_format({"format": "pdf"})


@pytest.mark.parametrize("key", ["", " ", "x" * 256, "a\tb", "a\x7f", "\u2028"])
def test_key_that_no_header_should_carry_is_named(key: str) -> None:
    with pytest.raises(InvalidInputError, match="Idempotency-Key: must be 1 to 255 printable"):
        read_idempotency_key({"idempotency-key": key})


@pytest.mark.parametrize("key", ["a", "x" * 255, "\u00fc 1"])
def test_key_is_read(key: str) -> None:
    assert read_idempotency_key({"idempotency-key": key}) == key
    assert read_idempotency_key({}) is None
