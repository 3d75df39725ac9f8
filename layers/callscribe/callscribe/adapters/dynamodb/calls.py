"""Calls and their recordings: one partition a call, ``CALL`` and ``RECORDING#<sid>`` items."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Collection, Iterator
from itertools import groupby, islice
from typing import Any

from callscribe.adapters.dynamodb.call_items import (
    CALL,
    RECORDING,
    changes_of_call,
    differing_attributes,
    moves_call,
    to_attributes,
    to_call,
    to_recording,
)
from callscribe.adapters.dynamodb.items import Item, to_item
from callscribe.adapters.dynamodb.table import Table, in_table_terms
from callscribe.domain import deadlines
from callscribe.domain.calls import ERASED_STATUSES, ERASING, STATUSES, Call
from callscribe.domain.recordings import Recording
from callscribe.ports.storage import Entry, Failed, OverdueItem, position_of

_PAGE = 100
_FIRST_DAY = {"call_id": "lists", "key": "first-day"}
_NOT_ERASED = frozenset(STATUSES) - ERASED_STATUSES


class CallTable(Table):
    """Implements ``ports.storage.CallStore``."""

    @in_table_terms
    def save(
        self,
        before: Entry | None,
        after: Entry | None,
        *,
        only_from: Collection[str] = (),
        unchanged: Collection[str] = (),
    ) -> bool:
        if isinstance(after, Recording) and moves_call(before, after):
            change = self._change_of_recording(before, after, only_from, unchanged)
            key = {"call_id": after.call_id, "item": CALL}
            of_call = self._update(key, changes_of_call(after), _NOT_ERASED, {})
            return self._transact(change, {"Update": of_call})
        if before is None:
            return after is not None and self._add(to_item(to_attributes(after)))
        known, statuses = to_attributes(before), only_from or [before.status]
        key = {name: known[name] for name in ("call_id", "item")}
        expected = {name: known[name] for name in unchanged}
        if after is None:
            return self._remove(key, statuses, expected)
        if after.status == ERASING != before.status:
            return self._replace(to_item(to_attributes(after)), statuses)
        changes = differing_attributes(before, after)
        return not changes or self._change(key, changes, statuses, expected)

    def _change_of_recording(
        self,
        before: Recording | None,
        after: Recording,
        only_from: Collection[str],
        unchanged: Collection[str],
    ) -> dict[str, Any]:
        """The recording's part of a transaction."""
        if before is None:
            item = to_item(to_attributes(after))
            return {"Put": {"TableName": self._table, "Item": item, **self._where_there_is_none()}}
        known = to_attributes(before)
        key = {name: known[name] for name in ("call_id", "item")}
        expected = {name: known[name] for name in unchanged}
        changes = differing_attributes(before, after)
        return {"Update": self._update(key, changes, only_from or [before.status], expected)}

    @in_table_terms
    def get_call(self, call_id: str) -> Call | None:
        item = self._get(call_id, CALL)
        return None if item is None else to_call(item)

    @in_table_terms
    def get_recording(self, call_id: str, recording_sid: str) -> Recording | None:
        item = self._get(call_id, RECORDING + recording_sid)
        return None if item is None else to_recording(item)

    @in_table_terms
    def get_call_with_recordings(self, call_id: str) -> tuple[Call, list[Recording]] | None:
        items = list(
            self._query(
                KeyConditionExpression="call_id = :call_id",
                ExpressionAttributeValues={":call_id": {"S": call_id}},
                ConsistentRead=True,
            )
        )
        calls = [to_call(item) for item in items if item["item"] == CALL]
        if not calls:
            return None
        return calls[0], [to_recording(item) for item in items if item["item"] != CALL]

    @in_table_terms
    def find_call_id(self, call_sid: str) -> str | None:
        answer = self._client.query(
            TableName=self._table,
            IndexName="by_call_sid",
            KeyConditionExpression="call_sid = :call_sid",
            ExpressionAttributeValues={":call_sid": {"S": call_sid}},
            Limit=1,
        )
        return answer["Items"][0]["call_id"]["S"] if answer["Items"] else None

    @in_table_terms
    def find_calls_with(
        self, phone_number: str, *, limit: int, newest_first: bool = False
    ) -> list[str]:
        answer = self._client.query(
            TableName=self._table,
            IndexName="by_phone_number",
            KeyConditionExpression="phone_number = :phone_number",
            ExpressionAttributeValues={":phone_number": {"S": phone_number}},
            ScanIndexForward=not newest_first,
            Limit=limit,
        )
        return [item["call_id"]["S"] for item in answer["Items"]]

    @in_table_terms
    def list_day(
        self, day: str, *, before: tuple[str, str] | None, status: str | None, limit: int
    ) -> list[Call]:
        found: list[Call] = []
        for shard in range(deadlines.DAY_SHARDS):
            found += self._list_shard(f"{day}#{shard}", before, status, limit)
        found.sort(key=_age, reverse=True)
        return found[:limit]

    @in_table_terms
    def first_day(self) -> str | None:
        item = self._get(**_FIRST_DAY)
        return None if item is None else str(item["first_day"])

    @in_table_terms
    def set_first_day(self, day: str) -> None:
        key = {"call_id": _FIRST_DAY["call_id"], "item": _FIRST_DAY["key"]}
        self._client.put_item(TableName=self._table, Item=to_item(key | {"first_day": day}))

    @in_table_terms
    def list_scheduled(
        self, *, after: tuple[str, str] | None, caller: str | None, limit: int
    ) -> list[Call]:
        shards = [
            self._scheduled_shard(f"scheduled#{shard}", after, caller)
            for shard in range(deadlines.DEADLINE_SHARDS)
        ]
        return list(islice(heapq.merge(*shards, key=_soonest), limit))

    @in_table_terms
    def list_changed(self, *, after: tuple[str, str], until: str, limit: int) -> list[Call]:
        shards = [
            self._changed_shard(f"ended#{shard}", after, until)
            for shard in range(deadlines.DAY_SHARDS)
        ]
        return list(islice(heapq.merge(*shards, key=position_of), limit))

    def overdue(self, now: str) -> Iterator[OverdueItem]:
        shards = [
            self._range("by_deadline", ("waiting_for", f"waiting#{shard}"), ("due_at", "", now))
            for shard in range(deadlines.DEADLINE_SHARDS)
        ]
        for item in heapq.merge(*shards, key=lambda item: str(item["due_at"])):
            sid = item["item"].removeprefix(RECORDING) if item["item"] != CALL else None
            yield OverdueItem(call_id=item["call_id"], recording_sid=sid, due_at=item["due_at"])

    def failures(self, since: str, until: str) -> Iterator[Failed]:
        shards = [
            self._range("by_failure", ("failed_on", f"failed#{shard}"), ("failed_at", since, until))
            for shard in range(deadlines.DEADLINE_SHARDS)
        ]
        for item in heapq.merge(*shards, key=lambda item: str(item["failed_at"])):
            yield Failed(
                call_id=item["call_id"],
                recording_sid=item["item"].removeprefix(RECORDING),
                failed_at=item["failed_at"],
            )

    def _range(
        self, index: str, partition: tuple[str, str], between: tuple[str, str, str]
    ) -> Iterator[Item]:
        """The keys of one shard of a sparse index, in order, a page at a time."""
        (name, value), (key, low, high) = partition, between
        yield from self._query(
            IndexName=index,
            KeyConditionExpression=f"{name} = :partition AND {key} BETWEEN :low AND :high",
            ExpressionAttributeValues={
                ":partition": {"S": value},
                # an empty text is no key: a blank sorts before every time
                ":low": {"S": low or " "},
                ":high": {"S": high},
            },
            Limit=_PAGE,
        )

    def _scheduled_shard(
        self, shard: str, after: tuple[str, str] | None, caller: str | None
    ) -> Iterator[Call]:
        # an empty text is no key: a blank sorts before every time
        low = after or (" ", "")
        arguments: dict[str, Any] = {
            "IndexName": "by_place_at",
            "KeyConditionExpression": "scheduled_in = :shard AND place_at >= :low",
            "ExpressionAttributeValues": {":shard": {"S": shard}, ":low": {"S": low[0]}},
            "Limit": _PAGE,
        }
        if caller is not None:
            arguments["FilterExpression"] = "asked_by = :caller"
            arguments["ExpressionAttributeValues"][":caller"] = {"S": caller}
        found = (to_call(item) for item in self._query(**arguments))
        yield from _greater(found, low, _soonest)

    def _changed_shard(self, shard: str, after: tuple[str, str], until: str) -> Iterator[Call]:
        items = self._query(
            IndexName="by_change",
            KeyConditionExpression="ended_in = :shard AND updated_at BETWEEN :low AND :until",
            ExpressionAttributeValues={
                ":shard": {"S": shard},
                # an empty text is no key: a blank sorts before every time
                ":low": {"S": after[0] or " "},
                ":until": {"S": until},
            },
            Limit=_PAGE,
        )
        yield from _greater(map(to_call, items), after, position_of)

    def _list_shard(
        self, day: str, before: tuple[str, str] | None, status: str | None, limit: int
    ) -> list[Call]:
        arguments: dict[str, Any] = {
            "IndexName": "by_day",
            "KeyConditionExpression": "#day = :day",
            "ExpressionAttributeNames": {"#day": "day"},
            "ExpressionAttributeValues": {":day": {"S": day}},
            "ScanIndexForward": False,
        }
        if before is not None:
            # several calls may share a millisecond: those not yet shown are picked out below
            arguments["KeyConditionExpression"] += " AND created_at <= :before"
            arguments["ExpressionAttributeValues"][":before"] = {"S": before[0]}
        if status is not None:
            arguments["FilterExpression"] = "#status = :status"
            arguments["ExpressionAttributeNames"]["#status"] = "status"
            arguments["ExpressionAttributeValues"][":status"] = {"S": status}
        found: list[Call] = []
        for item in self._query(**arguments):
            call = to_call(item)
            if before is None or _age(call) < before:
                found.append(call)
            if len(found) == limit:
                break
        return found


def _greater(
    calls: Iterator[Call], after: tuple[str, str], position: Callable[[Call], tuple[str, str]]
) -> Iterator[Call]:
    """In order: several calls may share a millisecond, within which an index has none."""
    for _, together in groupby(calls, key=lambda call: position(call)[0]):
        yield from (call for call in sorted(together, key=position) if position(call) > after)


def _age(call: Call) -> tuple[str, str]:
    return call.created_at, call.call_id


def _soonest(call: Call) -> tuple[str, str]:
    return call.place_at or "", call.call_id
