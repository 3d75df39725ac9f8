"""Where each walk through a vendor's list stands, and who may walk now."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import Any

from callscribe.adapters.dynamodb.items import to_item
from callscribe.adapters.dynamodb.table import Table, in_table_terms
from callscribe.domain.differences import differing
from callscribe.domain.sweeps import Sweep, SweepKind, SweepStatus

_SWEEPS = "sweeps"
_LEASES = "leases"
_SWEEP_FIELDS = frozenset(field.name for field in fields(Sweep))


class SweepTable(Table):
    """Implements ``ports.storage.SweepStore``."""

    @in_table_terms
    def save_sweep(self, before: Sweep | None, after: Sweep) -> bool:
        key = {"call_id": _SWEEPS, "item": after.sweep_id}
        if before is None:
            values = {name: value for name, value in asdict(after).items() if name != "sweep_id"}
            return self._add(to_item(values | key))
        changes = {name: getattr(after, name) for name in differing(before, after)}
        return not changes or self._change(key, changes, [before.status], {})

    @in_table_terms
    def get_sweep(self, sweep_id: str) -> Sweep | None:
        item = self._get(_SWEEPS, sweep_id)
        return None if item is None else _to_sweep(item)

    @in_table_terms
    def list_sweeps(self) -> list[Sweep]:
        items = self._query(
            KeyConditionExpression="call_id = :sweeps",
            ExpressionAttributeValues={":sweeps": {"S": _SWEEPS}},
            ConsistentRead=True,
        )
        return [_to_sweep(item) for item in items]

    @in_table_terms
    def take_lease(self, name: str, *, owner: str, now: str, until: str) -> bool:
        return self._update_if(
            "attribute_not_exists(lease_until) OR lease_until < :now OR lease_owner = :owner",
            Key={"call_id": {"S": _LEASES}, "item": {"S": name}},
            UpdateExpression="SET lease_owner = :owner, lease_until = :until",
            ExpressionAttributeValues={
                ":owner": {"S": owner},
                ":until": {"S": until},
                ":now": {"S": now},
            },
        )

    @in_table_terms
    def give_back_lease(self, name: str, *, owner: str) -> None:
        self._update_if(
            "lease_owner = :owner",
            Key={"call_id": {"S": _LEASES}, "item": {"S": name}},
            UpdateExpression="REMOVE lease_owner, lease_until",
            ExpressionAttributeValues={":owner": {"S": owner}},
        )


def _to_sweep(item: Mapping[str, Any]) -> Sweep:
    values = {name: value for name, value in item.items() if name in _SWEEP_FIELDS}
    values |= {"kind": SweepKind(item["kind"]), "status": SweepStatus(item["status"])}
    return Sweep(sweep_id=item["item"], **values)
