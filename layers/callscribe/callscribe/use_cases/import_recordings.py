"""Recordings that were made elsewhere: asked for here, walked through by ``reconcile``."""

from __future__ import annotations

import hashlib
import json
import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from callscribe.domain.problems import (
    ConflictError,
    FieldError,
    InvalidInputError,
    NotFoundError,
)
from callscribe.domain.sweeps import IMPORT_ID, Sweep, import_view, read_import_request
from callscribe.domain.times import Clock, to_text
from callscribe.ports import SweepStore

_KEPT = timedelta(days=90)
# imports are walked one after the other: more at once would only wait
_MOST_RUNNING = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportRecordings:
    sweeps: SweepStore
    clock: Clock

    def ask(self, body: object, *, principal: str, idempotency_key: str | None) -> dict[str, Any]:
        """Notes what is to be imported. The same Idempotency-Key is the same import.

        Raises:
            InvalidInputError
            ConflictError: the key was used for another import.
        """
        now = self.clock()
        wanted = read_import_request(body, now=now)
        imports = [sweep for sweep in self.sweeps.list_sweeps() if sweep.kind == "import"]
        if sum(sweep.status == "running" for sweep in imports) >= _MOST_RUNNING:
            message = f"{_MOST_RUNNING} imports are running already: wait for one to end"
            raise InvalidInputError([FieldError("body", message)])
        sweep = Sweep(
            sweep_id=f"import-{_token(principal, idempotency_key)}",
            kind="import",
            status="running",
            since=wanted["since"] or "",
            until=wanted["until"] or "",
            wanted_call_sid=wanted["call_sid"],
            wanted_recording_sid=wanted["recording_sid"],
            created_at=to_text(now),
            updated_at=to_text(now),
            request_hash=hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest(),
            expires_at=int((now + _KEPT).timestamp()),
        )
        if not self.sweeps.add_sweep(sweep):
            before = self.sweeps.get_sweep(sweep.sweep_id)
            if before is None or before.request_hash != sweep.request_hash:
                raise ConflictError("this Idempotency-Key was used for another import")
        return self.get(sweep.sweep_id)

    def get(self, import_id: str) -> dict[str, Any]:
        """How far an import is. Raises NotFoundError."""
        sweep = self.sweeps.get_sweep(import_id) if IMPORT_ID.fullmatch(import_id) else None
        if sweep is None:
            raise NotFoundError(f"there is no import {import_id}")
        return import_view(sweep)


def _token(principal: str, idempotency_key: str | None) -> str:
    if idempotency_key is None:
        return secrets.token_hex(16)
    text = json.dumps(["import", principal, idempotency_key])
    return hashlib.sha256(text.encode()).hexdigest()[:32]
