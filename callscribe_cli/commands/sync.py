"""`callscribe sync`."""

from __future__ import annotations

from dataclasses import asdict

import click

from callscribe_cli.app import App, Command, connected, stoppable
from callscribe_cli.output import pairs
from callscribe_cli.progress import Progress


@click.command(cls=Command)
@click.option("--rebuild", is_flag=True, help="Delete the index first, and make it anew.")
@connected
def sync(app: App, *, rebuild: bool) -> None:
    """Bring the index of transcripts on this machine up to date, for `callscribe search`.

    It holds the texts of calls, in a file that only you can read; what was erased from the stack is
    erased from it. Run it again after Ctrl-C: it goes on where it stopped.
    """
    from callscribe_cli.search.index import Index, remove
    from callscribe_cli.search.place import index_file
    from callscribe_cli.search.syncing import Counts, Sync

    file = index_file(app)
    if rebuild:
        remove(file)
    with (
        stoppable("callscribe sync: it goes on where it stopped"),
        Index(file) as index,
        Progress("indexing: call") as progress,
    ):

        def tell(counts: Counts, until: str) -> None:
            progress.update(counts.indexed, f"changes until {until}")

        counts = Sync(app.api, index, tell).run()
        document = {"index": str(file), "calls": index.count(), **asdict(counts)}
    app.output.data(document, lambda: pairs(list(document.items())))
