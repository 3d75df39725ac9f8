"""Verify, then parse, then act: what every callback goes through first."""

from __future__ import annotations

import hmac

from callscribe.adapters.assemblyai.webhook import WEBHOOK_SECRET_HEADER, read_webhook
from callscribe.adapters.twilio.callbacks import Form, is_of_account
from callscribe.adapters.twilio.signature import SIGNATURE_HEADER, is_signed_by_twilio
from callscribe.api.http import Request
from callscribe.domain.errors import UnauthenticatedError
from callscribe.ports.secrets import SecretReader


class TwilioCallbacks:
    """Checks the signature of callbacks; before a refusal the token is read anew once."""

    def __init__(
        self,
        secrets: SecretReader,
        *,
        account_sid: str,
        public_base_url: str,
        auth_token_name: str,
    ) -> None:
        self._secrets = secrets
        self._account_sid = account_sid
        self._public_base_url = public_base_url
        self._auth_token_name = auth_token_name

    def form(self, request: Request) -> Form:
        """The form of a callback that Twilio signed, for our account.

        Raises:
            UnauthenticatedError: not signed, or not by this account's token.
            SecretMissingError: no token is stored: nothing is let in.
        """
        if not (self._signed(request, fresh=False) or self._signed(request, fresh=True)):
            raise UnauthenticatedError("X-Twilio-Signature does not hold")
        form = request.form
        if not is_of_account(form, self._account_sid):
            raise UnauthenticatedError("the callback is of another account")
        return form

    def _signed(self, request: Request, *, fresh: bool) -> bool:
        secret = self._secrets.read(self._auth_token_name, fresh=fresh)
        # during a rotation both tokens are good
        tokens = [secret[name] for name in ("auth_token", "next_auth_token") if secret.get(name)]
        return any(
            is_signed_by_twilio(
                url=url,
                body=request.body,
                content_type=request.headers.get("content-type", ""),
                signature=request.headers.get(SIGNATURE_HEADER),
                auth_tokens=tokens,
            )
            for url in request.urls(self._public_base_url)
        )


class AssemblyAIWebhooks:
    """Checks the secret that a webhook brings; before a refusal ours is read anew once."""

    def __init__(self, secrets: SecretReader, *, secret_name: str) -> None:
        self._secrets = secrets
        self._secret_name = secret_name

    def transcript_id(self, request: Request) -> str | None:
        """Which transcript has ended; None where the webhook is about something else.

        Raises:
            UnauthenticatedError: the secret is missing or wrong.
            SecretMissingError: none is stored: nothing is let in.
            InvalidInputError: it has the secret, and names no transcript.
        """
        given = request.headers.get(WEBHOOK_SECRET_HEADER.lower(), "").encode()
        if not any(self._is_secret(given, fresh=fresh) for fresh in (False, True)):
            raise UnauthenticatedError("the webhook's secret does not hold")
        return read_webhook(request.json())

    def _is_secret(self, given: bytes, *, fresh: bool) -> bool:
        secret = self._secrets.value(self._secret_name, "webhook_secret", fresh=fresh)
        return hmac.compare_digest(given, secret.encode())
