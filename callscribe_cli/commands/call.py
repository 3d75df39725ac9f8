"""`callscribe call`."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import click

from callscribe_cli.app import App, Command, connected, stoppable
from callscribe_cli.errors import CliError, StoppedError
from callscribe_cli.output import note
from callscribe_cli.values import AHEAD, DURATION, NameValue, rfc3339, text_or_stdin
from callscribe_cli.waiting import WAIT_HELP, state_of, wait_and_print


@click.command(cls=Command)
@click.argument("to", metavar="TO")
@click.option("--say", metavar="TEXT|-", help="The prompt; - reads it from standard input.")
@click.option(
    "--mode",
    type=click.Choice(["message", "call"]),
    help="message: record one message after the prompt. call: record the whole call.",
)
@click.option("--from", "from_number", metavar="NUMBER", help="One of your Twilio numbers.")
@click.option("--language", metavar="TAG", help="In which language the prompt is read: de-DE.")
@click.option("--voice", help="Twilio's voice for it: Polly.Vicki.")
@click.option("--goodbye", metavar="TEXT", help="Said at the end.")
@click.option("--max-length", type=DURATION, help="The longest message or call: 90s, 10m.")
@click.option("--at", type=AHEAD, help="When to place it: 2026-11-21T15:00:00Z, or 2h from now.")
@click.option("--meta", multiple=True, type=NameValue(), help="Returned with the call; repeatable.")
@click.option(
    "--option",
    multiple=True,
    type=NameValue(parsed=True),
    help="An option of AssemblyAI's: speaker_labels=true; repeatable.",
)
@click.option(
    "--idempotency-key", metavar="KEY", help="Of an earlier try whose outcome is unclear."
)
@click.option("--no-wait", is_flag=True, help="Print the call's ID, and do not wait.")
@click.option("--timeout", type=DURATION, default="30m", show_default=True, help=WAIT_HELP)
@connected
def call(
    app: App,
    to: str,
    *,
    idempotency_key: str | None,
    no_wait: bool,
    timeout: float,
    at: datetime | None,
    **options: Any,
) -> None:
    """Call the number TO (E.164: +14155550100), and print the transcript.

    Every call has an Idempotency-Key, so a request that is repeated because its answer was lost
    never dials twice. A call with --at is placed later, so it is not waited for.

    \b
    callscribe call +14155550100 --say "How did you like it?" --meta order=7
    callscribe call +14155550100 --at 2h --query call_id
    """
    placed = _place(
        app, _request(to, at, options), idempotency_key or f"cli-{os.urandom(16).hex()}"
    )
    _check_placed(placed)
    call_id = placed["call_id"]
    if no_wait or at:
        app.output.data(placed, lambda: str(call_id))
        return
    note(f"   0.0 s  call {call_id} {placed['status']}")
    with stoppable(f"the call goes on; callscribe wait {call_id}"):
        wait_and_print(app, call_id, timeout, state=state_of(placed))


def _request(to: str, at: datetime | None, options: dict[str, Any]) -> dict[str, Any]:
    length = options["max_length"]
    request = {
        "to": to,
        "from": options["from_number"],
        "mode": options["mode"],
        "say": text_or_stdin(options["say"]),
        "goodbye": options["goodbye"],
        "language": options["language"],
        "voice": options["voice"],
        "max_length_seconds": int(length) if length else None,
        "place_at": rfc3339(at) if at else None,
        "metadata": dict(options["meta"]) or None,
        "transcription": dict(options["option"]) or None,
    }
    return {name: value for name, value in request.items() if value is not None}


def _place(app: App, request: dict[str, Any], key: str) -> dict[str, Any]:
    api = app.api
    with _naming(key):
        return api.post("/calls", request, key=key)


@contextmanager
def _naming(key: str) -> Iterator[None]:
    """Ctrl-C before the answer leaves open whether the call was placed: the key settles it."""
    try:
        yield
    except KeyboardInterrupt:
        raise StoppedError(
            "stopped before the answer came: the call may have been placed",
            fix=f"run the command again with --idempotency-key {key}: it dials once at most",
        ) from None


def _check_placed(placed: dict[str, Any]) -> None:
    """A repeated request is answered with the call as it stands, refused or not."""
    error = placed.get("error")
    if error and placed["status"] == "failed":
        message = f"call {placed['call_id']} failed: {error['message']} ({error['code']})"
        raise CliError(message, fix="see docs/api.md, codes of Twilio's refusals; then call anew")
