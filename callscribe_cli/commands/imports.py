"""`callscribe import`."""

from __future__ import annotations

import os
from datetime import datetime
from typing import Any

import click

from callscribe_cli.app import App, Command, connected, stoppable
from callscribe_cli.errors import CliError
from callscribe_cli.messages import path
from callscribe_cli.output import note, pairs
from callscribe_cli.progress import Progress
from callscribe_cli.values import PAST, rfc3339

# reconcile runs every five minutes: asking more often shows nothing new
_POLL_SECONDS = 15
_SHOWN = ("import_id", "status", "since", "until", "seen", "known", "found", "skipped")


@click.command(cls=Command, name="import")
@click.argument("import_id", metavar="[IMPORT_ID]", required=False)
@click.option("--since", type=PAST, help="Recordings since then: 2026-11-21, or 30d ago.")
@click.option("--until", type=PAST, help="And before then.")
@click.option("--call-sid", help="Those of this call at Twilio only.")
@click.option("--recording-sid", help="This one only.")
@click.option(
    "--idempotency-key", metavar="KEY", help="Of an earlier try whose outcome is unclear."
)
@click.option("--no-wait", is_flag=True, help="Print the import's ID, and do not wait.")
@connected
def import_recordings(
    app: App,
    import_id: str | None,
    *,
    idempotency_key: str | None,
    no_wait: bool,
    **options: Any,
) -> None:
    """Transcribe recordings that other applications made at Twilio.

    With the IMPORT_ID of an import that was begun before, go on watching it. It begins within five
    minutes; 600 recordings are looked at every five minutes.
    """
    given = {name: value for name, value in options.items() if value is not None}
    if bool(import_id) == bool(given):
        raise click.UsageError("give --since TIME, --call-sid, --recording-sid, or an IMPORT_ID")
    key = idempotency_key or f"cli-{os.urandom(16).hex()}"
    found = _get(app, import_id) if import_id else _begin(app, given, key)
    if no_wait:
        app.output.data(found, lambda: str(found["import_id"]))
        return
    _watch(app, found)


def _begin(app: App, given: dict[str, Any], key: str) -> dict[str, Any]:
    body = {n: rfc3339(v) if isinstance(v, datetime) else v for n, v in given.items()}
    api = app.api
    with stoppable(f"run the command again with --idempotency-key {key}"):
        return api.post("/imports", body, key=key)


def _get(app: App, import_id: str) -> dict[str, Any]:
    return app.api.get(path("imports", import_id))


def _watch(app: App, found: dict[str, Any]) -> None:
    import_id = found["import_id"]
    note(f"import {import_id} is {found['status']}")
    go_on = f"the import goes on; callscribe import {import_id}"
    with Progress("seen", clock=app.clock.monotonic) as progress, stoppable(go_on):
        while found["status"] == "running":
            for _ in range(_POLL_SECONDS):
                progress.update(found["seen"], f"{found['found']} of them new")
                app.clock.sleep(1.0)
            found = _get(app, import_id)
    if found["status"] == "failed":
        raise CliError(
            f"the import failed: {found['error_message']}",
            fix="begin it anew: nothing is done twice",
        )
    app.output.data(found, lambda: pairs([(name, found[name]) for name in _SHOWN]))
