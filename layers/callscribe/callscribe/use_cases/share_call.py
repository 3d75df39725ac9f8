"""Makes, lists and revokes the links to a call."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from callscribe.domain.callback_urls import public_base_url
from callscribe.domain.calls import Call
from callscribe.domain.errors import FieldError, InvalidInputError, NotFoundError
from callscribe.domain.shares import (
    SHARE_ID,
    Share,
    ShareRequest,
    link_url,
    new_token,
    read_share_request,
    share_id_of,
)
from callscribe.domain.times import Clock, format_timestamp
from callscribe.ports.storage import CallStore, ShareStore
from callscribe.ports.telemetry import Telemetry
from callscribe.use_cases.find_call import find_call

# of one call that have not expired; more would be a mistake of a program
MAX_SHARES = 50


@dataclass(frozen=True, slots=True)
class NewShare:
    """A share and its link, which only its maker is ever told."""

    share: Share
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ShareCall:
    """Behind ``/calls/{call_id}/shares``. Raises RetryLaterError (all methods).

    ``new_id`` makes 32 hexadecimal digits that cannot be guessed. ``public_base_url``: the template's
    PublicBaseUrl, or empty.
    """

    store: CallStore
    shares: ShareStore
    telemetry: Telemetry
    clock: Clock
    new_id: Callable[[], str]
    public_base_url: str

    def create(
        self, call_id_or_sid: str, body: object, *, created_by: str, own_base_url: str
    ) -> NewShare:
        """A link that shows this call to whoever has it, until it expires or is revoked.

        ``own_base_url``: where the API was asked.

        Raises:
            InvalidInputError: nothing was done.
            NotFoundError: no such call.
        """
        wanted = read_share_request(body)
        call, _ = find_call(self.store, call_id_or_sid)
        if len(self.shares.list_shares(call.call_id)) >= MAX_SHARES:
            message = f"the call has {MAX_SHARES} links already: revoke one first"
            raise InvalidInputError([FieldError("body", message)])
        token = new_token(call.call_id, self.new_id() + self.new_id())
        share = self._share(call, wanted, share_id_of(token), created_by)
        self.shares.add_share(share)
        self.telemetry.count("CallShared")
        self.telemetry.info("call shared", call_id=call.call_id, share_id=share.share_id)
        base_url = public_base_url(self.public_base_url, own_base_url)
        return NewShare(share, link_url(base_url, token))

    def _share(self, call: Call, wanted: ShareRequest, share_id: str, created_by: str) -> Share:
        now = self.clock()
        return Share(
            call_id=call.call_id,
            share_id=share_id,
            created_at=format_timestamp(now),
            created_by=created_by,
            expires_at=wanted.expires_at(now, call.expires_at),
            show_numbers=wanted.show_numbers,
        )

    def current(self, call_id_or_sid: str) -> list[Share]:
        """The links that still work, the newest first. Raises NotFoundError: no such call."""
        call, _ = find_call(self.store, call_id_or_sid)
        shares = self.shares.list_shares(call.call_id)
        return sorted(shares, key=lambda share: (share.created_at, share.share_id), reverse=True)

    def revoke(self, call_id_or_sid: str, share_id: str) -> None:
        """From now on the link shows nothing. Raises NotFoundError: there is no such link."""
        call, _ = find_call(self.store, call_id_or_sid)
        known = SHARE_ID.fullmatch(share_id)
        if not known or not self.shares.remove_share(call.call_id, share_id):
            raise NotFoundError("the call has no such link: it has expired, or was revoked")
        self.telemetry.count("ShareRevoked")
        self.telemetry.info("share revoked", call_id=call.call_id, share_id=share_id)
