"""A call by either of its names."""

from __future__ import annotations

from callscribe.domain.calls import CALL_ID, CALL_SID, ERASED_STATUSES, Call
from callscribe.domain.errors import NotFoundError
from callscribe.domain.recordings import Recording
from callscribe.ports.storage import CallStore


def find_call(
    store: CallStore, call_id_or_sid: str, *, even_erased: bool = False
) -> tuple[Call, list[Recording]]:
    """The call with its recordings. Raises NotFoundError, also for one that was erased."""
    call_id: str | None = call_id_or_sid
    if CALL_SID.fullmatch(call_id_or_sid):
        call_id = store.find_call_id(call_id_or_sid)
    elif not CALL_ID.fullmatch(call_id_or_sid):
        raise NotFoundError("a call_id has 32 characters from 0 to 9 and a to f")
    found = store.get_call_with_recordings(call_id) if call_id else None
    if found is None:
        raise NotFoundError(f"there is no call {call_id_or_sid}")
    if found[0].status in ERASED_STATUSES and not even_erased:
        raise NotFoundError(f"the call {call_id_or_sid} was erased")
    return found
