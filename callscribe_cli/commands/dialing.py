"""`callscribe dialing`: the kill switch."""

from __future__ import annotations

from typing import Any

import click

from callscribe_cli.app import App, Group, connected
from callscribe_cli.output import pairs


@click.group(cls=Group)
def dialing() -> None:
    """Stop all dialing at once, or resume it."""


@dialing.command()
@connected
def status(app: App) -> None:
    """Show whether dialing is stopped, since when, by whom and why."""
    _show(app, app.api.get("/dialing"))


@dialing.command()
@click.option("--reason", required=True, help="Shown to whoever is refused a call.")
@connected
def stop(app: App, reason: str) -> None:
    """Place no call from now on, until it is resumed."""
    _show(app, _switch(app, reason, stopped=True))


@dialing.command()
@click.option("--reason", default="resumed by an operator", show_default=True)
@connected
def resume(app: App, reason: str) -> None:
    """Place calls again."""
    _show(app, _switch(app, reason, stopped=False))


def _switch(app: App, reason: str, *, stopped: bool) -> dict[str, Any]:
    body = {"stopped": stopped, "reason": reason}
    return app.api.send("PUT", "/dialing", body=body).result()


def _show(app: App, state: dict[str, Any]) -> None:
    word = "stopped" if state["stopped"] else "allowed"
    names = ("reason", "changed_at", "changed_by")
    rows = [("dialing", word), *((name, state.get(name)) for name in names)]
    app.output.data(state, lambda: pairs(rows))
