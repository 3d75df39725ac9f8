"""Links to calls: a partition of its own for each call that was shared.

Apart from the calls, so that the role of the function that serves links may write there and nowhere
else: IAM tells partitions apart by how they begin (``dynamodb:LeadingKeys`` in template.yaml).
"""

from __future__ import annotations

from dataclasses import asdict

from callscribe.adapters.dynamodb.items import Item, from_item, to_item
from callscribe.adapters.dynamodb.table import Table, in_table_terms
from callscribe.domain.shares import Share

PARTITION = "shares#"


class ShareTable(Table):
    """Implements ``ports.storage.ShareStore``."""

    @in_table_terms
    def add_share(self, share: Share) -> None:
        key = _key(share.call_id, share.share_id)
        values = asdict(share) | {"call_id": None, "share_id": None}
        self._client.put_item(TableName=self._table, Item=to_item(values) | key)

    @in_table_terms
    def list_shares(self, call_id: str) -> list[Share]:
        items = self._query(
            KeyConditionExpression="call_id = :partition",
            ExpressionAttributeValues={":partition": {"S": PARTITION + call_id}},
            ConsistentRead=True,
        )
        return [_to_share(item) for item in items]

    @in_table_terms
    def use_share(self, call_id: str, share_id: str, *, at: str, opened: bool) -> Share | None:
        try:
            answer = self._client.update_item(
                TableName=self._table,
                Key=_key(call_id, share_id),
                UpdateExpression="ADD requests :one, opened :opened SET last_used_at = :at",
                # DynamoDB deletes what has expired within days, not at once
                ConditionExpression="attribute_exists(call_id) AND expires_at > :now",
                ExpressionAttributeValues=to_item(
                    {":one": 1, ":opened": int(opened), ":at": at, ":now": self._now()}
                ),
                ReturnValues="ALL_NEW",
            )
        except self._client.exceptions.ConditionalCheckFailedException:
            return None
        return _to_share(from_item(answer["Attributes"]))

    @in_table_terms
    def remove_share(self, call_id: str, share_id: str) -> bool:
        answer = self._client.delete_item(
            TableName=self._table, Key=_key(call_id, share_id), ReturnValues="ALL_OLD"
        )
        return "Attributes" in answer

    @in_table_terms
    def remove_shares(self, call_id: str) -> int:
        # keys alone do not say whether they have expired, so none is left out
        items = self._query(
            KeyConditionExpression="call_id = :partition",
            ExpressionAttributeValues={":partition": {"S": PARTITION + call_id}},
            ProjectionExpression="#item",
            ExpressionAttributeNames={"#item": "item"},
            ConsistentRead=True,
        )
        return sum(self.remove_share(call_id, item["item"]) for item in list(items))


def _key(call_id: str, share_id: str) -> Item:
    return {"call_id": {"S": PARTITION + call_id}, "item": {"S": share_id}}


def _to_share(item: Item) -> Share:
    names = {"call_id": item["call_id"].removeprefix(PARTITION), "share_id": item["item"]}
    return Share(**{name: value for name, value in item.items() if name != "item"} | names)
