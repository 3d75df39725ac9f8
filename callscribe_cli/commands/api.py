"""`callscribe api`."""

from __future__ import annotations

import os
import sys
from typing import Any

import click

from callscribe_cli.app import App, Command, connected
from callscribe_cli.errors import RefusedError
from callscribe_cli.messages import Answer
from callscribe_cli.output import echo, rendered
from callscribe_cli.values import NameValue

_WITH_KEY = ("/calls", "/imports")


@click.command(cls=Command)
@click.argument(
    "method",
    metavar="METHOD",
    type=click.Choice(["GET", "POST", "PUT", "DELETE"], case_sensitive=False),
)
@click.argument("path", metavar="PATH")
@click.option(
    "-f",
    "--field",
    multiple=True,
    type=NameValue(parsed=True),
    help="A field of the body, for GET of the query; JSON or text; repeatable.",
)
@click.option("--input", "source", type=click.File("rb"), help="The body; - is standard input.")
@click.option(
    "--idempotency-key", metavar="KEY", help="For POST /calls and /imports; default: new."
)
@connected
def api(
    app: App,
    method: str,
    path: str,
    *,
    field: tuple[tuple[str, Any], ...],
    source: Any,
    idempotency_key: str | None,
) -> None:
    """Send a signed request to any route of the API, and print its answer.

    \b
    callscribe api GET /calls -f date=2026-11-21
    callscribe api PUT /dialing -f stopped=true -f reason="a key was leaked"
    """
    method, fields = method.upper(), dict(field)
    if "://" in path:
        raise click.UsageError("PATH is a route, such as /calls, without the API's address")
    if fields and source:
        raise click.UsageError("give --field or --input, not both")
    in_query = method == "GET"
    body = source.read() if source else (fields or None) if not in_query else None
    key = idempotency_key or _key(method, path)
    _print(app, _send(app, method, path, fields if in_query else {}, body, key))


def _key(method: str, path: str) -> str | None:
    with_key = method == "POST" and f"/{path.strip('/')}" in _WITH_KEY
    return f"cli-{os.urandom(16).hex()}" if with_key else None


def _send(
    app: App, method: str, path: str, query: dict[str, Any], body: Any, key: str | None
) -> Answer:
    try:
        return app.api.send(method, f"/{path.lstrip('/')}", query=query, body=body, key=key)
    except RefusedError as error:
        # the problem is this command's data, too
        problem = error.problem
        app.output.data(problem, lambda: rendered(problem))
        raise


def _print(app: App, answer: Answer) -> None:
    if answer.headers.get("content-type", "").startswith("application/json"):
        document = answer.result()
        app.output.data(document, lambda: rendered(document))
    else:
        echo(answer.text, newline=not answer.text.endswith("\n") and sys.stdout.isatty())
