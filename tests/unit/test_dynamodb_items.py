"""Items: what is written comes back as it was, numbers as int and float."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callscribe.adapters.dynamodb.items import deserialize, from_item, serialize, to_item

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.text()
    # DynamoDB's numbers have 38 digits
    | st.integers(-(10**37), 10**37)
    # beyond 2**53 a whole float is not the number that its shortest form says
    | st.floats(-1e15, 1e15).filter(lambda number: number == 0 or abs(number) > 1e-100),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


def alike(one: Any, other: Any) -> bool:
    """Equal, and a bool stays one: 1 == True."""
    return one == other and isinstance(one, bool) is isinstance(other, bool)


@given(JSON)
def test_what_is_written_comes_back(value: Any) -> None:
    back = deserialize(serialize(value))
    assert alike(back, value)


@pytest.mark.parametrize(
    ("typed", "number"),
    [("1", 1), ("-7", -7), ("0.5", 0.5), ("1E+2", 100), ("1E-7", 1e-7), ("1.0", 1)],
)
def test_numbers_are_int_where_whole_and_else_float(typed: str, number: float) -> None:
    back = deserialize({"N": typed})
    assert (back, type(back)) == (number, type(number))


def test_float_is_written_in_its_shortest_exact_form() -> None:
    assert to_item({"confidence": 0.1, "nothing": None}) == {"confidence": {"N": "0.1"}}
    assert from_item({"confidence": {"N": "0.1"}}) == {"confidence": 0.1}


@pytest.mark.parametrize("value", [object(), math.nan, math.inf])
def test_what_is_no_json_is_refused(value: Any) -> None:
    with pytest.raises(TypeError):
        serialize(value)
