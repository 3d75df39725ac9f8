"""The pages that show calls: plain files for a browser, the same for `callscribe ui` and the share page.

Nothing here is built. ``page`` fills in where the other files are, and the configuration
(viewer/config.js says what is in it). The page behind a link is filled in by the stack
(layers/callscribe/callscribe/api/share_page.py).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from types import MappingProxyType

TYPES: Mapping[str, str] = MappingProxyType(
    {
        ".js": "text/javascript; charset=utf-8",
        ".css": "text/css; charset=utf-8",
        ".svg": "image/svg+xml",
    }
)


def content_security_policy() -> str:
    """Scripts, styles, audio and requests from the page's own origin alone, and nothing inline."""
    return (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        "media-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
        "require-trusted-types-for 'script'"
    )


@cache
def assets() -> Mapping[str, bytes]:
    """The files by their names: all that can be asked for, so no path is ever looked up on a disk."""
    folder = files(__name__)
    return MappingProxyType(
        {
            file.name: file.read_bytes()
            for file in folder.iterdir()
            if any(file.name.endswith(end) for end in TYPES)
        }
    )


def content_type(name: str) -> str:
    """Of one of the ``assets``."""
    return TYPES[name[name.rindex(".") :]]


def page(config: Mapping[str, object]) -> bytes:
    """The document; ``assets`` are expected below ``static/``, as seen from the page's own address."""
    text = files(__name__).joinpath("index.html").read_text("utf-8")
    return text.replace("@static@", "static").replace("@config@", _embedded(config)).encode()


def _embedded(config: Mapping[str, object]) -> str:
    """JSON that cannot end the element it stands in, whatever a stack is called."""
    text = json.dumps(config)
    return text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")
