"""What of the API the viewer uses: nothing else is forwarded, whatever a page asks for."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

CALL_ID = r"(?:[0-9a-f]{32}|CA[0-9a-fA-F]{32})"
_CALL = f"/calls/{CALL_ID}"


@dataclass(frozen=True, slots=True)
class Route:
    """``query``: the parameters that are passed on; all others are dropped."""

    method: str
    path: str
    query: tuple[str, ...] = ()


_ROUTES = (
    Route("GET", "/calls", ("date", "status", "limit", "cursor")),
    Route("GET", _CALL),
    Route("GET", f"{_CALL}/recordings"),
    Route("GET", f"{_CALL}/transcript", ("format", "words")),
    Route("GET", f"{_CALL}/shares"),
    Route("POST", f"{_CALL}/retry"),
    Route("POST", f"{_CALL}/cancel"),
    Route("POST", f"{_CALL}/shares"),
    Route("DELETE", _CALL),
    Route("DELETE", rf"{_CALL}/shares/[0-9A-Za-z_-]{{1,64}}"),
)


def routes_of(path: str) -> Mapping[str, Route]:
    """By their methods. ``path`` as it was sent: an encoded character is in none of them."""
    return {route.method: route for route in _ROUTES if re.fullmatch(route.path, path)}
