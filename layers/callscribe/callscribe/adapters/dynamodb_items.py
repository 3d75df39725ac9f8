"""Items and expressions as DynamoDB's client wants them: typed values and placeholders.

Not boto3's serializer: importing it costs a cold start more than a client does, and it takes no floats.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

Item = dict[str, Any]


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
        self.values[placeholder] = serialize(value)
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
    return {name: serialize(value) for name, value in values.items() if value is not None}


def from_item(item: Mapping[str, Any]) -> Item:
    return {name: deserialize(value) for name, value in item.items()}


def serialize(value: Any) -> Item:
    """A JSON value as DynamoDB writes it. Raises TypeError for any other."""
    match value:
        case None:
            return {"NULL": True}
        case bool():
            return {"BOOL": value}
        case str():
            return {"S": value}
        case int() | float():
            # repr() is a float's shortest exact form
            return {"N": repr(value)}
        case Mapping():
            return {"M": {str(name): serialize(inner) for name, inner in value.items()}}
        case list() | tuple():
            return {"L": [serialize(inner) for inner in value]}
    raise TypeError(f"DynamoDB takes no {type(value).__name__} from here")


def deserialize(typed: Mapping[str, Any]) -> Any:
    """The JSON value of one that DynamoDB gave. Raises KeyError for a type that we never write."""
    [(kind, value)] = typed.items()
    if kind == "N":
        return int(value) if value.lstrip("-").isdecimal() else float(value)
    if kind == "M":
        return {name: deserialize(inner) for name, inner in value.items()}
    if kind == "L":
        return [deserialize(inner) for inner in value]
    return {"NULL": None, "BOOL": value, "S": value}[kind]
