"""A write that meets another's transaction is tried again, for a moment."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber

from callscribe.adapters.dynamodb.store import DynamoDBStore
from callscribe.domain.errors import RetryLaterError
from tests.support.entries import a_call, a_recording

NOW = datetime(2026, 11, 21, tzinfo=UTC)


class House:
    """A table whose answers are given beforehand."""

    def __init__(self) -> None:
        self.client: Any = boto3.client(
            "dynamodb",
            region_name="us-east-1",
            aws_access_key_id="none",
            aws_secret_access_key="none",
        )
        self.stub = Stubber(self.client)
        self.pauses: list[float] = []
        self.store = DynamoDBStore(
            self.client, "calls", clock=lambda: NOW, sleep=self.pauses.append
        )
        self.stub.activate()

    def cancel(self, *codes: str) -> None:
        self.stub.add_client_error(
            "transact_write_items",
            "TransactionCanceledException",
            http_status_code=400,
            modeled_fields={"CancellationReasons": [{"Code": code} for code in codes]},
        )


@pytest.fixture
def house() -> House:
    return House()


def test_transaction_in_conflict_is_tried_again(house: House) -> None:
    house.cancel("None", "TransactionConflict")
    house.stub.add_response("transact_write_items", {})
    assert house.store.save(None, a_recording())
    assert house.pauses == [0.02]


def test_single_write_in_conflict_is_tried_again(house: House) -> None:
    house.stub.add_client_error("put_item", "TransactionConflictException", http_status_code=400)
    house.stub.add_response("put_item", {})
    assert house.store.save(None, a_call())
    assert house.pauses == [0.02]


def test_conflict_that_lasts_is_for_later(house: House) -> None:
    for _ in range(5):
        house.cancel("TransactionConflict", "None")
    with pytest.raises(RetryLaterError):
        house.store.save(None, a_recording())
    assert len(house.pauses) == 4


@pytest.mark.parametrize("other", ["None", "TransactionConflict", "ThrottlingError"])
def test_condition_that_does_not_hold_is_an_answer(house: House, other: str) -> None:
    house.cancel("ConditionalCheckFailed", other)
    assert not house.store.save(None, a_recording())
    assert house.pauses == []


@pytest.mark.parametrize("code", ["ThrottlingError", "ProvisionedThroughputExceeded"])
def test_busy_table_is_for_later(house: House, code: str) -> None:
    house.cancel("None", code)
    with pytest.raises(RetryLaterError):
        house.store.save(None, a_recording())


def test_bug_stays_a_bug(house: House) -> None:
    house.cancel("ValidationError", "None")
    with pytest.raises(ClientError):
        house.store.save(None, a_recording())
