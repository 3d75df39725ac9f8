"""A world puts itself behind the handlers' wiring; afterwards the wiring is as it was."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from callscribe.bootstrap import wiring


@pytest.fixture(autouse=True)
def _wiring_as_it_was() -> Iterator[None]:
    before = dict(vars(wiring))
    yield
    vars(wiring).update(before)
    for part in before.values():
        if hasattr(part, "cache_clear"):
            part.cache_clear()
