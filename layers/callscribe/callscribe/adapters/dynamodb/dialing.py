"""What the guard of dialing keeps: a switch, a list of numbers, counters of a day, calls under way."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict, fields

from callscribe.adapters.dynamodb.items import Item, serialize, to_item
from callscribe.adapters.dynamodb.table import Table, in_table_terms
from callscribe.domain.dialing.kill_switch import KillSwitch
from callscribe.ports.storage import InFlightCall

_SWITCHES = "switches"
# spelt as in tables that exist: a stack that was switched off stays so
_KILL_SWITCH = "dialling"
_DO_NOT_CALL = "do-not-call"
_SEPARATOR = "@"


class DialingTable(Table):
    """Implements ``ports.storage.DialingStore``."""

    @in_table_terms
    def get_switch(self) -> KillSwitch:
        item = self._get(_SWITCHES, _KILL_SWITCH) or {}
        names = (field.name for field in fields(KillSwitch))
        return KillSwitch(**{name: item[name] for name in names if name in item})

    @in_table_terms
    def set_switch(self, switch: KillSwitch) -> None:
        key = {"call_id": serialize(_SWITCHES), "item": serialize(_KILL_SWITCH)}
        self._client.put_item(TableName=self._table, Item=to_item(asdict(switch)) | key)

    @in_table_terms
    def is_do_not_call(self, phone_number: str) -> bool:
        item = self._get(_DO_NOT_CALL, phone_number)
        return item is not None and bool(item["listed"])

    @in_table_terms
    def set_do_not_call(self, phone_number: str, *, listed: bool) -> None:
        key = {"call_id": serialize(_DO_NOT_CALL), "item": serialize(phone_number)}
        self._client.put_item(TableName=self._table, Item=to_item({"listed": listed}) | key)

    @in_table_terms
    def count_up(self, name: str, day: str, *, limit: int, expires_at: int) -> bool:
        return self._update_if(
            "attribute_not_exists(calls) OR calls < :limit",
            # a partition of its own for each: no counter slows another
            Key={"call_id": {"S": f"counter#{name}"}, "item": {"S": day}},
            UpdateExpression="ADD calls :one SET expires_at = :expires_at",
            ExpressionAttributeValues={
                ":one": {"N": "1"},
                ":limit": {"N": str(limit)},
                ":expires_at": {"N": str(expires_at)},
            },
        )

    @in_table_terms
    def acquire_slot(self, call: InFlightCall, *, shard: int, limit: int) -> bool:
        entry = _SEPARATOR.join((call.call_id, call.at))
        return self._update_if(
            "attribute_not_exists(entries) OR size(entries) < :limit OR contains(entries, :entry)",
            Key=_under_way(shard),
            UpdateExpression="ADD entries :entries",
            ExpressionAttributeValues={
                ":entries": {"SS": [entry]},
                ":entry": {"S": entry},
                ":limit": {"N": str(limit)},
            },
        )

    @in_table_terms
    def in_flight_calls(self, shard: int) -> list[InFlightCall]:
        answer = self._client.get_item(
            TableName=self._table, Key=_under_way(shard), ConsistentRead=True
        )
        entries = answer.get("Item", {}).get("entries", {}).get("SS", [])
        return [InFlightCall(*entry.split(_SEPARATOR)) for entry in entries]

    @in_table_terms
    def release_slots(self, ended: Collection[InFlightCall], *, shard: int) -> None:
        if ended:
            entries = [_SEPARATOR.join((other.call_id, other.at)) for other in ended]
            self._client.update_item(
                TableName=self._table,
                Key=_under_way(shard),
                UpdateExpression="DELETE entries :entries",
                ExpressionAttributeValues={":entries": {"SS": entries}},
            )


def _under_way(shard: int) -> Item:
    """A partition of its own for each shard."""
    return {"call_id": {"S": f"counter#under-way#{shard}"}, "item": {"S": "calls"}}
