"""`callscribe audio`."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

import click

from callscribe_cli.app import App, Command, connected, stoppable
from callscribe_cli.downloading import Download, audio_url, recordings
from callscribe_cli.errors import CliError
from callscribe_cli.output import note
from callscribe_cli.progress import Progress


@click.command(cls=Command)
@click.argument("call_id", metavar="ID")
@click.option(
    "--out",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    default=".",
    metavar="DIR",
    help="Where to write it.  [default: here]",
)
@click.option("--url", is_flag=True, help="Only print links, which expire after five minutes.")
@connected
def audio(app: App, call_id: str, *, folder: Path, url: bool) -> None:
    """Download a call's recordings, and print the names of the files.

    A download that was interrupted goes on where it stopped.
    """
    found = recordings(app.api, call_id)
    there = [recording for recording in found if recording["audio_url"]]
    for recording in found:
        if not recording["audio_url"]:
            note(f"{recording['recording_sid']} ({recording['status']}) has no audio")
    if not there:
        raise CliError(f"call {call_id} has no audio", fix=f"callscribe show {call_id}")
    if url:
        links = [recording["audio_url"] for recording in there]
        app.output.data(links, lambda: "\n".join(links))
        return
    with stoppable("run the command again: it goes on where it stopped"):
        files = [str(_save(app, call_id, recording, folder)) for recording in there]
    app.output.data(files, lambda: "\n".join(files))


def _save(app: App, call_id: str, recording: dict[str, Any], folder: Path) -> Path:
    sid = recording["recording_sid"]
    folder.mkdir(parents=True, exist_ok=True)
    link = functools.partial(audio_url, app.api, call_id, sid)
    with Progress(f"{sid}: kilobyte", clock=app.clock.monotonic) as progress:

        def show(have: int, total: int | None) -> None:
            progress.total = total // 1000 if total else None
            progress.update(have // 1000)

        return Download(link, app.clock.sleep, show).save(folder / f"{call_id}-{sid}")
