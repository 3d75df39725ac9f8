"""A batch of calls from a table: what each row asks for, and the key under which it is placed once."""

from __future__ import annotations

import csv
import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

from callscribe_cli.errors import CliError
from callscribe_cli.messages import Answer

# fields of POST /calls; every other column is metadata
_TEXTS = ("to", "from", "mode", "say", "goodbye", "language", "voice", "place_at")
_NUMBERS = ("pause_seconds", "max_length_seconds")
RESULT = ("row", "to", "result", "call_id", "status", "reason")
# an answer that was lost and asked for again is still this run's
_THIS_RUN = timedelta(minutes=2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """``number``: as a spreadsheet counts, the heading is 1. ``request``: the body of POST /calls."""

    number: int
    request: Mapping[str, Any]
    key: str


def read_rows(lines: Iterable[str], batch: str, defaults: Mapping[str, str]) -> list[Row]:
    """Every row with its key, which is of the batch's name and the number that is called.

    What else a row says is not in its key, so a row that was edited is refused by the API, not dialed
    again. A number that is there twice is called twice.

    Raises:
        CliError: it is no table with the column ``to``, or a row has no number.
    """
    rows: list[Row] = []
    seen = Counter[str]()
    for number, cells in _cells(lines):
        request = {**defaults, **_request(number, cells)}
        to = str(request["to"])
        rows.append(Row(number=number, request=request, key=_key(batch, to, seen[to])))
        seen[to] += 1
    return rows


def outcome(answer: Answer) -> tuple[str, dict[str, Any]]:
    """``placed``, ``placed before`` (by an earlier run of the batch) or ``refused``, and the call."""
    call = answer.result()
    if call["status"] == "failed" and call.get("error"):
        return "refused", call
    return ("placed before" if _is_old(call, answer) else "placed"), call


def result_row(row: Row, result: str, call: Mapping[str, Any], reason: str = "") -> dict[str, Any]:
    return {
        "row": row.number,
        "to": row.request["to"],
        "result": result,
        "call_id": call.get("call_id"),
        "status": call.get("status"),
        "reason": reason or (call.get("error") or {}).get("message"),
    }


def _cells(lines: Iterable[str]) -> Iterator[tuple[int, dict[str, str]]]:
    reader = csv.DictReader(lines, strict=True)
    try:
        if "to" not in (reader.fieldnames or ()):
            raise CliError("the table has no column `to`", fix="its first line names the columns")
        for number, cells in enumerate(reader, start=2):
            if None in cells or None in cells.values():
                message = f"row {number} has another number of cells than the first line"
                raise CliError(message, fix="put texts with commas into double quotes")
            yield number, cells
    except (csv.Error, UnicodeDecodeError) as error:
        raise CliError(f"the table cannot be read: {error}", fix="save it as CSV, UTF-8") from error


def _request(number: int, cells: Mapping[str, str]) -> dict[str, Any]:
    """Empty cells say nothing."""
    given = {name.strip(): text for name, text in cells.items() if text.strip()}
    if "to" not in given:
        raise CliError(f"row {number} has no number in the column `to`", fix="fill or remove it")
    request: dict[str, Any] = {name: given.pop(name) for name in _TEXTS if name in given}
    request["to"] = request["to"].strip()
    for name in _NUMBERS:
        if name in given:
            request[name] = _integer(number, name, given.pop(name))
    return {**request, "metadata": given} if given else request


def _integer(number: int, name: str, text: str) -> int:
    try:
        return int(text)
    except ValueError as error:
        raise CliError(f"row {number}: {name} is {text!r}", fix="write whole seconds") from error


def _key(batch: str, to: str, before: int) -> str:
    text = "\0".join((batch, to, str(before)))
    return f"batch-{hashlib.sha256(text.encode()).hexdigest()}"


def _is_old(call: Mapping[str, Any], answer: Answer) -> bool:
    """By the server's clock, where it tells the time."""
    date = answer.headers.get("date")
    now = parsedate_to_datetime(date) if date else datetime.now(UTC)
    return now - datetime.fromisoformat(call["created_at"]) > _THIS_RUN
