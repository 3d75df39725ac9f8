"""X-Twilio-Signature, checked on the exact bytes that came in.

Not twilio's RequestValidator: 9.13 raises TypeError where the header is missing or a parameter is
repeated, does not check a body against bodySHA256 when it is given fields, and does not compare
in constant time (docs/decisions/twilio-signature.md). The algorithm is Twilio's:
base64(HMAC-SHA1(token, URL + each name and value, sorted, repeated ones once)); for JSON the URL
alone, with the body's hash in its query.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Iterable, Iterator
from urllib.parse import parse_qsl, urlsplit, urlunsplit

SIGNATURE_HEADER = "x-twilio-signature"
_DEFAULT_PORTS = {"https": 443, "http": 80}


def is_signed_by_twilio(
    *, url: str, body: bytes, content_type: str, signature: str | None, auth_tokens: Iterable[str]
) -> bool:
    """True where one of ``auth_tokens`` made ``signature`` over exactly this request.

    ``url`` is what Twilio was given: scheme, host, path and query as received, without a fragment.
    """
    if not signature:
        return False
    if content_type.split(";", 1)[0].strip().lower() == "application/x-www-form-urlencoded":
        signed_text = _form_text(body)
    else:
        signed_text = "" if _body_hash_holds(url, body) else None
    if signed_text is None:
        return False
    given = signature.encode("utf-8", "surrogateescape")
    return any(
        hmac.compare_digest(_signature(token, candidate + signed_text), given)
        for token in auth_tokens
        for candidate in _spellings(url)
    )


def _form_text(body: bytes) -> str | None:
    try:
        fields = parse_qsl(
            body.decode(), keep_blank_values=True, errors="strict", max_num_fields=500
        )
    except ValueError:
        return None
    return "".join(name + value for name, value in sorted(set(fields)))


def _body_hash_holds(url: str, body: bytes) -> bool:
    """A body that is no form is only covered through the hash in the query; an empty one is not."""
    try:
        hashes = [v for k, v in parse_qsl(urlsplit(url).query) if k == "bodySHA256"]
    except ValueError:
        return False
    if not hashes:
        return not body
    actual = hashlib.sha256(body).hexdigest()
    return len(hashes) == 1 and hmac.compare_digest(hashes[0].encode(), actual.encode())


def _signature(token: str, text: str) -> bytes:
    digest = hmac.new(
        token.encode(), text.encode("utf-8", "surrogateescape"), hashlib.sha1
    ).digest()
    return base64.b64encode(digest)


def _spellings(url: str) -> Iterator[str]:
    """The URL with and without its port: Twilio is not consistent about which one it signs."""
    try:
        parts = urlsplit(url)
        port = parts.port or _DEFAULT_PORTS.get(parts.scheme)
    except ValueError:
        return
    host = parts.netloc.removesuffix(f":{parts.port}") if parts.port else parts.netloc
    for netloc in dict.fromkeys((parts.netloc, host, f"{host}:{port}")):
        yield urlunsplit(parts._replace(netloc=netloc, fragment=""))
