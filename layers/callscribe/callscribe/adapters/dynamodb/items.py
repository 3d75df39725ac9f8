"""Items and expressions as DynamoDB's client wants them: boto3's typed values, and placeholders."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from decimal import Decimal
from typing import Any, cast

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer

Item = dict[str, Any]

_WRITER = TypeSerializer()
_READER: Any = TypeDeserializer()  # its types want literal keys


class Expression:
    """Builds the texts of an update, with every name and value as a placeholder."""

    def __init__(self) -> None:
        self.names: dict[str, str] = {}
        self.values: Item = {}

    def name(self, field: str) -> str:
        """The placeholder of an attribute's name: ``#field``."""
        self.names[f"#{field}"] = field
        return f"#{field}"

    def value(self, value: Any) -> str:
        placeholder = f":v{len(self.values)}"
        self.values[placeholder] = serialize(value)
        return placeholder

    def one_of(self, field: str, values: Collection[str]) -> str:
        """The condition that the attribute has one of these values."""
        return f"{self.name(field)} IN ({', '.join(map(self.value, values))})"

    def equals(self, field: str, value: Any) -> str:
        """The condition that the attribute has this value; None: that it is absent."""
        if value is None:
            return f"attribute_not_exists({self.name(field)})"
        return f"{self.name(field)} = {self.value(value)}"

    def conditions(self, only_from: Collection[str], expected: Mapping[str, Any]) -> str:
        """One of these statuses, and these values; None: there is none."""
        held = [self.one_of("status", sorted(only_from))]
        held += [self.equals(name, value) for name, value in expected.items()]
        return " AND ".join(held)

    def update(self, changes: Mapping[str, Any]) -> str:
        """An UpdateExpression: SET what has a value, REMOVE what is None."""
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
    """JSON values as DynamoDB's typed attributes, without those that are None. Raises TypeError."""
    return {name: serialize(value) for name, value in values.items() if value is not None}


def from_item(item: Mapping[str, Any]) -> Item:
    """The JSON values of DynamoDB's typed attributes. Raises TypeError for sets and bytes."""
    return {name: deserialize(value) for name, value in item.items()}


def serialize(value: Any) -> Item:
    """A JSON value as DynamoDB writes it. Raises TypeError for any other."""
    return cast(Item, _WRITER.serialize(_with_decimals(value)))


def deserialize(typed: Mapping[str, Any]) -> Any:
    """The JSON value of one that DynamoDB gave. Raises TypeError for what is none."""
    return _with_numbers(_READER.deserialize(typed))


def _with_decimals(value: Any) -> Any:
    """boto3 takes no floats. repr() is a float's shortest exact form."""
    match value:
        case float():
            return Decimal(repr(value))
        case Mapping():
            return {str(name): _with_decimals(inner) for name, inner in value.items()}
        case list() | tuple():
            return [_with_decimals(inner) for inner in value]
    return value


def _with_numbers(value: Any) -> Any:
    match value:
        case Decimal():
            return int(value) if value == value.to_integral_value() else float(value)
        case dict():
            return {name: _with_numbers(inner) for name, inner in value.items()}
        case list():
            return [_with_numbers(inner) for inner in value]
    return value
