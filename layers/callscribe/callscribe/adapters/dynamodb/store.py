"""The whole table: one store for each subject, on one client."""

from __future__ import annotations

from callscribe.adapters.dynamodb.calls import CallTable
from callscribe.adapters.dynamodb.dialing import DialingTable
from callscribe.adapters.dynamodb.keys import KeyTable
from callscribe.adapters.dynamodb.shares import ShareTable
from callscribe.adapters.dynamodb.sweeps import SweepTable


class DynamoDBStore(CallTable, SweepTable, DialingTable, KeyTable, ShareTable):
    """Implements every port of ``ports.storage`` that lies in the table."""
