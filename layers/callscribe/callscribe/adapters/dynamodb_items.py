"""Items and expressions as DynamoDB's client wants them: typed values, decimals, placeholders."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from decimal import Decimal
from typing import Any

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer

Item = dict[str, Any]

serialize = TypeSerializer().serialize
_deserialize = TypeDeserializer().deserialize


class Expression:
    """Builds the texts of an update, with every name and value as a placeholder."""

    def __init__(self) -> None:
        self.names: dict[str, str] = {}
        self.values: Item = {}

    def name(self, field: str) -> str:
        self.names[f"#{field}"] = field
        return f"#{field}"

    def value(self, value: Any) -> str:
        placeholder = f":v{len(self.values)}"
        self.values[placeholder] = to_item({"value": value})["value"]
        return placeholder

    def one_of(self, field: str, values: Collection[str]) -> str:
        return f"{self.name(field)} IN ({', '.join(map(self.value, values))})"

    def equals(self, field: str, value: Any) -> str:
        if value is None:
            return f"attribute_not_exists({self.name(field)})"
        return f"{self.name(field)} = {self.value(value)}"

    def update(self, changes: Mapping[str, Any]) -> str:
        sets = [
            f"{self.name(field)} = {self.value(value)}"
            for field, value in changes.items()
            if value is not None
        ]
        removes = [self.name(field) for field, value in changes.items() if value is None]
        parts = [f"SET {', '.join(sets)}"] if sets else []
        parts += [f"REMOVE {', '.join(removes)}"] if removes else []
        return " ".join(parts)


def to_item(values: Mapping[str, Any]) -> Item:
    return {
        name: serialize(_decimals(value)) for name, value in values.items() if value is not None
    }


def from_item(item: Mapping[str, Any]) -> Item:
    return {name: _numbers(_deserialize(value)) for name, value in item.items()}


def _decimals(value: Any) -> Any:
    """DynamoDB's client takes decimals only; str() keeps a float's shortest exact form."""
    if isinstance(value, float):
        return Decimal(str(value))
    if isinstance(value, Mapping):
        return {name: _decimals(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_decimals(inner) for inner in value]
    return value


def _numbers(value: Any) -> Any:
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, Mapping):
        return {name: _numbers(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_numbers(inner) for inner in value]
    return value
