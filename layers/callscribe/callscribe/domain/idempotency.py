"""Idempotency keys: where one is kept, and what request it stands for."""

from __future__ import annotations

import hashlib
import json


def key_digest(kind: str, principal: str, key: str) -> str:
    """Names the item that says which call or import (``kind``) this caller's key stands for."""
    return hashlib.sha256(json.dumps([kind, principal, key]).encode()).hexdigest()


def fingerprint(body: object) -> str:
    """Equal for equal JSON bodies. Not of the checked request, which the stack's parameters change."""
    return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()
