"""`callscribe wait` and `callscribe transcript`."""

from __future__ import annotations

import click

from callscribe_cli.app import App, Command, connected, stoppable
from callscribe_cli.messages import path
from callscribe_cli.output import print_text
from callscribe_cli.values import DURATION
from callscribe_cli.waiting import WAIT_HELP, wait_and_print


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
    type=click.Choice(["txt", "json", "srt", "vtt"]),
    default="txt",
    show_default=True,
)
@connected
def transcript(app: App, call_id: str, form: str) -> None:
    """Print a call's transcript.

    --json and --query are those of --format json.
    """
    form = "json" if app.output.wants_json else form
    answer = app.api.send("GET", path("calls", call_id, "transcript"), query={"format": form})
    if app.output.wants_json:
        app.output.data(answer.result(), str)
    else:
        print_text(answer.text)
