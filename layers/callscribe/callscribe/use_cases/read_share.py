"""What a link shows: one call, to a person without an account."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeVar

from callscribe.domain.calls import ERASED_STATUSES, Call
from callscribe.domain.errors import NotFoundError
from callscribe.domain.recordings import Recording
from callscribe.domain.rendering.call_transcript import CallTranscript
from callscribe.domain.shares import Share, read_token
from callscribe.domain.times import Clock, format_timestamp
from callscribe.ports.storage import CallStore, ShareStore
from callscribe.ports.telemetry import Telemetry
from callscribe.use_cases.read_calls import CallAudio, ReadCalls

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class SharedCall:
    """The call as the link shows it: without phone numbers, unless the link was made with them."""

    call: Call
    recordings: list[Recording]
    share: Share


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadShare:
    """Reads one call by a link's token, and counts it.

    Raises (all methods):
        NotFoundError: the link is wrong, has expired or was revoked, or its call is gone; always in
            the same words, after the same requests.
        RetryLaterError
    """

    store: CallStore
    shares: ShareStore
    read_calls: ReadCalls
    telemetry: Telemetry
    clock: Clock

    def call(self, token: str) -> SharedCall:
        """The call and its recordings."""
        share, (call, recordings) = self._read(token, self.read_calls.get, opened=True)
        if not share.show_numbers:
            call = replace(call, to_number=None, from_number=None)
        return SharedCall(call, recordings, share)

    def recordings(self, token: str) -> CallAudio:
        """Each recording with a link to its audio that lives for five minutes."""
        return self._read(token, self.read_calls.recordings)[1]

    def transcript(self, token: str) -> CallTranscript:
        """What was said. Raises NotReadyError: it is not there yet, or never will be."""
        return self._read(token, self.read_calls.transcript)[1]

    def _read(
        self, token: str, read: Callable[[str], T], *, opened: bool = False
    ) -> tuple[Share, T]:
        share = self._use(token, opened=opened)
        if share is not None:
            try:
                return share, read(share.call_id)
            except NotFoundError:
                """The call was erased a moment ago: the same answer as below."""
        self.telemetry.count("ShareRefused")
        raise NotFoundError("this link shows nothing: it is wrong, has expired or was revoked")

    def _use(self, token: str, *, opened: bool) -> Share | None:
        call_id, share_id = read_token(token)
        at = format_timestamp(self.clock())
        share = self.shares.use_share(call_id, share_id, at=at, opened=opened)
        # asked for in any case: how long a refusal takes does not tell why
        call = self.store.get_call(call_id)
        return share if call is not None and call.status not in ERASED_STATUSES else None
