"""The page behind a link: one document of the viewer's own files, and a policy that fits it alone."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from callscribe.api.share_page import URLS, Page, build_page, bundle, origin_of
from local.options import ROOT
from local.template import routes

VIEWER = ROOT / "functions" / "share" / "viewer"
ORIGIN = "https://bucket.s3.us-east-1.amazonaws.com"
NODE = shutil.which("node")


def page() -> Page:
    return build_page(VIEWER, formats=["json", "txt"], audio_origin=ORIGIN)


def hashed(text: str) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"


def test_document_asks_for_nothing_but_data() -> None:
    html = page().html
    assert "@" not in re.sub(r"<(style|script)\b.*?</\1>", "", html, flags=re.DOTALL)
    addresses = re.findall(r'\b(?:src|href)="([^"]*)"', html.partition("<script")[0])
    assert [a for a in addresses if not a.startswith(("#", "data:image/svg+xml;"))] == []
    assert re.findall(r"\burl\(|@import\b", html) == []
    assert re.findall(r"^\s*(?:import|export)\b", html, re.MULTILINE) == []


def test_policy_allows_this_script_and_this_style_by_their_hashes_and_nothing_else() -> None:
    made = page()
    rules = dict(rule.split(" ", 1) for rule in made.content_security_policy.split("; "))
    [script] = re.findall(r'<script type="module">(.*?)</script>', made.html, re.DOTALL)
    [style] = re.findall(r"<style>(.*?)</style>", made.html, re.DOTALL)
    assert rules == {
        "default-src": "'none'",
        "script-src": hashed(script),
        "style-src": hashed(style),
        "img-src": "data:",
        "connect-src": "'self'",
        "media-src": ORIGIN,
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": "'none'",
        "require-trusted-types-for": "'script'",
    }


def test_configuration_names_the_routes_that_there_are() -> None:
    [text] = re.findall(
        r'<script type="application/json" id="config">(.*?)</script>', page().html, re.DOTALL
    )
    config = json.loads(text)
    assert config["shared"] is True
    assert config["formats"] == ["json", "txt"]
    assert config["urls"] == URLS
    assert {f"GET /{url}" for url in config["urls"].values()} < set(routes("share"))


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://bucket.s3.us-east-1.amazonaws.com/audio?X-Amz-Signature=1", ORIGIN),
        ("http://127.0.0.1:4566/bucket/audio", "http://127.0.0.1:4566"),
    ],
)
def test_audio_may_come_from_the_bucket_s_origin(url: str, origin: str) -> None:
    assert origin_of(url) == origin


def modules(folder: Path, **sources: str) -> Path:
    for name, source in sources.items():
        (folder / f"{name}.js").write_text(source)
    return folder


def run(script: str, folder: Path) -> str:
    """What it prints, as a module."""
    path = folder / "bundle.mjs"
    path.write_text(script)
    assert NODE is not None
    done = subprocess.run([NODE, path], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


needs_node = pytest.mark.skipif(NODE is None, reason="there is no node to run JavaScript with")


@needs_node
def test_modules_see_each_other_s_exports_and_no_other_name(tmp_path: Path) -> None:
    folder = modules(
        tmp_path,
        main='import { a, once as twice } from "./a.js";\nimport * as b from "./b.js";\n'
        "const hidden = 3;\nconsole.log(a(), twice, b.name, new b.Box().value, hidden);\n",
        a='// first\nimport {\n  name,\n} from "./b.js";\n\nconst hidden = 1;\n'
        "export function a() {\n  return name + hidden;\n}\nexport const once = 5;\n",
        b='const hidden = "x";\nexport let name = hidden;\nexport class Box {\n  value = hidden;\n}\n'
        "export async function later() {}\n",
    )
    assert run(bundle(folder), tmp_path) == "x1 5 x x 3\n"


@needs_node
def test_script_of_the_page_is_javascript(tmp_path: Path) -> None:
    path = tmp_path / "page.mjs"
    path.write_text(bundle(VIEWER))
    assert NODE is not None
    done = subprocess.run([NODE, "--check", path], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    "line",
    [
        'import thing from "./a.js";',
        'import "./a.js";',
        'import { a } from "elsewhere";',
        "export default 5;",
        'export * from "./a.js";',
        "export { a };",
        'const text = "</script>";',
    ],
)
def test_form_that_the_page_cannot_hold_is_refused(tmp_path: Path, line: str) -> None:
    with pytest.raises(ValueError, match=r"main\.js"):
        bundle(modules(tmp_path, main=f"{line}\n", a="export const a = 1;\n"))


def test_circle_of_modules_is_refused(tmp_path: Path) -> None:
    circle = modules(
        tmp_path, main='import { a } from "./a.js";\n', a='import { b } from "./main.js";\n'
    )
    with pytest.raises(ValueError, match="cycle"):
        bundle(circle)


def test_document_of_another_shape_is_refused(tmp_path: Path) -> None:
    for path in VIEWER.iterdir():
        if path.is_file():
            shutil.copy(path, tmp_path)
    index = tmp_path / "index.html"
    index.write_text(index.read_text().replace("@static@/main.js", "@static@/other.js"))
    with pytest.raises(ValueError, match=r"main\.js"):
        build_page(tmp_path, formats=[], audio_origin=ORIGIN)
