"""Links to calls in memory: a part of the store's ports (memory_store.py has the rest)."""

from __future__ import annotations

from dataclasses import replace

from callscribe.domain.shares import Share
from callscribe.domain.times import Clock


class MemoryShareStore:
    """Implements ``ports.storage.ShareStore``."""

    def __init__(self, clock: Clock) -> None:
        """``clock`` tells what has expired."""
        self._clock = clock
        self.shares: dict[tuple[str, str], Share] = {}

    def _lasts(self, share: Share) -> bool:
        return share.expires_at > self._clock().timestamp()

    def add_share(self, share: Share) -> None:
        self.shares[share.call_id, share.share_id] = share

    def list_shares(self, call_id: str) -> list[Share]:
        of_call = (share for share in self.shares.values() if share.call_id == call_id)
        return [share for share in of_call if self._lasts(share)]

    def use_share(self, call_id: str, share_id: str, *, at: str, opened: bool) -> Share | None:
        share = self.shares.get((call_id, share_id))
        if share is None or not self._lasts(share):
            return None
        used = replace(
            share,
            opened=share.opened + opened,
            requests=share.requests + 1,
            last_used_at=at,
        )
        self.shares[call_id, share_id] = used
        return used

    def remove_share(self, call_id: str, share_id: str) -> bool:
        return self.shares.pop((call_id, share_id), None) is not None

    def remove_shares(self, call_id: str) -> int:
        found = [key for key in self.shares if key[0] == call_id]
        return sum(self.remove_share(*key) for key in found)
