"""The viewer's modules that need no browser, by node's own test runner where there is one."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

_HERE = Path(__file__).parent


def test_the_modules_without_a_page() -> None:
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is not installed; the browser's tests cover the same modules")
    # the flag: to parse the modules that cannot run without a page
    flags = ("--experimental-vm-modules", "--no-warnings", "--test", "--test-reporter=tap")
    command = [node, *flags, str(_HERE / "modules.test.mjs")]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stdout
    assert "# fail 0" in done.stdout
