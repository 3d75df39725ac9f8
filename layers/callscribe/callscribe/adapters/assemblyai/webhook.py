"""AssemblyAI's webhook: a header that it repeats to us, and a body that is no more than a hint."""

from __future__ import annotations

import hmac

from callscribe.domain.errors import FieldError, InvalidInputError, UnauthenticatedError
from callscribe.ports.callbacks import CallbackRequest
from callscribe.ports.secrets import SecretReader

# the name of a header is no secret
WEBHOOK_SECRET_HEADER = "X-Callscribe-Webhook-Secret"  # noqa: S105  # nosec B105
_MAX_ID_CHARACTERS = 64


class AssemblyAIWebhooks:
    """Checks the secret that a webhook brings; before a refusal ours is read anew once."""

    def __init__(self, secrets: SecretReader, *, secret_name: str) -> None:
        self._secrets = secrets
        self._secret_name = secret_name

    def transcript_id(self, request: CallbackRequest) -> str | None:
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


def read_webhook(body: object) -> str | None:
    """The id of the transcript that ended; None for news of a redacted audio file, which has none.

    Raises:
        InvalidInputError: it does not say which transcript it is about. AssemblyAI gives up on any 4xx,
            so that is for what can never be right.
    """
    fields = body if isinstance(body, dict) else {}
    if fields.get("status") == "redacted_audio_ready":
        return None
    transcript_id = fields.get("transcript_id")
    if not isinstance(transcript_id, str) or not 1 <= len(transcript_id) <= _MAX_ID_CHARACTERS:
        raise InvalidInputError([FieldError("transcript_id", "must be a string")])
    return transcript_id
