"""The Idempotency-Key header."""

from __future__ import annotations

from collections.abc import Mapping

from callscribe.domain.errors import FieldError, InvalidInputError

MAX_KEY_CHARACTERS = 255


def read_idempotency_key(headers: Mapping[str, str]) -> str | None:
    """The key, None where there is none. Raises InvalidInputError for one that no header should carry."""
    key = headers.get("idempotency-key")
    if key is None:
        return None
    if not key.strip() or len(key) > MAX_KEY_CHARACTERS or not key.isprintable():
        message = f"must be 1 to {MAX_KEY_CHARACTERS} printable characters, not blank"
        raise InvalidInputError([FieldError("Idempotency-Key", message)])
    return key
