"""`callscribe do-not-call`."""

from __future__ import annotations

from typing import Any

import click

from callscribe_cli.app import App, Group, connected
from callscribe_cli.messages import path


@click.group(cls=Group, name="do-not-call")
def do_not_call() -> None:
    """Numbers that are never called."""


@do_not_call.command()
@click.argument("numbers", metavar="NUMBER...", nargs=-1, required=True)
@connected
def add(app: App, numbers: tuple[str, ...]) -> None:
    """Never call these numbers (E.164: +14155550100)."""
    _change(app, "PUT", numbers)


@do_not_call.command()
@click.argument("numbers", metavar="NUMBER...", nargs=-1, required=True)
@connected
def remove(app: App, numbers: tuple[str, ...]) -> None:
    """Take these numbers off the list."""
    _change(app, "DELETE", numbers)


def _change(app: App, method: str, numbers: tuple[str, ...]) -> None:
    found = [app.api.send(method, path("do-not-call", number)).result() for number in numbers]
    app.output.data(found, lambda: "\n".join(map(_line, found)))


def _line(one: dict[str, Any]) -> str:
    return f"{one['phone_number']} {'never called' if one['listed'] else 'may be called'}"
