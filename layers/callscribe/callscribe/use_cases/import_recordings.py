"""Recordings that were made elsewhere: asked for here, walked through by ``reconcile``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta

from callscribe.domain.errors import (
    ConflictError,
    FieldError,
    InvalidInputError,
    NotFoundError,
)
from callscribe.domain.idempotency import fingerprint, key_digest
from callscribe.domain.imports import (
    IMPORT_ID,
    ImportRequest,
    new_import,
    read_import_request,
)
from callscribe.domain.sweeps import Sweep, SweepKind, SweepStatus
from callscribe.domain.times import Clock
from callscribe.ports.storage import KeyStore, SweepStore

_KEPT = timedelta(days=90)
# imports are walked one after the other: more at once would only wait
_MAX_RUNNING = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportRecordings:
    """The use case behind ``/imports``."""

    sweeps: SweepStore
    keys: KeyStore
    clock: Clock
    new_id: Callable[[], str]

    def create_import(self, body: object, *, principal: str, idempotency_key: str | None) -> Sweep:
        """Notes what is to be imported. The same Idempotency-Key is the same import.

        Raises:
            InvalidInputError
            ConflictError: the key was used for another import.
        """
        wanted = read_import_request(body)
        new = f"import-{self.new_id()}"
        import_id = self._id_of_key(new, principal, idempotency_key)
        before = self.sweeps.get_sweep(import_id) if import_id != new else None
        if before is None:
            self._add(self._new(import_id, wanted, fingerprint(body)))
        elif before.request_hash != fingerprint(body):
            raise ConflictError("this Idempotency-Key was used for another import")
        return self.get(import_id)

    def _id_of_key(self, new: str, principal: str, key: str | None) -> str:
        if key is None:
            return new
        now = self.clock()
        return self.keys.bind_key(
            key_digest("import", principal, key),
            new,
            now=int(now.timestamp()),
            expires_at=int((now + _KEPT).timestamp()),
        )

    def _new(self, import_id: str, wanted: ImportRequest, request_hash: str) -> Sweep:
        now = self.clock()
        expires_at = int((now + _KEPT).timestamp())
        sweep = new_import(import_id, wanted, now)
        return replace(sweep, request_hash=request_hash, expires_at=expires_at)

    def _add(self, wanted: Sweep) -> None:
        """Two requests with one key at one moment may both get here: either's import is the key's."""
        self._check_room()
        if self.sweeps.save_sweep(None, wanted):
            return
        before = self.sweeps.get_sweep(wanted.sweep_id)
        if before is None or before.request_hash != wanted.request_hash:
            raise ConflictError("this Idempotency-Key was used for another import")

    def _check_room(self) -> None:
        running = [
            sweep
            for sweep in self.sweeps.list_sweeps()
            if sweep.kind is SweepKind.IMPORT and sweep.status is SweepStatus.RUNNING
        ]
        if len(running) >= _MAX_RUNNING:
            message = f"{_MAX_RUNNING} imports are running already: wait for one to end"
            raise InvalidInputError([FieldError("body", message)])

    def get(self, import_id: str) -> Sweep:
        """How far an import is. Raises NotFoundError."""
        sweep = self.sweeps.get_sweep(import_id) if IMPORT_ID.fullmatch(import_id) else None
        if sweep is None:
            raise NotFoundError(f"there is no import {import_id}")
        return sweep
