"""The list of calls: newest first, page by page, back to the first day."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, cast

from callscribe.domain.calls import Call, CallState
from callscribe.use_cases.read_calls import CallListQuery, ReadCalls
from simulation.memory_store import MemoryCallStore

NOW = datetime(2026, 11, 21, 18, 0, tzinfo=UTC)
# two on one day, one each side of a month without any, and the first day there can be
DAYS = ("2026-11-21", "2026-11-21", "2026-10-05", "2026-05-05", "2026-01-01")


def test_pages_go_back_to_the_first_day_and_end_there() -> None:
    store = MemoryCallStore()
    for number, day in enumerate(DAYS):
        at = f"{day}T12:00:{59 - number:02}.000Z"
        store.save(
            None,
            Call(
                call_id=f"{number:032x}",
                status=CallState.COMPLETED,
                created_at=at,
                updated_at=at,
            ),
        )
    unused = cast(Any, None)
    read = ReadCalls(
        store=store, documents=unused, links=unused, read_transcript=unused, clock=lambda: NOW
    )
    seen: list[str] = []
    query: CallListQuery | None = CallListQuery(limit=1)
    while query:
        page = read.page(query)
        seen += [call.call_id for call in page.calls]
        query = CallListQuery(limit=1, after=page.next) if page.next else None
    assert seen == [f"{number:032x}" for number in range(len(DAYS))]
