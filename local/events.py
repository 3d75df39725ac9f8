"""Events of API Gateway's HTTP API (payload 2.0), for whoever asks the handlers without it."""

from __future__ import annotations

import base64
from typing import Any


def http_event(
    route: str,
    path: str | None = None,
    *,
    body: str | bytes = "",
    caller: str = "arn:aws:iam::123456789012:user/me",
    domain_name: str = "api.example",
    **more: Any,
) -> dict[str, Any]:
    """Of a request on ``route``, such as ``GET /calls``, whose path it is if no other is given.

    A body of bytes is sent in base64. ``more``: further fields, or others in the place of these.
    """
    return {
        "version": "2.0",
        "routeKey": route,
        "rawPath": route.partition(" ")[2] if path is None else path,
        "rawQueryString": "",
        "headers": {},
        "requestContext": {
            "domainName": domain_name,
            "stage": "$default",
            "authorizer": {"iam": {"userArn": caller}},
        },
        "body": base64.b64encode(body).decode() if isinstance(body, bytes) else body,
        "isBase64Encoded": isinstance(body, bytes),
        **more,
    }
