"""The page that a link opens, as one document: the viewer's own files, and who may do what in it.

The viewer (callscribe_cli/viewer/) is some thirty ES modules. Each would be a request to a function of
its own environment, at once, and a new account runs ten: the phone would wait for a page. So the
modules stand in the page, each in a function of its own and in the order in which they need each other.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from graphlib import TopologicalSorter
from pathlib import Path
from urllib.parse import urlsplit

# what every answer to a link says: to caches, to other sites, to search engines
SECURITY_HEADERS: Mapping[str, str] = {
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "x-robots-tag": "noindex, nofollow",
}
# what the page asks for, as seen from its own address
URLS = {name: f"shared/{name}" for name in ("call", "recordings", "transcript")}

_IMPORT = re.compile(
    r'^import (?:\* as (?P<all>\w+)|\{(?P<names>[^}]*)\}) from "\./(?P<module>[\w-]+)\.js";$',
    re.MULTILINE,
)
_EXPORT = re.compile(
    r"^export (?P<what>(?:async )?(?:function|class|const|let) (?P<name>\w+))", re.MULTILINE
)
_LEFT = re.compile(r"^(?:import|export)\b.*$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Page:
    """A document, and the policy that lets it run nothing but itself."""

    html: str
    content_security_policy: str


def build_page(viewer: Path, *, formats: list[str], audio_origin: str) -> Page:
    """``viewer``: the folder of its files. Raises ValueError where they are not as expected."""
    script, style = bundle(viewer), (viewer / "viewer.css").read_text()
    icon = base64.b64encode((viewer / "icon.svg").read_bytes()).decode()
    config = {"shared": True, "formats": formats, "urls": URLS}
    parts = {
        '<link rel="stylesheet" href="@static@/viewer.css" />': f"<style>{style}</style>",
        "@static@/icon.svg": f"data:image/svg+xml;base64,{icon}",
        '<script type="module" src="@static@/main.js"></script>': (
            f'<script type="module">{script}</script>'
        ),
        "@config@": json.dumps(config),
    }
    html = (viewer / "index.html").read_text()
    for old, new in parts.items():
        if html.count(old) != 1:
            raise ValueError(f"index.html does not have this once: {old}")
        html = html.replace(old, new)
    return Page(html, _policy(script, style, audio_origin))


def bundle(viewer: Path) -> str:
    """All modules that ``main.js`` needs as one script that imports nothing. Raises ValueError."""
    sources = {path.stem: path.read_text() for path in sorted(viewer.glob("*.js"))}
    needs = {name: {m["module"] for m in _IMPORT.finditer(sources[name])} for name in sources}
    ordered = TopologicalSorter({name: sorted(needs[name]) for name in sources}).static_order()
    return "\n".join(_as_function(name, sources[name]) for name in ordered)


def _as_function(name: str, source: str) -> str:
    exported = ", ".join(match["name"] for match in _EXPORT.finditer(source))
    body = _EXPORT.sub(r"\g<what>", _IMPORT.sub(_taken, source))
    if left := _LEFT.search(body):
        raise ValueError(f"{name}.js has an import or export of another form: {left[0]}")
    if "</script" in body.lower():
        raise ValueError(f"{name}.js would end the element that it stands in")
    return f"const {_variable(name)} = (() => {{\n{body}\nreturn {{ {exported} }};\n}})();"


def _taken(match: re.Match[str]) -> str:
    """An import from a module that stands before."""
    what = match["all"] or "{" + match["names"].replace(" as ", ": ") + "}"
    return f"const {what} = {_variable(match['module'])};"


def _variable(module: str) -> str:
    return "module_" + module.replace("-", "_")


def origin_of(url: str) -> str:
    """Scheme, host and port."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def _policy(script: str, style: str, audio_origin: str) -> str:
    """Its own script and style by their hashes, its own origin, and the bucket's for audio."""
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src '{_hash(script)}'",
            f"style-src '{_hash(style)}'",
            "img-src data:",
            "connect-src 'self'",
            f"media-src {audio_origin}",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
            "require-trusted-types-for 'script'",
        )
    )


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
