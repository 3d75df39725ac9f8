"""`callscribe batch`."""

from __future__ import annotations

from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import click

from callscribe_cli.app import App, Command, connected, stoppable
from callscribe_cli.errors import CliError, RefusedError
from callscribe_cli.files import write_whole
from callscribe_cli.output import table
from callscribe_cli.progress import Progress

if TYPE_CHECKING:
    from callscribe_cli.batches import Row

_FULL_SECONDS = 5.0
# what is refused for one number may be allowed for the next; anything else stops the batch
_OF_ONE_ROW = ("invalid-input", "dialing-refused", "twilio-refused", "idempotency-key-reused")
_AGAIN = "run the same command again: no number is called twice"


@click.command(cls=Command)
@click.argument("file", metavar="FILE", type=click.File(encoding="utf-8-sig"))
@click.option("--name", help="The batch's name.  [default: the file's]")
@click.option("--say", metavar="TEXT", help="The prompt of rows without their own.")
@click.option("--mode", type=click.Choice(["message", "call"]), help="Of rows without their own.")
@click.option("--dry-run", is_flag=True, help="Read the table, and call nobody.")
@click.option(
    "--results",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="OUT.csv",
    help="Write what became of every row to this file.",
)
@connected
def batch(
    app: App,
    file: IO[str],
    *,
    name: str | None,
    dry_run: bool,
    results: Path | None,
    **defaults: str | None,
) -> None:
    """Call every number of a table (CSV; - is standard input), without waiting for the transcripts.

    Its first line names the columns: `to` is needed; from, mode, say, goodbye, language, voice, place_at,
    pause_seconds and max_length_seconds are those of the API; all others are the call's metadata.

    A number is called once under one name of a batch, so after Ctrl-C or an error run the same command
    again. A table that is to be called again needs another --name.
    """
    from callscribe_cli.batches import read_rows

    name = name or Path(getattr(file, "name", "-")).stem
    if name in ("-", "<stdin>"):
        raise click.UsageError("standard input has no name: add --name NAME")
    given = {option: value for option, value in defaults.items() if value is not None}
    rows = read_rows(file, name, given)
    if dry_run:
        requests = [dict(row.request) for row in rows]
        app.output.data(requests, lambda: f"{len(rows)} calls; --json shows them")
        return
    _tell(app, _place_all(app, rows, results))


def _place_all(app: App, rows: list[Row], results: Path | None) -> list[dict[str, Any]]:
    done: list[dict[str, Any]] = []
    with Progress("row", len(rows), clock=app.clock.monotonic) as progress, stoppable(_AGAIN):
        try:
            for number, row in enumerate(rows):
                progress.update(number, str(row.request["to"]))
                done.append(_placed(app, row, progress))
        except (CliError, KeyboardInterrupt):
            progress.note(f"{len(done)} of {len(rows)} rows are done")
            raise
        finally:
            if results is not None:
                _write(results, done)
    return done


def _placed(app: App, row: Row, progress: Progress) -> dict[str, Any]:
    """Waits while as many calls are under way as the stack allows."""
    from callscribe_cli.batches import outcome, result_row

    while True:
        try:
            answer = app.api.send("POST", "/calls", body=row.request, key=row.key)
        except RefusedError as error:
            if error.problem.get("code") == "too_many_calls":
                progress.update(row.number, "waiting for a call to end")
                app.clock.sleep(_FULL_SECONDS)
                continue
            if error.kind not in _OF_ONE_ROW or error.problem.get("code") == "dialing_stopped":
                raise
            return result_row(row, "refused", {}, str(error))
        return result_row(row, *outcome(answer))


def _write(path: Path, done: list[dict[str, Any]]) -> None:
    from callscribe_cli.batches import RESULT
    from callscribe_cli.documents import csv_of

    write_whole(path, csv_of(RESULT, [[one[name] for name in RESULT] for one in done]))


def _tell(app: App, done: list[dict[str, Any]]) -> None:
    from callscribe_cli.batches import RESULT

    cells = [["" if one[name] is None else str(one[name]) for name in RESULT] for one in done]
    app.output.data(done, lambda: table([name.upper() for name in RESULT], cells))
    refused = sum(one["result"] == "refused" for one in done)
    if refused:
        raise CliError(f"{refused} of {len(done)} rows were refused", fix=f"see why, then {_AGAIN}")
