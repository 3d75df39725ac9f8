"""`callscribe ui`."""

from __future__ import annotations

import os
import sys
from threading import Thread
from typing import TYPE_CHECKING

import click

from callscribe_cli.app import App, Command, connected
from callscribe_cli.errors import CliError
from callscribe_cli.output import note

if TYPE_CHECKING:
    from callscribe_cli.ui import Backend, UiServer


@click.command(cls=Command)
@click.option(
    "--port", type=click.IntRange(0, 65535), default=0, help="[default: any that is free]"
)
@click.option("--no-open", is_flag=True, help="Print the address, and start no browser.")
@connected
def ui(app: App, port: int, *, no_open: bool) -> None:
    """Show the calls in a browser on this machine, until Ctrl-C.

    They are searched in the index of `callscribe sync`, if there is one. The pages do what you do
    there with your AWS credentials. Their address is secret: whoever
    has it, on this machine, acts as you.
    """
    from callscribe_cli.search.place import index_file
    from callscribe_cli.ui_backend import backend_of

    place = app.discovery.place(app.options)
    backend = backend_of(app.api, place.stack or place.api_url or "", index_file(app))
    # what is wrong with the stack or the credentials is said here, and not in the browser
    app.api.get("/calls", limit=1)
    with _server(backend, port) as server:
        app.output.data({"url": server.url}, lambda: server.url)
        note("Ctrl-C stops it")
        if not no_open and _has_screen():
            Thread(target=_open, args=(server.entrance,), daemon=True).start()
        server.serve_forever()


def _server(backend: Backend, port: int) -> UiServer:
    from callscribe_cli.ui import UiServer

    try:
        return UiServer(backend, port)
    except OSError as error:
        fix = "another --port, or none: then any that is free is taken"
        raise CliError(f"port {port} cannot be used: {error.strerror}", fix=fix) from error


def _has_screen() -> bool:
    """Without one Python would start a browser for terminals in this one."""
    if sys.platform in ("darwin", "win32"):
        return True
    return any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER"))


def _open(address: str) -> None:
    """Some browsers keep whoever starts them waiting."""
    import webbrowser

    if not webbrowser.open(address):
        note("no browser was found: open the address above")
