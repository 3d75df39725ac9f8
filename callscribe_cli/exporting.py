"""Exporting: which calls there are, which of their files are missing, and those files.

DIR/2026-11-21/CALL_ID.txt and so on; DIR/calls.csv has a row for each call. A file that is there is
whole, and not fetched again.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from callscribe_cli.api import Api
from callscribe_cli.documents import FORMATS, FROM_API, MADE_HERE, csv_of
from callscribe_cli.errors import RefusedError
from callscribe_cli.files import write_whole
from callscribe_cli.messages import path

ERASED = ("erasing", "erased")
_NOT_YET = ("scheduled", "placing", *ERASED)
INDEX = (
    "call_id",
    "created_at",
    "direction",
    "from_number",
    "to_number",
    "status",
    "duration_seconds",
    "transcript",
)


@dataclass(frozen=True, slots=True)
class Export:
    """``folder``: where all is written; ``formats``: of FORMATS."""

    api: Api
    folder: Path
    formats: Sequence[str]

    def fetch(self, call: Mapping[str, Any]) -> str:
        """Writes the files of a call that are missing: ``exported``, ``already here``, ``none`` (there
        is no transcript), ``not ready``, ``erased``.

        Raises:
            CliError: the API cannot be asked. OSError: a file cannot be written.
        """
        if call["status"] in _NOT_YET:
            return "erased" if call["status"] in ERASED else "not ready"
        missing = [form for form in self.formats if not self.file(call, form).exists()]
        if not missing:
            return "already here"
        try:
            self._write(call, missing)
        except RefusedError as error:
            return _state(error)
        return "exported"

    def _write(self, call: Mapping[str, Any], missing: Sequence[str]) -> None:
        """All are fetched before the first is written: they are of the same moment."""
        files = {form: self._ask(call, form) for form in FROM_API if form in missing}
        made = [form for form in MADE_HERE if form in missing]
        if made:
            document = self._document(call)
            files |= {form: MADE_HERE[form](document) for form in made}
        for form, content in files.items():
            write_whole(self.file(call, form), content)

    def _ask(self, call: Mapping[str, Any], form: str) -> bytes:
        where = path("calls", call["call_id"], "transcript")
        return self.api.send("GET", where, query={"format": form}).body

    def _document(self, call: Mapping[str, Any]) -> dict[str, Any]:
        return self.api.get(path("calls", call["call_id"], "transcript"), format="json")

    def file(self, call: Mapping[str, Any], form: str) -> Path:
        return self.folder / str(call["created_at"])[:10] / f"{call['call_id']}.{form}"

    def files_of(self, call: Mapping[str, Any]) -> list[Path]:
        return [self.file(call, form) for form in FORMATS if self.file(call, form).exists()]

    def write_index(self, calls: Mapping[str, Mapping[str, Any]]) -> None:
        """``calls``: by call_id, each with its ``transcript``. What an earlier export found stays."""
        rows = {**self._read_index(), **{call_id: _row(call) for call_id, call in calls.items()}}
        ordered = sorted(rows.values(), key=lambda row: (row[1], row[0]))
        write_whole(self.folder / "calls.csv", csv_of(INDEX, ordered))

    def _read_index(self) -> dict[str, list[str]]:
        try:
            with (self.folder / "calls.csv").open(encoding="utf-8-sig", newline="") as lines:
                rows = list(csv.reader(lines))[1:]
        except FileNotFoundError:
            return {}
        return {row[0]: row for row in rows if len(row) == len(INDEX)}


def days(since: datetime, until: datetime) -> Iterator[str]:
    """Every day (UTC) of the time range, the latest first, as the list of calls takes them."""
    day = until.astimezone(UTC).date()
    while day >= since.astimezone(UTC).date():
        yield day.isoformat()
        day -= timedelta(days=1)


def calls_of(api: Api, day: str, since: datetime, until: datetime) -> Iterator[dict[str, Any]]:
    for page in api.pages("/calls", date=day):
        for call in page:
            if since <= datetime.fromisoformat(call["created_at"]) < until:
                yield call


def _state(error: RefusedError) -> str:
    states = {"no-transcript": "none", "transcript-not-ready": "not ready", "not-found": "erased"}
    if error.kind not in states:
        raise error
    return states[error.kind]


def _row(call: Mapping[str, Any]) -> list[str]:
    return ["" if call.get(name) is None else str(call[name]) for name in INDEX]
