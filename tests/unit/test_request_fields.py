"""The parsers that every request, parameter and header goes through."""

from __future__ import annotations

import pytest

from callscribe.domain.errors import FieldError, InvalidInputError
from callscribe.domain.request_fields import read_object, read_time
from callscribe.domain.whole_numbers import read_whole_number


@pytest.mark.parametrize(
    ("text", "number"),
    [("0", 0), ("007", 7), ("9" * 15, 10**15 - 1)]
    + [(text, None) for text in ("", " 1", "+1", "-1", "1.0", "1e3", "0x1", "٣", "²", "9" * 5000)],
)
def test_whole_number_has_ascii_digits_only(text: str, number: int | None) -> None:
    assert read_whole_number(text) == number


def test_unknown_fields_are_named_with_those_that_there_are() -> None:
    body, errors = read_object({"since": 1, "b\ud800": 2, "a": 3}, ("since", "until"), example="{}")
    assert body["since"] == 1
    assert errors == [
        FieldError("a", "is not known; the fields are since, until"),
        FieldError("b?", "is not known; the fields are since, until"),
    ]


@pytest.mark.parametrize("body", [None, [], "text", 5, [{}]])
def test_body_that_is_no_object_is_refused_with_an_example(body: object) -> None:
    with pytest.raises(InvalidInputError, match="such as an example"):
        read_object(body, ("since",), example="an example")


@pytest.mark.parametrize(
    ("value", "time"),
    [
        (None, None),
        ("2026-11-21T09:00:00+01:00", "2026-11-21T08:00:00.000Z"),
        ("2026-11-21T08:00:00Z", "2026-11-21T08:00:00.000Z"),
    ],
)
def test_time_is_read_in_our_own_form(value: object, time: str | None) -> None:
    errors: list[FieldError] = []
    assert read_time({"at": value}, "at", errors) == time
    assert errors == []


@pytest.mark.parametrize(
    "value",
    [5, [], True, "", "now", "2026-11-21", "2026-11-21T08:00:00", "0001-01-01T00:00:00+23:00"],
)
def test_what_is_no_time_is_an_error_of_its_field(value: object) -> None:
    errors: list[FieldError] = []
    assert read_time({"at": value}, "at", errors) is None
    assert [error.field for error in errors] == ["at"]
