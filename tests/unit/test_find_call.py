"""A call is found by either of its names, and an erased one only by who asks for it."""

from __future__ import annotations

import pytest

from callscribe.domain.errors import NotFoundError
from callscribe.use_cases.find_call import find_call
from simulation.memory_store import MemoryCallStore
from tests.support.entries import CALL_ID, CALL_SID, a_call, a_recording, put


def a_store(status: str = "completed") -> MemoryCallStore:
    store = MemoryCallStore()
    put(store, a_call(status, call_sid=CALL_SID), a_recording())
    return store


@pytest.mark.parametrize("name", [CALL_ID, CALL_SID])
def test_call_is_found_with_its_recordings_by_either_name(name: str) -> None:
    assert find_call(a_store(), name) == (a_call(call_sid=CALL_SID), [a_recording()])


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("b" * 32, "there is no call b{32}"),
        ("CA" + "2" * 32, "there is no call CA2{32}"),
        (CALL_ID.upper(), "32 characters"),
        (CALL_ID[1:], "32 characters"),
        (f"{CALL_ID}\n", "32 characters"),
        (f"{CALL_SID}0", "32 characters"),
        # the table's partitions that are no call's
        ("sweeps", "32 characters"),
        ("", "32 characters"),
    ],
)
def test_what_is_no_name_of_a_call_is_not_found(name: str, message: str) -> None:
    with pytest.raises(NotFoundError, match=message):
        find_call(a_store(), name)


@pytest.mark.parametrize("name", [CALL_ID, CALL_SID])
@pytest.mark.parametrize("status", ["erasing", "erased"])
def test_erased_call_is_only_found_by_who_asks_for_it(name: str, status: str) -> None:
    store = a_store(status)
    with pytest.raises(NotFoundError, match="was erased"):
        find_call(store, name)
    assert find_call(store, name, even_erased=True)[0].status == status
