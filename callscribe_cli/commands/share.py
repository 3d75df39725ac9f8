"""`callscribe share`: links to one call, for people without an account."""

from __future__ import annotations

import math
from typing import Any

import click

from callscribe_cli.app import App, Group, connected
from callscribe_cli.messages import path
from callscribe_cli.output import note, table
from callscribe_cli.values import DURATION

_HEADER = ("SHARE ID", "EXPIRES", "OPENED", "LAST USED", "NUMBERS", "MADE BY")


@click.group(cls=Group)
def share() -> None:
    """Links that show one call to people without an account."""


@share.command()
@click.argument("call_id", metavar="ID")
@click.option(
    "--expires", type=DURATION, default="7d", show_default=True, help="When it ends: 1h to 30d."
)
@click.option("--numbers", is_flag=True, help="Show the phone numbers, too.")
@connected
def create(app: App, call_id: str, *, expires: float, numbers: bool) -> None:
    """Make a link to the call ID, and print it: it cannot be shown again.

    Whoever has it can read the transcript and hear the audio.
    """
    body = {"expires_in_hours": math.ceil(expires / 3600), "show_numbers": numbers}
    made = app.api.post(path("calls", call_id, "shares"), body)
    app.output.data(made, lambda: str(made["url"]))
    if not app.output.wants_json:
        note(f"it works until {made['expires_at']}, or until:")
        note(f"callscribe share revoke {call_id} {made['share_id']}")


@share.command(name="list")
@click.argument("call_id", metavar="ID")
@connected
def list_shares(app: App, call_id: str) -> None:
    """List the links to the call ID that still work, newest first."""
    shares = app.api.get(path("calls", call_id, "shares"))["shares"]
    if not shares and not app.output.wants_json:
        note("no links")
    app.output.data(shares, lambda: table(_HEADER, [_row(one) for one in shares]) if shares else "")


@share.command()
@click.argument("call_id", metavar="ID")
@click.argument("share_ids", metavar="SHARE_ID...", nargs=-1, required=True)
@connected
def revoke(app: App, call_id: str, share_ids: tuple[str, ...]) -> None:
    """Let links to the call ID show nothing any more."""
    for share_id in share_ids:
        app.api.send("DELETE", path("calls", call_id, "shares", share_id))
    app.output.data(
        {"revoked": share_ids}, lambda: "\n".join(f"{one} revoked" for one in share_ids)
    )


def _row(one: dict[str, Any]) -> tuple[str, ...]:
    return (
        one["share_id"],
        one["expires_at"],
        str(one["opened"]),
        one["last_used_at"] or "",
        "shown" if one["show_numbers"] else "hidden",
        one["created_by"],
    )
