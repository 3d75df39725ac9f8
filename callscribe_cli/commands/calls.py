"""`callscribe list`, `callscribe show` and `callscribe cancel`."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from itertools import islice
from typing import Any

import click

from callscribe_cli.app import App, Command, connected
from callscribe_cli.messages import path
from callscribe_cli.output import note, pairs, table
from callscribe_cli.values import PAST

_HEADER = ("CALL", "CREATED", "DIRECTION", "TO", "STATUS", "SECONDS", "TRANSCRIPT")
_STATUSES = (
    "scheduled placing unknown queued initiated ringing in-progress completed busy no-answer failed "
    "canceled erasing erased"
).split()


@click.command(cls=Command, name="list")
@click.option("--date", type=PAST, metavar="DAY", help="Of this day (UTC) only.")
@click.option(
    "--status", metavar="STATUS", type=click.Choice(_STATUSES), help="With this status only: busy."
)
@click.option("--scheduled", is_flag=True, help="Those that are to be placed, soonest first.")
@click.option("--limit", type=click.IntRange(1), default=30, show_default=True)
@click.option("--all", "everything", is_flag=True, help="All, however many.")
@connected
def list_calls(
    app: App,
    *,
    date: datetime | None,
    status: str | None,
    scheduled: bool,
    limit: int,
    everything: bool,
) -> None:
    """List calls, newest first.

    On a terminal as a table; else a line for each, its columns separated by tabs.
    """
    if scheduled and (date or status):
        raise click.UsageError("--scheduled has neither --date nor --status")
    day = date.date().isoformat() if date else None
    size = 200 if everything else min(limit, 200)
    query = {"limit": size, "date": day, "status": status}
    pages = app.api.pages("/scheduled-calls" if scheduled else "/calls", **query)
    calls = list(islice(_of(pages), None if everything else limit))
    if not calls and not app.output.wants_json:
        note("no calls")
    app.output.data(calls, lambda: table(_HEADER, [_row(call) for call in calls]) if calls else "")


@click.command(cls=Command)
@click.argument("call_id", metavar="ID")
@connected
def show(app: App, call_id: str) -> None:
    """Show a call with its recordings, errors and texts."""
    call = app.api.get(path("calls", call_id))
    app.output.data(call, lambda: _described(call))


@click.command(cls=Command)
@click.argument("call_id", metavar="ID")
@connected
def cancel(app: App, call_id: str) -> None:
    """Cancel a call that was placed with --at and has not been dialed yet."""
    call = app.api.post(path("calls", call_id, "cancel"))
    app.output.data(call, lambda: f"{call['call_id']} {call['status']}")


def _of(pages: Iterator[list[dict[str, Any]]]) -> Iterator[dict[str, Any]]:
    for page in pages:
        yield from page


def _row(call: dict[str, Any]) -> list[str]:
    names = ("call_id", "created_at", "direction", "to_number", "status", "duration_seconds")
    cells = [call.get(name) for name in names] + [call.get("transcript_status")]
    return ["" if cell is None else str(cell) for cell in cells]


def _described(call: dict[str, Any]) -> str:
    parts = [pairs([(name, _plain(value)) for name, value in call.items() if name != "recordings"])]
    parts += [_recording(recording) for recording in call.get("recordings", [])]
    return "\n\n".join(parts)


def _recording(recording: dict[str, Any]) -> str:
    return pairs([(name, _plain(value)) for name, value in recording.items()])


def _plain(value: Any) -> Any:
    """A failure as a sentence, a mapping as ``name=value``; None for what says nothing."""
    if isinstance(value, dict) and {"code", "message"} <= value.keys():
        again = "retryable" if value.get("retryable") else "not retryable"
        return f"{value['code']}: {value['message']} ({again})"
    if isinstance(value, dict):
        return ", ".join(f"{name}={inner}" for name, inner in value.items()) or None
    if isinstance(value, list):
        return ", ".join(map(str, value)) or None
    return value
