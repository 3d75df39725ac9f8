"""A real browser for the viewer's tests: Debian's chromium or any Chrome, driven by Playwright.

``make test-browser`` fetches what is needed (scripts/browser) and sets ``BROWSER_TESTS=required``.
Otherwise the tests are skipped where something is missing, and say what.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

_NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome", "chrome")
_ARGUMENTS = (
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-domain-reliability",
    "--disable-sync",
    "--no-first-run",
    "--no-default-browser-check",
    "--autoplay-policy=no-user-gesture-required",
    "--mute-audio",
)


def missing(what: str) -> None:
    """Skips the test, or fails it where a browser is required."""
    reason = f"{what}; make test-browser fetches it"
    if os.environ.get("BROWSER_TESTS") == "required":
        pytest.fail(reason)
    pytest.skip(reason)


def find_chromium() -> str:
    """``CHROMIUM`` names another one."""
    named = os.environ.get("CHROMIUM")
    found = named or next(filter(None, map(shutil.which, _NAMES)), None)
    if not found:
        missing("there is no chromium")
    return str(found)


def module(name: str) -> Any:
    """One of the packages that only these tests need."""
    try:
        return import_module(name)
    except ImportError:
        missing(f"{name} is not installed")


@contextmanager
def chromium() -> Iterator[Any]:
    """A Playwright browser."""
    api = module("playwright.sync_api")
    path = find_chromium()
    # its sandbox does not work for root, as which containers run
    sandbox = () if os.geteuid() else ("--no-sandbox",)
    with api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=[*_ARGUMENTS, *sandbox])
        yield browser
        browser.close()


def axe_source() -> str:
    """axe-core, as the package axe-playwright-python ships it."""
    package = module("axe_playwright_python")
    return (Path(package.__file__).parent / "axe.min.js").read_text("utf-8")


def axe_findings(page: Any) -> list[str]:
    """What axe finds against WCAG 2.2 AA and good practice, one line each."""
    page.evaluate(axe_source())  # a <script> would be refused by the page's policy
    found = page.evaluate("axe.run(document, {rules: {'target-size': {enabled: true}}})")
    return [
        f"{one['id']} ({one['impact']}): {node['target']} {node['failureSummary']}"
        for one in found["violations"]
        for node in one["nodes"]
    ]
