"""`callscribe erase`."""

from __future__ import annotations

import sys
from typing import Any

import click

from callscribe_cli.app import App, Command, connected, stoppable
from callscribe_cli.errors import CliError
from callscribe_cli.messages import path
from callscribe_cli.progress import Progress


@click.command(cls=Command)
@click.argument("call_ids", metavar="[ID]...", nargs=-1)
@click.option("--number", help="Every call to or from this number.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@connected
def erase(app: App, call_ids: tuple[str, ...], *, number: str | None, yes: bool) -> None:
    """Erase calls: texts, numbers, audio and transcripts, here and at the vendors.

    It cannot be undone. Without a terminal --yes is needed.
    """
    if bool(call_ids) == bool(number):
        raise click.UsageError("give IDs, or --number NUMBER")
    what = f"every call to or from {number}" if number else f"{len(call_ids)} call(s)"
    _confirm(what, yes=yes)
    with stoppable("run the command again: what is erased already stays so"):
        document = _erase_number(app, number) if number else _erase_calls(app, call_ids)
    app.output.data(document, lambda: _summary(document))


def _confirm(what: str, *, yes: bool) -> None:
    if yes:
        return
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise click.UsageError(f"to erase {what} without a terminal, add --yes")
    click.confirm(f"Erase {what}? It cannot be undone", abort=True, err=True)


def _erase_calls(app: App, call_ids: tuple[str, ...]) -> dict[str, Any]:
    erasing: list[str] = []
    with Progress("erasing", len(call_ids)) as progress:
        for call_id in call_ids:
            try:
                answer = app.api.send("DELETE", path("calls", call_id))
            except CliError:
                progress.note(
                    f"{len(erasing)} of {len(call_ids)} are being erased; then {call_id}:"
                )
                raise
            erasing.append(answer.result()["call_id"])
            progress.update(len(erasing))
    return {"erasing": erasing, "under_way": []}


def _erase_number(app: App, number: str) -> dict[str, Any]:
    """A request takes 200 calls; those under way are named by each."""
    erasing: list[str] = []
    with Progress("erasing") as progress:
        while True:
            found = app.api.post("/erasures", {"phone_number": number})
            erasing += found["erasing"]
            progress.update(len(erasing))
            if not found["more"]:
                return {"erasing": erasing, "under_way": found["under_way"]}


def _summary(document: dict[str, Any]) -> str:
    lines = [f"{call_id} erasing" for call_id in document["erasing"]]
    lines += [f"{one} has not ended: erase it later" for one in document["under_way"]]
    return "\n".join(lines)
