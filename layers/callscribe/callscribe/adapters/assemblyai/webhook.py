"""AssemblyAI's webhook: a header that it repeats to us, and a body that is no more than a hint."""

from __future__ import annotations

from callscribe.domain.errors import FieldError, InvalidInputError

# the name of a header is no secret
WEBHOOK_SECRET_HEADER = "X-Callscribe-Webhook-Secret"  # noqa: S105  # nosec B105
_MAX_ID_CHARACTERS = 64


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
