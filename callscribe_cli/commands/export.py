"""`callscribe export`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from callscribe_cli.app import App, Command, connected, stoppable
from callscribe_cli.documents import FORMATS
from callscribe_cli.output import note, pairs
from callscribe_cli.progress import Progress
from callscribe_cli.values import PAST

if TYPE_CHECKING:
    from concurrent.futures import ThreadPoolExecutor

    from callscribe_cli.exporting import Export

# what the stack answers beside everybody else's requests
_AT_ONCE = 4


@click.command(cls=Command)
@click.option("--since", type=PAST, required=True, help="Calls since then: 2026-11-01, or 7d ago.")
@click.option("--until", type=PAST, help="And before then.  [default: now]")
@click.option(
    "--out",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    required=True,
    metavar="DIR",
)
@click.option(
    "--format",
    "formats",
    multiple=True,
    type=click.Choice(FORMATS),
    default=["txt", "json"],
    show_default=True,
    help="Repeatable. csv: a row for each segment.",
)
@click.option("--prune", is_flag=True, help="Delete the files here of calls that were erased.")
@connected
def export(
    app: App,
    *,
    since: datetime,
    until: datetime | None,
    folder: Path,
    formats: Sequence[str],
    prune: bool,
) -> None:
    """Write the transcripts of a time range to DIR, and a list of its calls to DIR/calls.csv.

    What is there already is not fetched again: run it again after Ctrl-C or an error, or daily.

    \b
    callscribe export --since 30d --out calls --format docx --format srt
    """
    if since >= (until or datetime.now(UTC)):
        raise click.UsageError("--since must be before --until")
    from callscribe_cli.exporting import Export

    task = Export(app.api, folder, list(dict.fromkeys(formats)))
    with stoppable("run the same command again: it goes on where it stopped"):
        calls = _list(task, since, until or datetime.now(UTC))
        _fetch(task, calls)
        task.write_index(calls)
    _tell_erased(task, calls, prune=prune)
    counts = Counter(call["transcript"] for call in calls.values())
    document = {"folder": str(folder), "calls": len(calls), "transcripts": dict(counts)}
    app.output.data(document, lambda: pairs([("calls", len(calls)), *sorted(counts.items())]))


def _list(task: Export, since: datetime, until: datetime) -> dict[str, dict[str, Any]]:
    from callscribe_cli.exporting import calls_of, days

    found: dict[str, dict[str, Any]] = {}
    range_ = list(days(since, until))
    with Progress("listing: day", len(range_)) as progress:
        for number, day in enumerate(range_, start=1):
            progress.update(number, f"{len(found)} calls")
            found |= {call["call_id"]: call for call in calls_of(task.api, day, since, until)}
    return found


def _fetch(task: Export, calls: dict[str, dict[str, Any]]) -> None:
    """Gives every call its ``transcript``: what became of it."""
    from concurrent.futures import as_completed

    with _workers() as pool, Progress("exporting: call", len(calls)) as progress:
        waiting = {pool.submit(task.fetch, call): call for call in calls.values()}
        for number, done in enumerate(as_completed(waiting), start=1):
            waiting[done]["transcript"] = done.result()
            progress.update(number)


@contextmanager
def _workers() -> Iterator[ThreadPoolExecutor]:
    """On an error or Ctrl-C what has not begun is not begun; what has is finished."""
    from concurrent.futures import ThreadPoolExecutor

    pool = ThreadPoolExecutor(_AT_ONCE)
    try:
        yield pool
    finally:
        pool.shutdown(cancel_futures=True)


def _tell_erased(task: Export, calls: dict[str, dict[str, Any]], *, prune: bool) -> None:
    erased = [call for call in calls.values() if call["transcript"] == "erased"]
    files = [path for call in erased for path in task.files_of(call)]
    if files and not prune:
        note(f"{len(files)} files here are of calls that were erased; --prune deletes them")
    for path in files if prune else ():
        path.unlink()
