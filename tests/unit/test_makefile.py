"""A target that cannot do its work stops, and says why."""

from __future__ import annotations

import os
import subprocess
import tomllib
from pathlib import Path

import pytest

from local.options import ROOT


def script(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)


@pytest.mark.parametrize(
    ("target", "tool"),
    [("build", ".venv-tools/bin/sam"), (".venv-lambda/.done", "scripts/make-venv")],
)
def test_without_lambdas_python_nothing_is_built(tmp_path: Path, target: str, tool: str) -> None:
    script(tmp_path / "scripts/find-python", "echo none here >&2; exit 1")
    script(tmp_path / tool, "touch went-on")
    for name in ("tools", "lambda"):
        requirements = tmp_path / f"requirements/{name}.txt"
        requirements.parent.mkdir(exist_ok=True)
        requirements.touch()
        os.utime(requirements, (0, 0))
    (tmp_path / ".venv-tools").mkdir(exist_ok=True)
    (tmp_path / ".venv-tools/.done").touch()
    made = subprocess.run(
        ["make", "-f", ROOT / "Makefile", target],  # noqa: S607
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert made.returncode != 0
    assert "none here" in made.stderr
    assert not (tmp_path / "went-on").exists()


def find_browser(folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """scripts/browser on a machine that has what is in ``folder``."""
    return subprocess.run(
        ["/bin/sh", ROOT / "scripts/browser"],
        env={"PATH": str(folder), **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_without_a_browser_it_is_said_what_is_missing(tmp_path: Path) -> None:
    script(tmp_path / "id", "echo 1000")
    found = find_browser(tmp_path)
    assert (found.returncode, found.stdout) == (1, "")
    assert "CHROMIUM=" in found.stderr


def test_debians_browser_is_installed_where_that_is_allowed(tmp_path: Path) -> None:
    made = f"printf '#!/bin/sh\\n' > {tmp_path}/chromium; /bin/chmod 755 {tmp_path}/chromium"
    script(tmp_path / "id", "echo 0")
    script(tmp_path / "env", 'shift; "$@"')
    script(tmp_path / "apt-get", f'case "$*" in *chromium*) {made};; esac')
    assert find_browser(tmp_path).stdout == f"{tmp_path}/chromium\n"


def test_browser_that_is_named_is_taken(tmp_path: Path) -> None:
    script(tmp_path / "chromium", "")
    script(tmp_path / "mine/chrome", "")
    named = f"{tmp_path}/mine/chrome"
    assert find_browser(tmp_path, CHROMIUM=named).stdout == f"{named}\n"


def test_every_folder_of_tests_is_run_by_a_target() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    run = {*project["tool"]["pytest"]["ini_options"]["testpaths"], "tests/artifact"}
    assert run == {str(path.parent.relative_to(ROOT)) for path in ROOT.glob("tests/**/test_*.py")}
