"""`callscribe wait` and `callscribe transcript`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from callscribe_cli.app import App, Command, connected, stoppable
from callscribe_cli.documents import FORMATS, FROM_API, MADE_HERE
from callscribe_cli.files import write_whole
from callscribe_cli.messages import path
from callscribe_cli.output import echo, print_text
from callscribe_cli.values import DURATION
from callscribe_cli.waiting import WAIT_HELP, wait_and_print

if TYPE_CHECKING:
    from callscribe_cli.api import Api


@click.command(cls=Command)
@click.argument("call_id", metavar="ID")
@click.option("--timeout", type=DURATION, default="30m", show_default=True, help=WAIT_HELP)
@connected
def wait(app: App, call_id: str, timeout: float) -> None:
    """Wait for a call's transcript, and print it.

    The exit status is 1 if there will be none. ID is a call_id or Twilio's call_sid.
    """
    with stoppable(f"callscribe wait {call_id}"):
        wait_and_print(app, call_id, timeout)


@click.command(cls=Command)
@click.argument("call_id", metavar="ID")
@click.option(
    "--format",
    "form",
    type=click.Choice(FORMATS),
    default="txt",
    show_default=True,
    help="csv: a row for each segment.",
)
@click.option(
    "--out",
    "file",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write it to FILE instead.",
)
@connected
def transcript(app: App, call_id: str, *, form: str, file: Path | None) -> None:
    """Print a call's transcript, or write it to a file.

    --json and --query are those of --format json.

    \b
    callscribe transcript ID --format docx --out call.docx
    """
    if app.output.wants_json:
        _print_json(app, call_id, file)
    elif file is not None:
        write_whole(file, _content(app.api, call_id, form))
        echo(str(file))
    elif form == "docx":
        _pipe(app, call_id, form)
    else:
        text = _content(app.api, call_id, form).decode("utf-8", "replace")
        print_text(text.replace("\r\n", "\n"))


def _print_json(app: App, call_id: str, file: Path | None) -> None:
    if file is not None:
        raise click.UsageError("--out takes --format json, not --json or --query")
    document = app.api.get(path("calls", call_id, "transcript"), format="json")
    app.output.data(document, str)


def _pipe(app: App, call_id: str, form: str) -> None:
    if sys.stdout.isatty():
        raise click.UsageError("a Word document is no text: add --out FILE.docx")
    click.echo(_content(app.api, call_id, form), nl=False)


def _content(api: Api, call_id: str, form: str) -> bytes:
    where = path("calls", call_id, "transcript")
    if form in FROM_API:
        return api.send("GET", where, query={"format": form}).body
    return MADE_HERE[form](api.get(where, format="json"))
