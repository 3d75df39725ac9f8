"""Reads and reconciliation at a thousand, a hundred thousand and a million items: capacity and latency.

Capacity is what MiniStack says was consumed, by DynamoDB's rules; latency is MiniStack's and this
machine's, so only its being flat means something.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from bench.report import Report
from callscribe.adapters.dynamodb.items import to_item
from callscribe.adapters.dynamodb.store import DynamoDBStore
from local.ministack import MiniStack
from local.template import RESOURCES

SIZES = (1_000, 100_000, 1_000_000)
ROUNDS = 15
DAY = "2026-11-20"
OVERDUE = 20


def run(report: Report) -> None:
    folder = Path(tempfile.mkdtemp(prefix="bench-"))
    ministack = MiniStack(log=folder / "ministack.log")
    try:
        table = make_table(ministack)
        first: dict[str, tuple[float, float]] = {}
        there = 0
        for size in SIZES:
            fill(ministack, table, there, size)
            there = size
            for name, (units, milliseconds) in reads(ministack, table).items():
                than = first.setdefault(name, (units, milliseconds))
                row = f"{name}, {size:,} items"
                report.add(
                    f"{row}: capacity",
                    units,
                    "read units",
                    than=than[0],
                    compared_with="1,000 items",
                )
                report.add(
                    f"{row}: latency", milliseconds, "ms", than=than[1], compared_with="1,000 items"
                )
    finally:
        ministack.close()


def make_table(ministack: MiniStack) -> str:
    """As the template has it."""
    properties = RESOURCES["CallsTable"]["Properties"]
    wanted = ("KeySchema", "AttributeDefinitions", "GlobalSecondaryIndexes", "BillingMode")
    ministack.client("dynamodb").create_table(
        TableName="scale", **{name: properties[name] for name in wanted}
    )
    return "scale"


def fill(ministack: MiniStack, table: str, begin: int, end: int) -> None:
    """Ended calls of two years, two items each; a few of them overdue, however many there are."""
    client = ministack.client("dynamodb")

    def batch(first: int) -> None:
        requests = [{"PutRequest": {"Item": item(n)}} for n in range(first, min(first + 25, end))]
        client.batch_write_item(RequestItems={table: requests})

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(batch, range(begin, end, 25)))


def item(number: int) -> dict[str, Any]:
    call_id = f"{number // 2 * 2654435761 % 2**128:032x}"
    day = f"2026-{1 + number // 2 % 10:02}-{1 + number // 2 % 28:02}"
    if number < 200:
        day = DAY
    values: dict[str, Any] = {
        "call_id": call_id,
        "status": "completed",
        "created_at": f"{day}T10:00:{number % 60:02}.000Z",
        "updated_at": f"{day}T10:05:00.000Z",
    }
    if number % 2:
        return to_item(
            {**values, "item": f"RECORDING#RE{number:032}", "recording_sid": f"RE{number:032}"}
        )
    values |= {
        "item": "CALL",
        "call_sid": f"CA{number:032}",
        "day": f"{day}#{int(call_id[:8], 16) % 4}",
    }
    if number < OVERDUE * 2:
        values |= {
            "waiting_for": f"waiting#{int(call_id[:8], 16) % 4}",
            "due_at": f"{DAY}T00:00:00.000Z",
        }
    return to_item(values)


def reads(ministack: MiniStack, table: str) -> dict[str, tuple[float, float]]:
    """Each read as the store makes it: consumed units and median milliseconds."""
    client = ministack.session.client("dynamodb", endpoint_url=ministack.url)
    consumed: list[float] = []
    client.meta.events.register(
        "provide-client-params.dynamodb",
        lambda params, **_: {**params, "ReturnConsumedCapacity": "TOTAL"},
    )
    client.meta.events.register(
        "after-call.dynamodb",
        lambda parsed, **_: consumed.append(float(parsed["ConsumedCapacity"]["CapacityUnits"])),
    )
    store = DynamoDBStore(client, table)
    call_id, sid = str(item(0)["call_id"]["S"]), f"CA{0:032}"
    questions: dict[str, Callable[[], object]] = {
        "a call with its recordings": lambda: store.get_call_with_recordings(call_id),
        "a call by its SID": lambda: store.find_call_id(sid),
        "a page of a day": lambda: store.list_day(DAY, before=None, status=None, limit=51),
        f"reconcile: {OVERDUE} overdue": lambda: list(store.overdue("2026-11-21T00:00:00.000Z")),
        "reconcile: nothing overdue": lambda: list(store.overdue("2026-01-01T00:00:00.000Z")),
    }
    answers = {}
    for name, ask in questions.items():
        taken = []
        for _ in range(ROUNDS):
            consumed.clear()
            begin = time.perf_counter()
            ask()
            taken.append((time.perf_counter() - begin) * 1000)
        answers[name] = (sum(consumed), sorted(taken)[len(taken) // 2])
    client.close()
    return answers
