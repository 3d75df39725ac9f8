"""Idempotency keys: what one may look like, where it is kept, and what request it stands for."""

from __future__ import annotations

import hashlib
import json

from callscribe.domain.errors import FieldError, InvalidInputError

MAX_KEY_CHARACTERS = 255


def check_key(key: str | None) -> None:
    """Raises InvalidInputError for a key that no header should carry; None is no key."""
    if key is None:
        return
    if not key.strip() or len(key) > MAX_KEY_CHARACTERS or not key.isprintable():
        message = f"must be 1 to {MAX_KEY_CHARACTERS} printable characters, not blank"
        raise InvalidInputError([FieldError("Idempotency-Key", message)])


def key_digest(kind: str, principal: str, key: str) -> str:
    """Names the item that says which call or import (``kind``) this caller's key stands for."""
    return hashlib.sha256(json.dumps([kind, principal, key]).encode()).hexdigest()


def fingerprint(body: object) -> str:
    """Equal for equal JSON bodies. Not of the checked request, which the stack's parameters change."""
    return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()
