"""`callscribe retry`."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import Any

import click

from callscribe_cli.app import App, Command, connected, stoppable
from callscribe_cli.messages import path
from callscribe_cli.progress import Progress
from callscribe_cli.values import PAST, rfc3339


@click.command(cls=Command)
@click.argument("call_id", metavar="[ID]", required=False)
@click.option("--since", type=PAST, help="All that failed since then: 2026-11-21, or 7d ago.")
@click.option("--until", type=PAST, help="And before then.")
@click.option("--reason", metavar="CODE", help="Only those with this error, such as audio_refused.")
@click.option(
    "--kind",
    type=click.Choice(["audio", "transcript", "dead-letter"]),
    help="Only those that failed before or at AssemblyAI, or the dead-letter queue's messages.",
)
@connected
def retry(app: App, call_id: str | None, **options: Any) -> None:
    """Transcribe again what failed: the recordings of the call ID, or all since a time.

    It never dials again.
    """
    bulk = {name: value for name, value in options.items() if value is not None}
    if call_id and bulk:
        raise click.UsageError("give an ID, or --since and its options, not both")
    if call_id:
        _retry_call(app, call_id)
    elif "since" in bulk or bulk.get("kind") == "dead-letter":
        _retry_all(app, {name: _sent(value) for name, value in bulk.items()})
    else:
        raise click.UsageError("give an ID, or --since TIME")


def _retry_call(app: App, call_id: str) -> None:
    found = app.api.post(path("calls", call_id, "retry"))
    lines = [f"{sid} retried" for sid in found["retried"]]
    lines += [f"{one['recording_sid']} not retried: {one['reason']}" for one in found["refused"]]
    app.output.data(found, lambda: "\n".join(lines))


def _retry_all(app: App, request: dict[str, Any]) -> None:
    retried, refused = 0, Counter[str]()
    with Progress("retried") as progress, stoppable("run the command again: nothing is done twice"):
        while True:
            found = app.api.post("/retries", request)
            retried += found["retried"]
            refused.update(found["refused"])
            if not found["next_since"]:
                break
            request["since"] = found["next_since"]
            progress.update(retried, f"up to {request['since']}")
    document = {"retried": retried, "refused": dict(refused)}
    app.output.data(document, lambda: _summary(retried, refused))


def _summary(retried: int, refused: Counter[str]) -> str:
    lines = [f"{retried} retried"]
    return "\n".join(lines + [f"{count} not retried: {code}" for code, count in refused.items()])


def _sent(value: object) -> object:
    return rfc3339(value) if isinstance(value, datetime) else value
