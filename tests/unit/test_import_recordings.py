"""What an operator may import, and how often."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from itertools import count

import pytest

from callscribe.domain.errors import ConflictError, InvalidInputError, NotFoundError
from callscribe.domain.sweeps import SweepKind, SweepStatus
from callscribe.use_cases.import_recordings import ImportRecordings
from simulation.memory_store import MemoryCallStore

NOW = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
CALL_SID, RECORDING_SID = "CA" + "1" * 32, "RE" + "1" * 32
SINCE = {"since": "2026-11-01T00:00:00Z"}


class House:
    def __init__(self) -> None:
        self.store = MemoryCallStore()
        ids = count()
        self.imports = ImportRecordings(
            sweeps=self.store,
            keys=self.store,
            clock=lambda: NOW,
            new_id=lambda: f"{next(ids):032x}",
        )

    def create(self, body: object, key: str | None = None) -> None:
        self.imports.create_import(body, principal="me", idempotency_key=key)


def test_import_is_a_running_sweep_of_what_it_names() -> None:
    house = House()
    house.create({**SINCE, "call_sid": CALL_SID})
    (sweep,) = house.store.list_sweeps()
    assert (sweep.kind, sweep.status) == (SweepKind.IMPORT, SweepStatus.RUNNING)
    assert (sweep.since, sweep.until) == ("2026-11-01T00:00:00.000Z", "2026-11-21T08:00:00.000Z")
    assert (sweep.wanted_call_sid, sweep.wanted_recording_sid) == (CALL_SID, None)
    # 90 days
    assert sweep.expires_at == int(NOW.timestamp()) + 90 * 86_400


def test_same_key_is_the_same_import_and_another_request_a_conflict() -> None:
    house = House()
    house.create(SINCE, key="once")
    house.create(SINCE, key="once")
    assert len(house.store.list_sweeps()) == 1
    with pytest.raises(ConflictError):
        house.create({"recording_sid": RECORDING_SID}, key="once")


def test_only_so_many_imports_run_at_once() -> None:
    house = House()
    for number in range(20):
        house.create(SINCE, key=str(number))
    with pytest.raises(InvalidInputError, match="20 imports are running already"):
        house.create(SINCE, key="20")
    # a key that was used before is looked up first
    house.create(SINCE, key="0")
    (first, *_) = house.store.list_sweeps()
    house.store.save_sweep(first, replace(first, status=SweepStatus.COMPLETED))
    house.create(SINCE)


@pytest.mark.parametrize("import_id", ["import-" + "f" * 32, "recordings", "import-1"])
def test_what_is_no_import_is_not_found(import_id: str) -> None:
    with pytest.raises(NotFoundError):
        House().imports.get(import_id)
