"""The index: one SQLite file for each stack, for its owner's eyes only.

A row for each call with a text, and in FTS5 its text, a line for each segment.
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any, Self

from callscribe_cli.errors import CliError
from callscribe_cli.search.words import indexed

VERSION = 1
_SCHEMA = """
CREATE TABLE state (name TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID;
CREATE TABLE calls (
    id INTEGER PRIMARY KEY,
    call_id TEXT NOT NULL UNIQUE,
    created_at TEXT NOT NULL,
    direction TEXT,
    from_number TEXT,
    to_number TEXT,
    status TEXT,
    duration_seconds INTEGER,
    expires_at TEXT NOT NULL,
    segments TEXT NOT NULL
);
CREATE INDEX calls_by_expiry ON calls (expires_at);
CREATE VIRTUAL TABLE texts USING fts5 (text, tokenize = "unicode61 remove_diacritics 2");
"""
FIELDS = (
    "call_id",
    "created_at",
    "direction",
    "from_number",
    "to_number",
    "status",
    "duration_seconds",
)
_INSERT_CALL = (
    f"INSERT INTO calls ({', '.join(FIELDS)}, expires_at, segments) VALUES ({', '.join('?' * 9)})"  # noqa: S608  # nosec B608 - constants
)


class Index:
    """Raises (all methods): CliError: the file cannot be read or written."""

    def __init__(self, path: Path, *, wait_seconds: float = 30) -> None:
        """Makes the file where there is none. ``wait_seconds``: for other programs that have it open."""
        self.path = path
        _make_private(path)
        with translated(path):
            self._base = sqlite3.connect(path, isolation_level=None, timeout=wait_seconds)
            # what is deleted is overwritten, here and in the pages that FTS5 frees
            self._base.execute("PRAGMA secure_delete = ON")
            self._base.execute("PRAGMA journal_mode = WAL")
            self._prepare()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._base.close()

    def _prepare(self) -> None:
        if self._version() == 0:
            with self.transaction():
                for statement in _SCHEMA.strip().removesuffix(";").split(";\n"):
                    self._base.execute(statement)
                self._base.execute(f"PRAGMA user_version = {VERSION}")
        elif self._version() != VERSION:
            raise CliError(f"{self.path} is of another version", fix="callscribe sync --rebuild")

    def _version(self) -> int:
        return int(self._base.execute("PRAGMA user_version").fetchone()[0])

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All of it, or after an error nothing."""
        with translated(self.path):
            self._base.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self._base.execute("ROLLBACK")
                raise
            self._base.execute("COMMIT")

    def state(self, name: str) -> str | None:
        row = self._rows("SELECT value FROM state WHERE name = ?", name)
        return str(row[0][0]) if row else None

    def set_state(self, name: str, value: str) -> None:
        self._base.execute("INSERT OR REPLACE INTO state VALUES (?, ?)", (name, value))

    def put(
        self, call: Mapping[str, Any], transcript: Mapping[str, Any], *, expires_at: str
    ) -> None:
        """A call and its transcript as the API gives them, in the place of what was there of it."""
        self.delete([call["call_id"]])
        segments = [one for part in transcript["recordings"] for one in part["segments"]]
        times = json.dumps([[one["start_ms"], one["speaker_name"]] for one in segments])
        values = (*(call.get(name) for name in FIELDS), expires_at, times)
        added = self._base.execute(_INSERT_CALL, values)
        text = "\n".join(indexed(one["text"]) for one in segments)
        self._base.execute("INSERT INTO texts (rowid, text) VALUES (?, ?)", (added.lastrowid, text))

    def delete(self, call_ids: Iterable[str]) -> int:
        """Returns how many of them were there."""
        deleted = 0
        for call_id in call_ids:
            for (row,) in self._rows("SELECT id FROM calls WHERE call_id = ?", call_id):
                self._base.execute("DELETE FROM texts WHERE rowid = ?", (row,))
                self._base.execute("DELETE FROM calls WHERE id = ?", (row,))
                self.set_state("unpurged", "yes")
                deleted += 1
        return deleted

    def delete_expired(self, now: str) -> int:
        """What the stack itself has deleted by ``now``."""
        expired = self._rows("SELECT call_id FROM calls WHERE expires_at <= ?", now)
        return self.delete(call_id for (call_id,) in expired)

    def clear(self) -> None:
        """As if it were new; nothing is left of what was there."""
        with self.transaction():
            for table in ("calls", "texts", "state"):
                self._base.execute(f"DELETE FROM {table}")  # noqa: S608  # nosec B608 - constants
            self.set_state("unpurged", "yes")
        self.purge()

    def purge(self) -> None:
        """Leaves nothing in the file of what was deleted: FTS5 only marks it, until it is merged."""
        if self.state("unpurged") is None:
            return
        with translated(self.path):
            self._base.execute("INSERT INTO texts (texts) VALUES ('optimize')")
            [(busy, *_)] = self._rows("PRAGMA wal_checkpoint(TRUNCATE)")
            # while another program reads, the log with the old pages stays: next time
            if not busy:
                self._base.execute("DELETE FROM state WHERE name = 'unpurged'")

    def count(self) -> int:
        return int(self._rows("SELECT count(*) FROM calls")[0][0])

    def _rows(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        with translated(self.path):
            return self._base.execute(statement, values).fetchall()


@contextmanager
def reading(path: Path) -> Iterator[sqlite3.Connection]:
    """Without writing. Raises CliError: there is no index, or it is none."""
    if not path.exists():
        raise CliError("there is no index of this stack yet", fix="callscribe sync")
    with translated(path), closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as base:
        if base.execute("PRAGMA user_version").fetchone()[0] != VERSION:
            raise CliError(f"{path} is not of this version", fix="callscribe sync --rebuild")
        yield base


def remove(path: Path) -> None:
    for name in (path.name, f"{path.name}-wal", f"{path.name}-shm"):
        with suppress(FileNotFoundError):
            path.with_name(name).unlink()


@contextmanager
def translated(path: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise CliError(f"the index {path}: {error}", fix=_fix(error)) from error


def _fix(error: sqlite3.Error) -> str:
    if "fts5" in str(error):
        return "use a Python whose SQLite has FTS5: those of python.org and of distributions do"
    if "locked" in str(error):
        return "another sync is running: try again when it has ended"
    return "callscribe sync --rebuild"


def _make_private(path: Path) -> None:
    """SQLite gives its side files the permissions that this one has from its beginning."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    path.parent.chmod(0o700)
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    path.chmod(0o600)
