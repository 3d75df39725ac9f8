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


def test_every_folder_of_tests_is_run_by_a_target() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    run = {*project["tool"]["pytest"]["ini_options"]["testpaths"], "tests/artifact"}
    assert run == {str(path.parent.relative_to(ROOT)) for path in ROOT.glob("tests/**/test_*.py")}
