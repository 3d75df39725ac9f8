"""The command, built and installed as users install it: alone, with its own packages, on every Python."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path
from zipfile import ZipFile

import pytest

from callscribe_cli import __version__
from callscribe_cli.commands import COMMANDS
from local.options import ROOT

UV = ROOT / ".venv-tools" / "bin" / "uv"
LOCK = ROOT / "pylock.toml"
VERSIONS = ("3.11", "3.12", "3.13")


def run(*command: object, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    words = [str(word) for word in command]
    # the user's, who may need another index or certificate, but nothing of this process's own packages
    hidden = ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV")
    environment = {k: v for k, v in os.environ.items() if k not in hidden}
    return subprocess.run(
        words, capture_output=True, text=True, check=False, cwd=cwd, env=environment
    )


def done(*command: object, cwd: Path | None = None) -> str:
    ran = run(*command, cwd=cwd)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built of what it says it is built of, with nothing else beside it."""
    folder = tmp_path_factory.mktemp("source")
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, folder)
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "callscribe_cli", folder / "callscribe_cli", ignore=ignored)
    done(UV, "build", "--wheel", "--out-dir", folder / "dist", folder)
    return next((folder / "dist").glob("*.whl"))


@pytest.fixture(params=VERSIONS)
def python(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """An empty environment's."""
    found = run(ROOT / "scripts/find-python", request.param)
    if found.returncode:
        pytest.skip(found.stderr.splitlines()[0])
    interpreter = Path(found.stdout.strip()) / f"python{request.param}"
    done(UV, "venv", "--python", interpreter, tmp_path / "empty")
    return tmp_path / "empty/bin/python"


def test_wheel_has_the_package_and_nothing_else(wheel: Path) -> None:
    names = ZipFile(wheel).namelist()
    assert {name.split("/")[0] for name in names} == {
        "callscribe_cli",
        f"callscribe-{__version__}.dist-info",
    }
    files = {str(path.relative_to(ROOT)) for path in (ROOT / "callscribe_cli").rglob("*.*")}
    assert {name for name in files if "__pycache__" not in name} <= set(names)


def test_installed_command_does_its_work(wheel: Path, python: Path, tmp_path: Path) -> None:
    done(UV, "pip", "install", "--python", python, "-r", LOCK)
    done(UV, "pip", "install", "--python", python, "--no-deps", wheel)
    done(UV, "pip", "check", "--python", python)
    command = python.parent / "callscribe"
    assert done(command, "--version", cwd=tmp_path) == f"callscribe, version {__version__}\n"
    listed = re.findall(r"^  ([a-z][a-z-]*)  ", done(command, "--help", cwd=tmp_path), re.MULTILINE)
    assert listed == sorted(COMMANDS)
    for name in COMMANDS:
        assert done(command, name, "--help", cwd=tmp_path).startswith(f"Usage: callscribe {name}")
    _check_what_is_imported_late(python)


def _check_what_is_imported_late(python: Path) -> None:
    """Every module, and the packages that a signature and a Word document need."""
    code = """
import importlib, pkgutil, callscribe_cli
for module in pkgutil.walk_packages(callscribe_cli.__path__, "callscribe_cli."):
    if not module.name.endswith("__main__"):
        importlib.import_module(module.name)
import awscrt.auth, botocore.session, jmespath, urllib3
from callscribe_cli.documents import docx_of
print(len(docx_of({"call_id": "c1", "recordings": []})))
"""
    assert int(done(python, "-c", code)) > 1000


@pytest.mark.parametrize("python", VERSIONS[-1:], indirect=True)
def test_package_that_was_tampered_with_is_refused(python: Path, tmp_path: Path) -> None:
    tampered = re.sub(r'sha256 = "[0-9a-f]{8}', 'sha256 = "00000000', LOCK.read_text())
    (tmp_path / LOCK.name).write_text(tampered)
    ran = run(UV, "pip", "install", "--python", python, "-r", tmp_path / LOCK.name)
    assert ran.returncode != 0
    assert "hash" in ran.stderr.lower()
