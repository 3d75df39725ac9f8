"""X-Twilio-Signature, made as Twilio makes it: independent of the application's check of it."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Sequence


def sign(auth_token: str, url: str, fields: Sequence[tuple[str, str]]) -> str:
    """base64(HMAC-SHA1(token, URL without fragment + every name and value, sorted, no doubles))."""
    text = url.split("#", 1)[0] + "".join(name + value for name, value in sorted(set(fields)))
    digest = hmac.new(auth_token.encode(), text.encode(), hashlib.sha1).digest()
    return base64.b64encode(digest).decode()
