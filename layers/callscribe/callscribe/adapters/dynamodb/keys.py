"""Which call or import an Idempotency-Key stands for."""

from __future__ import annotations

from callscribe.adapters.dynamodb.items import Item, to_item
from callscribe.adapters.dynamodb.table import Table, in_table_terms


class KeyTable(Table):
    """Implements ``ports.storage.KeyStore``."""

    @in_table_terms
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
