"""A real browser for the viewer's tests: Debian's chromium or any Chrome, driven by Playwright.

``make test-browser`` finds or fetches it and sets ``CHROMIUM``; without that the tests are skipped.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

CHROMIUM = os.environ.get("CHROMIUM", "")
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


@contextmanager
def chromium() -> Iterator[Any]:
    """A Playwright browser."""
    # requirements/browser.txt, which only `make test-browser` and its like install
    api = import_module("playwright.sync_api")
    # its sandbox does not work for root, as which containers run
    sandbox = () if os.geteuid() else ("--no-sandbox",)
    with api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=[*_ARGUMENTS, *sandbox])
        yield browser
        browser.close()


def axe_source() -> str:
    """axe-core, as the package axe-playwright-python ships it."""
    package = import_module("axe_playwright_python")
    return (Path(str(package.__file__)).parent / "axe.min.js").read_text("utf-8")


def axe_findings(page: Any) -> list[str]:
    """What axe finds against WCAG 2.2 AA and good practice, one line each."""
    page.evaluate(axe_source())  # a <script> would be refused by the page's policy
    found = page.evaluate("axe.run(document, {rules: {'target-size': {enabled: true}}})")
    return [
        f"{one['id']} ({one['impact']}): {node['target']} {node['failureSummary']}"
        for one in found["violations"]
        for node in one["nodes"]
    ]
