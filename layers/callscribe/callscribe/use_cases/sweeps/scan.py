"""What a sweep asks of the scan of one list."""

from __future__ import annotations

from typing import Protocol, TypeVar

from callscribe.domain.calls import ERASED_STATUSES
from callscribe.domain.sweeps import HandledEntry, Sweep
from callscribe.ports.storage import CallStore
from callscribe.ports.vendors import Page

T = TypeVar("T")


class Scan(Protocol[T]):
    """One vendor's list and what is done about its entries.

    Raises (all methods):
        VendorError, RetryLaterError: the sweep goes on later.
    """

    def page(self, sweep: Sweep) -> Page[T]:
        """The page that the sweep's cursor asks for."""
        ...

    def handle(self, entry: T, sweep: Sweep, found: int) -> HandledEntry:
        """Advances what the entry tells of; done again after a crash.

        ``found`` is how many the sweep has found in this run so far.
        """
        ...

    def delete(self, entry: T) -> None:
        """Deletes at the vendor what ``handle`` called unwanted."""
        ...


def is_erased(store: CallStore, call_id: str) -> bool:
    """Of an erased call there may be a leftover: made by a request whose answer was lost."""
    call = store.get_call(call_id)
    return call is not None and call.status in ERASED_STATUSES
