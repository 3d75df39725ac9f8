"""CallsTable: conditional writes, reads and queries, whatever the items are."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from callscribe.adapters.aws.errors import reasons_of, translated
from callscribe.adapters.dynamodb.items import Expression, Item, from_item, serialize, to_item
from callscribe.domain.times import Clock, utc_now

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

in_table_terms = translated("DynamoDB")
# of a single write, and of a transaction
_CONFLICTS = frozenset(("TransactionConflictException", "TransactionConflict"))
# a transaction of another writer has the item for a few milliseconds
_CONFLICT_PAUSES_SECONDS = (0.02, 0.05, 0.1, 0.2)
_CONFLICTS_LAST = timedelta(seconds=1)


class Table:
    """What the stores of calls, sweeps, dialing and keys have in common. Values are JSON values."""

    def __init__(
        self,
        client: DynamoDBClient,
        table_name: str,
        *,
        clock: Clock = utc_now,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """``clock`` tells what has expired: DynamoDB shows it for days before it is deleted."""
        self._client = client
        self._table = table_name
        self._clock = clock
        self._sleep = sleep

    def _add(self, item: Item) -> bool:
        return self._put(item, **self._where_there_is_none())

    def _where_there_is_none(self) -> dict[str, Any]:
        return {
            "ConditionExpression": "attribute_not_exists(call_id) OR expires_at <= :now",
            "ExpressionAttributeValues": {":now": serialize(self._now())},
        }

    def _put(self, item: Item, **condition: Any) -> bool:
        try:
            self._write(
                self._client.put_item,
                TableName=self._table,
                Item=item,
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
                **condition,
            )
        except self._client.exceptions.ConditionalCheckFailedException as error:
            return _was_ours(error, item)
        return True

    def _replace(self, item: Item, only_from: Collection[str]) -> bool:
        expression = Expression()
        return self._put(
            item,
            ConditionExpression=expression.conditions(only_from, {}),
            ExpressionAttributeNames=expression.names,
            ExpressionAttributeValues=expression.values,
        )

    def _change(
        self,
        key: Mapping[str, Any],
        changes: Mapping[str, Any],
        only_from: Collection[str],
        expected: Mapping[str, Any],
    ) -> bool:
        update = self._update(key, changes, only_from, expected)
        try:
            self._write(
                self._client.update_item, **update, ReturnValuesOnConditionCheckFailure="ALL_OLD"
            )
        except self._client.exceptions.ConditionalCheckFailedException as error:
            return _was_ours(
                error, to_item(changes), gone=[k for k in changes if changes[k] is None]
            )
        return True

    def _update(
        self,
        key: Mapping[str, Any],
        changes: Mapping[str, Any],
        only_from: Collection[str],
        expected: Mapping[str, Any],
    ) -> dict[str, Any]:
        """An update as DynamoDB wants it, alone or in a transaction."""
        expression = Expression()
        return {
            "TableName": self._table,
            "Key": to_item(key),
            "UpdateExpression": expression.update(changes),
            "ConditionExpression": expression.conditions(only_from, expected),
            "ExpressionAttributeNames": expression.names,
            "ExpressionAttributeValues": expression.values,
        }

    def _transact(self, *actions: Mapping[str, Any]) -> bool:
        """All of it or nothing; False where a condition did not hold.

        Whatever botocore repeats has the token of the first try, by which DynamoDB knows its own work.
        """
        try:
            self._write(self._client.transact_write_items, TransactItems=actions)
        except self._client.exceptions.TransactionCanceledException as error:
            if "ConditionalCheckFailed" in reasons_of(error):
                return False
            raise
        return True

    def _write(self, write: Callable[..., object], **request: Any) -> None:
        """Again where a transaction has the item, but not for long: the longer a write takes from its
        time stamp on, the further the feed of changes has to be behind."""
        begin = self._clock()
        for seconds in _CONFLICT_PAUSES_SECONDS:
            try:
                write(**request)
            except ClientError as error:
                if not _is_in_conflict(error) or self._clock() - begin > _CONFLICTS_LAST:
                    raise
                self._sleep(seconds)
            else:
                return
        write(**request)

    def _remove(
        self, key: Mapping[str, Any], only_from: Collection[str], expected: Mapping[str, Any]
    ) -> bool:
        expression = Expression()
        conditions = expression.conditions(only_from, expected)
        try:
            self._write(
                self._client.delete_item,
                TableName=self._table,
                Key=to_item(key),
                ConditionExpression=conditions,
                ExpressionAttributeNames=expression.names,
                ExpressionAttributeValues=expression.values,
            )
        except self._client.exceptions.ConditionalCheckFailedException:
            return False
        return True

    def _update_if(self, condition: str, **update: Any) -> bool:
        """Whether the condition held, and so the update was made."""
        try:
            self._client.update_item(TableName=self._table, ConditionExpression=condition, **update)
        except self._client.exceptions.ConditionalCheckFailedException:
            return False
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

    @in_table_terms
    def _query_page(self, arguments: Mapping[str, Any]) -> Any:
        return self._client.query(TableName=self._table, **arguments)

    def _now(self) -> int:
        return int(self._clock().timestamp())

    def _is_live(self, item: Mapping[str, Any]) -> bool:
        """Whether an item has not expired; a key of an index, which does not say so, passes."""
        return "expires_at" not in item or bool(item["expires_at"] > self._now())


def _is_in_conflict(error: ClientError) -> bool:
    reasons = reasons_of(error)
    return "ConditionalCheckFailed" not in reasons and not _CONFLICTS.isdisjoint(reasons)


def _was_ours(error: ClientError, wanted: Item, gone: Collection[str] = ()) -> bool:
    """Whether a refused write had in truth been carried out by its own first try.

    botocore repeats a write whose answer was lost; the repetition then meets what the first try wrote.
    Taking that for another's write would leave a claim without a request that acts on it.
    """
    if not error.response["ResponseMetadata"].get("RetryAttempts"):
        return False
    # as values: DynamoDB writes numbers its own way ("1.0" comes back as "1")
    stands = from_item(error.response.get("Item") or {})  # type: ignore[arg-type]
    same = all(stands.get(name) == value for name, value in from_item(wanted).items())
    return bool(stands) and same and not any(name in stands for name in gone)
