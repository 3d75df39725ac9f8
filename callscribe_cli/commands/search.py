"""`callscribe search`."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

import click

from callscribe_cli.app import App, Command, connected
from callscribe_cli.output import clean, note
from callscribe_cli.values import PAST


@click.command(cls=Command)
@click.argument("words", metavar="QUERY", nargs=-1, required=True)
@click.option("--number", metavar="NUMBER", help="Of calls to or from it; some digits will do.")
@click.option("--since", type=PAST, help="Of calls since then: 2026-11-01, or 7d ago.")
@click.option("--until", type=PAST, help="And before then.")
@click.option("--status", metavar="STATUS", help="Of calls with this status only: completed.")
@click.option("--limit", type=click.IntRange(1), default=20, show_default=True)
@connected
def search(
    app: App,
    *,
    words: Sequence[str],
    number: str | None,
    since: datetime | None,
    until: datetime | None,
    status: str | None,
    limit: int,
) -> None:
    """Find calls by what was said in them, best first, in the index of `callscribe sync`.

    A call is found if all words of QUERY occur in it, in any order. "Words in quotes" follow each other;
    a word with a star at its end begins so. Case and accents do not matter, other marks are ignored.

    \b
    callscribe search invoice refund --since 30d
    callscribe search '"next thursday" apolog*'
    """
    from callscribe_cli.search.hits import Filters, find
    from callscribe_cli.search.place import index_file

    if number is not None and not any(map(str.isdigit, number)):
        raise click.BadParameter("has no digits", param_hint="--number")
    filters = Filters(since=_utc(since), until=_utc(until), status=status, number=number)
    found = find(index_file(app), " ".join(words), filters, limit=limit)
    if not found["calls"] and not app.output.wants_json:
        note("nothing found; callscribe sync brings the index up to date")
    app.output.data(found, lambda: "\n".join(_described(found)))


def _utc(moment: datetime | None) -> str | None:
    """As the API writes times."""
    return None if moment is None else moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def _described(found: dict[str, Any]) -> Iterator[str]:
    """For a person each call and below it what was said when; else a line for each, with tabs."""
    for call in found["calls"]:
        if sys.stdout.isatty():
            yield _heading(call)
            yield from (f"  {_clock(one)}  {_said(one)}" for one in call["moments"])
        else:
            yield from (_line(call, one) for one in call["moments"])
    left = found["total"] - len(found["calls"])
    if left > 0:
        note(f"{left} more calls; --limit shows more")


def _heading(call: dict[str, Any]) -> str:
    parties = f"{call['from_number']} → {call['to_number']}"
    more = call["segments"] - len(call["moments"])
    times = f", and {more} times more" if more > 0 else ""
    return f"{click.style(call['call_id'], bold=True)}  {call['created_at'][:16]}  {parties}{times}"


def _line(call: dict[str, Any], moment: dict[str, Any]) -> str:
    text = "".join(moment["parts"])
    cells = (call["call_id"], call["created_at"], _clock(moment), moment["speaker"], text)
    return "\t".join("" if cell is None else clean(str(cell)) for cell in cells)


def _said(moment: dict[str, Any]) -> str:
    speaker = f"{clean(moment['speaker'])}: " if moment["speaker"] else ""
    parts = map(clean, moment["parts"])
    shown = (_highlighted(part) if at % 2 else part for at, part in enumerate(parts))
    return speaker + "".join(shown)


def _highlighted(text: str) -> str:
    return click.style(text, fg="yellow", bold=True)


def _clock(moment: dict[str, Any]) -> str:
    minutes, seconds = divmod(moment["at_ms"] // 1000, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{seconds:02}"
