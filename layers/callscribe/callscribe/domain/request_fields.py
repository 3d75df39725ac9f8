"""What the checks of all request bodies have in common."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from callscribe.domain.errors import FieldError, InvalidInputError
from callscribe.domain.json_values import printable
from callscribe.domain.times import format_timestamp, parse_timestamp


def read_object(
    body: object, fields: Sequence[str], *, example: str
) -> tuple[Mapping[str, Any], list[FieldError]]:
    """The body as an object, and an error for each of its fields that is none of ``fields``.

    Raises:
        InvalidInputError: it is no object.
    """
    if not isinstance(body, Mapping):
        raise InvalidInputError([FieldError("body", f"must be an object such as {example}")])
    return body, unknown_fields(body, fields)


def unknown_fields(value: Mapping[Any, Any], fields: Collection[str]) -> list[FieldError]:
    """An error for each field of an object that is none of ``fields``."""
    known = ", ".join(fields)
    return [
        FieldError(printable(name), f"is not known; the fields are {known}")
        for name in sorted(set(map(str, value)) - set(fields))
    ]


def read_time(body: Mapping[str, Any], name: str, errors: list[FieldError]) -> str | None:
    """A time in our own form; None where it is absent, or wrong, which is added to ``errors``."""
    value = body.get(name)
    if value is None:
        return None
    try:
        return format_timestamp(parse_timestamp(value))
    except (ValueError, TypeError, AttributeError, OverflowError):
        message = "must be an RFC 3339 time with offset, such as 2027-01-31T09:00:00Z"
        errors.append(FieldError(name, message))
        return None
