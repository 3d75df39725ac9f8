"""CallsTable: one partition a call, ``CALL`` and ``RECORDING#<sid>`` items, and its indexes."""

from __future__ import annotations

import heapq
from collections.abc import Collection, Iterator, Mapping
from dataclasses import asdict, fields
from itertools import groupby, islice
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from callscribe.adapters.aws.errors import translated
from callscribe.adapters.dynamodb.items import Expression, Item, from_item, serialize, to_item
from callscribe.domain import deadlines
from callscribe.domain.calls import ERASING, Call, CallState
from callscribe.domain.dialing.kill_switch import KillSwitch
from callscribe.domain.differences import differing, to_write
from callscribe.domain.recordings import Recording, RecordingState
from callscribe.domain.sweeps import Sweep, SweepKind, SweepStatus
from callscribe.domain.times import Clock, utc_now
from callscribe.ports.storage import Entry, Failed, InFlightCall, OverdueItem

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_CALL = "CALL"
_RECORDING = "RECORDING#"
# not a call's: the partitions of what reconciliation keeps for itself
_SWEEPS = "sweeps"
_LEASES = "leases"
_SWITCHES = "switches"
# spelt as in tables that exist: a stack that was switched off stays so
_KILL_SWITCH = "dialling"
_DO_NOT_CALL = "do-not-call"
_SEPARATOR = "@"
_PAGE = 100
_translated = translated("DynamoDB")


class DynamoDBCallStore:
    """Implements ``ports.CallStore``, ``KeyStore``, ``SweepStore`` and ``DialingStore``."""

    def __init__(self, client: DynamoDBClient, table_name: str, *, clock: Clock = utc_now) -> None:
        """``clock`` tells what has expired: DynamoDB shows it for days before it is deleted."""
        self._client = client
        self._table = table_name
        self._clock = clock

    @_translated
    def save(
        self,
        before: Entry | None,
        after: Entry | None,
        *,
        only_from: Collection[str] = (),
        unchanged: Collection[str] = (),
    ) -> bool:
        if before is None:
            return after is not None and self._add(to_item(_values(after)))
        statuses = sorted(only_from) or [before.status]
        if after is None:
            return self._remove(before, statuses, unchanged)
        if after.status == ERASING != before.status:
            return self._replace(to_item(_values(after)), statuses)
        known, wanted = _values(before), _values(after)
        names = {_ATTRIBUTES.get(name, name) for name in to_write(before, after)}
        names |= {name for name in wanted if wanted[name] != known[name]}
        if not names:
            return True
        return self._change(
            after.call_id,
            wanted["item"],
            {name: wanted[name] for name in names},
            statuses,
            {name: known[name] for name in unchanged},
        )

    def _remove(
        self, before: Call | Recording, statuses: Collection[str], unchanged: Collection[str]
    ) -> bool:
        known, expression = _values(before), Expression()
        conditions = [expression.one_of("status", statuses)]
        conditions += [expression.equals(name, known[name]) for name in unchanged]
        try:
            self._client.delete_item(
                TableName=self._table,
                Key=to_item({name: known[name] for name in ("call_id", "item")}),
                ConditionExpression=" AND ".join(conditions),
                ExpressionAttributeNames=expression.names,
                ExpressionAttributeValues=expression.values,
            )
        except self._client.exceptions.ConditionalCheckFailedException:
            return False
        return True

    def _replace(self, item: Item, only_from: Collection[str]) -> bool:
        expression = Expression()
        return self._put(
            item,
            ConditionExpression=expression.one_of("status", sorted(only_from)),
            ExpressionAttributeNames=expression.names,
            ExpressionAttributeValues=expression.values,
        )

    @_translated
    def get_call(self, call_id: str) -> Call | None:
        item = self._get(call_id, _CALL)
        return None if item is None else _to_call(item)

    @_translated
    def get_recording(self, call_id: str, recording_sid: str) -> Recording | None:
        item = self._get(call_id, _RECORDING + recording_sid)
        return None if item is None else _to_recording(item)

    @_translated
    def get_call_with_recordings(self, call_id: str) -> tuple[Call, list[Recording]] | None:
        items = list(
            self._query(
                KeyConditionExpression="call_id = :call_id",
                ExpressionAttributeValues={":call_id": {"S": call_id}},
                ConsistentRead=True,
            )
        )
        calls = [_to_call(item) for item in items if item["item"] == _CALL]
        if not calls:
            return None
        return calls[0], [_to_recording(item) for item in items if item["item"] != _CALL]

    @_translated
    def find_call_id(self, call_sid: str) -> str | None:
        answer = self._client.query(
            TableName=self._table,
            IndexName="by_call_sid",
            KeyConditionExpression="call_sid = :call_sid",
            ExpressionAttributeValues={":call_sid": {"S": call_sid}},
            Limit=1,
        )
        return answer["Items"][0]["call_id"]["S"] if answer["Items"] else None

    @_translated
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

    @_translated
    def list_day(
        self, day: str, *, before: tuple[str, str] | None, status: str | None, limit: int
    ) -> list[Call]:
        found: list[Call] = []
        for shard in range(deadlines.DAY_SHARDS):
            found += self._list_shard(f"{day}#{shard}", before, status, limit)
        found.sort(key=_age, reverse=True)
        return found[:limit]

    @_translated
    def list_scheduled(
        self, *, after: tuple[str, str] | None, caller: str | None, limit: int
    ) -> list[Call]:
        shards = [
            self._scheduled_shard(f"scheduled#{shard}", after, caller)
            for shard in range(deadlines.DEADLINE_SHARDS)
        ]
        return list(islice(heapq.merge(*shards, key=_soonest), limit))

    def overdue(self, now: str) -> Iterator[OverdueItem]:
        shards = [
            self._range("by_deadline", ("waiting_for", f"waiting#{shard}"), ("due_at", "", now))
            for shard in range(deadlines.DEADLINE_SHARDS)
        ]
        for item in heapq.merge(*shards, key=lambda item: str(item["due_at"])):
            sid = item["item"].removeprefix(_RECORDING) if item["item"] != _CALL else None
            yield OverdueItem(call_id=item["call_id"], recording_sid=sid, due_at=item["due_at"])

    def failures(self, since: str, until: str) -> Iterator[Failed]:
        shards = [
            self._range("by_failure", ("failed_on", f"failed#{shard}"), ("failed_at", since, until))
            for shard in range(deadlines.DEADLINE_SHARDS)
        ]
        for item in heapq.merge(*shards, key=lambda item: str(item["failed_at"])):
            yield Failed(
                call_id=item["call_id"],
                recording_sid=item["item"].removeprefix(_RECORDING),
                failed_at=item["failed_at"],
            )

    @_translated
    def bind_key(self, digest: str, wanted: str, *, now: int, expires_at: int) -> str:
        key = {"call_id": {"S": f"key#{digest}"}, "item": {"S": "KEY"}}
        values = to_item({"stands_for": wanted, "expires_at": expires_at})
        try:
            self._client.put_item(
                TableName=self._table,
                Item=key | values,
                # DynamoDB deletes what has expired within days, not at once
                ConditionExpression="attribute_not_exists(call_id) OR expires_at <= :now",
                ExpressionAttributeValues={":now": {"N": str(now)}},
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
        except self._client.exceptions.ConditionalCheckFailedException as error:
            # also where boto3 repeated a write whose answer was lost: then it is ``wanted`` itself
            stands: Item = error.response["Item"]  # type: ignore[typeddict-item]
            return str(stands["stands_for"]["S"])
        return wanted

    @_translated
    def save_sweep(self, before: Sweep | None, after: Sweep) -> bool:
        if before is None:
            values = {k: v for k, v in asdict(after).items() if k != "sweep_id"}
            return self._add(to_item(values | {"call_id": _SWEEPS, "item": after.sweep_id}))
        changes = {name: getattr(after, name) for name in differing(before, after)}
        return not changes or self._change(_SWEEPS, after.sweep_id, changes, [before.status], {})

    @_translated
    def get_sweep(self, sweep_id: str) -> Sweep | None:
        item = self._get(_SWEEPS, sweep_id)
        return None if item is None else _to_sweep(item)

    @_translated
    def list_sweeps(self) -> list[Sweep]:
        items = self._query(
            KeyConditionExpression="call_id = :sweeps",
            ExpressionAttributeValues={":sweeps": {"S": _SWEEPS}},
            ConsistentRead=True,
        )
        return [_to_sweep(item) for item in items]

    @_translated
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

    @_translated
    def give_back_lease(self, name: str, *, owner: str) -> None:
        self._update_if(
            "lease_owner = :owner",
            Key={"call_id": {"S": _LEASES}, "item": {"S": name}},
            UpdateExpression="REMOVE lease_owner, lease_until",
            ExpressionAttributeValues={":owner": {"S": owner}},
        )

    @_translated
    def get_switch(self) -> KillSwitch:
        item = self._get(_SWITCHES, _KILL_SWITCH) or {}
        names = (field.name for field in fields(KillSwitch))
        return KillSwitch(**{name: item[name] for name in names if name in item})

    @_translated
    def set_switch(self, switch: KillSwitch) -> None:
        key = {"call_id": serialize(_SWITCHES), "item": serialize(_KILL_SWITCH)}
        self._client.put_item(TableName=self._table, Item=to_item(asdict(switch)) | key)

    @_translated
    def is_do_not_call(self, phone_number: str) -> bool:
        item = self._get(_DO_NOT_CALL, phone_number)
        return item is not None and bool(item["listed"])

    @_translated
    def set_do_not_call(self, phone_number: str, *, listed: bool) -> None:
        key = {"call_id": serialize(_DO_NOT_CALL), "item": serialize(phone_number)}
        self._client.put_item(TableName=self._table, Item=to_item({"listed": listed}) | key)

    @_translated
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

    @_translated
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

    @_translated
    def in_flight_calls(self, shard: int) -> list[InFlightCall]:
        answer = self._client.get_item(
            TableName=self._table, Key=_under_way(shard), ConsistentRead=True
        )
        entries = answer.get("Item", {}).get("entries", {}).get("SS", [])
        return [InFlightCall(*entry.split(_SEPARATOR)) for entry in entries]

    @_translated
    def release_slots(self, ended: Collection[InFlightCall], *, shard: int) -> None:
        if ended:
            entries = [_SEPARATOR.join((other.call_id, other.at)) for other in ended]
            self._client.update_item(
                TableName=self._table,
                Key=_under_way(shard),
                UpdateExpression="DELETE entries :entries",
                ExpressionAttributeValues={":entries": {"SS": entries}},
            )

    def _update_if(self, condition: str, **update: Any) -> bool:
        """Whether the condition held, and so the update was made."""
        try:
            self._client.update_item(TableName=self._table, ConditionExpression=condition, **update)
        except self._client.exceptions.ConditionalCheckFailedException:
            return False
        return True

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
        # several calls may share a millisecond, within which the index has no order
        found = (_to_call(item) for item in self._query(**arguments))
        for _, together in groupby(found, key=lambda call: call.place_at):
            yield from (call for call in sorted(together, key=_soonest) if _soonest(call) > low)

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
            call = _to_call(item)
            if before is None or _age(call) < before:
                found.append(call)
            if len(found) == limit:
                break
        return found

    def _now(self) -> int:
        return int(self._clock().timestamp())

    def _is_live(self, item: Mapping[str, Any]) -> bool:
        """Whether an item has not expired; a key of an index, which does not say so, passes."""
        return "expires_at" not in item or bool(item["expires_at"] > self._now())

    def _add(self, item: Item) -> bool:
        return self._put(
            item,
            ConditionExpression="attribute_not_exists(call_id) OR expires_at <= :now",
            ExpressionAttributeValues={":now": serialize(self._now())},
        )

    def _put(self, item: Item, **condition: Any) -> bool:
        try:
            self._client.put_item(
                TableName=self._table,
                Item=item,
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
                **condition,
            )
        except self._client.exceptions.ConditionalCheckFailedException as error:
            return _was_ours(error, item)
        return True

    def _get(self, call_id: str, key: str) -> Item | None:
        answer = self._client.get_item(
            TableName=self._table,
            Key={"call_id": {"S": call_id}, "item": {"S": key}},
            ConsistentRead=True,
        )
        item = from_item(answer["Item"]) if "Item" in answer else None
        return item if item is not None and self._is_live(item) else None

    def _query(self, **arguments: Any) -> Iterator[Item]:
        while True:
            answer = self._query_page(arguments)
            yield from filter(self._is_live, map(from_item, answer["Items"]))
            if "LastEvaluatedKey" not in answer:
                return
            arguments["ExclusiveStartKey"] = answer["LastEvaluatedKey"]

    @_translated
    def _query_page(self, arguments: Mapping[str, Any]) -> Any:
        return self._client.query(TableName=self._table, **arguments)

    def _change(
        self,
        call_id: str,
        key: str,
        changes: Mapping[str, Any],
        only_from: Collection[str],
        expected: Mapping[str, Any],
    ) -> bool:
        expression = Expression()
        conditions = [expression.one_of("status", sorted(only_from))]
        conditions += [expression.equals(name, value) for name, value in expected.items()]
        try:
            self._client.update_item(
                TableName=self._table,
                Key={"call_id": {"S": call_id}, "item": {"S": key}},
                UpdateExpression=expression.update(changes),
                ConditionExpression=" AND ".join(conditions),
                ExpressionAttributeNames=expression.names,
                ExpressionAttributeValues=expression.values,
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
        except self._client.exceptions.ConditionalCheckFailedException as error:
            return _was_ours(
                error, to_item(changes), gone=[k for k in changes if changes[k] is None]
            )
        return True


def _under_way(shard: int) -> Item:
    """A partition of its own for each shard."""
    return {"call_id": {"S": f"counter#under-way#{shard}"}, "item": {"S": "calls"}}


def _was_ours(error: ClientError, wanted: Item, gone: Collection[str] = ()) -> bool:
    """Whether a refused write had in truth been carried out by its own first try.

    botocore repeats a write whose answer was lost; the repetition then meets what the first try wrote.
    Taking that for another's write would leave a claim without anybody who acts on it.
    """
    if not error.response["ResponseMetadata"].get("RetryAttempts"):
        return False
    # as values: DynamoDB writes numbers its own way ("1.0" comes back as "1")
    stands = from_item(error.response.get("Item") or {})  # type: ignore[arg-type]
    same = all(stands.get(name) == value for name, value in from_item(wanted).items())
    return bool(stands) and same and not any(name in stands for name in gone)


def _age(call: Call) -> tuple[str, str]:
    return call.created_at, call.call_id


def _soonest(call: Call) -> tuple[str, str]:
    return call.place_at or "", call.call_id


_CALL_FIELDS = frozenset(field.name for field in fields(Call))
_RECORDING_FIELDS = frozenset(field.name for field in fields(Recording))


# the attributes whose names are not the fields': tables that exist have them
_ATTRIBUTES = {"event_pending": "announce"}


def _values(entry: Call | Recording) -> dict[str, Any]:
    """All attributes by name, those of the sparse indexes included; None: there is none."""
    values = {_ATTRIBUTES.get(name, name): value for name, value in asdict(entry).items()}
    # the sparse indexes' partitions: present exactly while there is a deadline, or a failure
    values["waiting_for"] = _waiting_for(entry.call_id) if entry.due_at else None
    if isinstance(entry, Recording):
        values["failed_on"] = _failed_on(entry.call_id) if entry.failed_at else None
        return values | {"item": _RECORDING + entry.recording_sid}
    shard = deadlines.shard_of(entry.call_id, deadlines.DAY_SHARDS)
    keys = {
        "item": _CALL,
        "day": f"{entry.created_at[:10]}#{shard}",
        # of the person at the other end
        "phone_number": entry.phone_number,
        # present exactly while it is to be placed
        "scheduled_in": f"scheduled#{shard}" if entry.status == CallState.SCHEDULED else None,
    }
    return values | keys


def _waiting_for(call_id: str) -> str:
    """The partition of ``by_deadline``."""
    return f"waiting#{deadlines.shard_of(call_id, deadlines.DEADLINE_SHARDS)}"


def _failed_on(call_id: str) -> str:
    """The partition of ``by_failure``."""
    return f"failed#{deadlines.shard_of(call_id, deadlines.DEADLINE_SHARDS)}"


def _to_call(item: Item) -> Call:
    values = {name: value for name, value in item.items() if name in _CALL_FIELDS}
    return Call(**values | {"status": CallState(item["status"])})


def _to_recording(item: Item) -> Recording:
    values = {name: item.get(_ATTRIBUTES.get(name, name)) for name in _RECORDING_FIELDS}
    told = {name: value for name, value in values.items() if value is not None}
    return Recording(**told | {"status": RecordingState(item["status"])})


_SWEEP_FIELDS = frozenset(field.name for field in fields(Sweep))


def _to_sweep(item: Item) -> Sweep:
    values = {name: value for name, value in item.items() if name in _SWEEP_FIELDS}
    values |= {"kind": SweepKind(item["kind"]), "status": SweepStatus(item["status"])}
    return Sweep(sweep_id=item["item"], **values)
