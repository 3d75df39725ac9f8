"""The package stands alone, and what it needs is pinned."""

from __future__ import annotations

import ast
import re
import tomllib
from importlib.util import find_spec

from callscribe_cli import __version__
from local.options import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
LOCK = tomllib.loads((ROOT / "pylock.toml").read_text())
PACKAGE = ROOT / "callscribe_cli"


def imported() -> set[str]:
    found: set[str] = set()
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                found |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                assert node.level == 0
                found.add(str(node.module).split(".")[0])
    return found


def test_nothing_of_the_project_is_imported() -> None:
    own = {"callscribe", "functions", *(path.name for path in ROOT.iterdir() if path.is_dir())}
    assert imported() & own == {"callscribe_cli"}


def test_what_is_imported_is_locked() -> None:
    distributions = {"docx": "python-docx"}
    locked = {package["name"] for package in LOCK["packages"]}
    outside = {
        name
        for name in imported() - {"callscribe_cli"}
        if "site-packages" in str((find_spec(name) or find_spec("click")).origin)  # type: ignore[union-attr]
    }
    assert {distributions.get(name, name) for name in outside} <= locked


def test_every_dependency_is_locked_with_hashes() -> None:
    packages = {package["name"]: package for package in LOCK["packages"]}
    for dependency in PROJECT["project"]["dependencies"]:
        assert re.split(r"[\[<>=]", dependency)[0] in packages
    for package in packages.values():
        files = [*package.get("wheels", []), package["sdist"]]
        assert all(file["hashes"]["sha256"] for file in files), package["name"]


def test_tests_have_what_the_package_has() -> None:
    assert PROJECT["dependency-groups"]["cli"] == PROJECT["project"]["dependencies"]
    assert PROJECT["project"]["version"] == __version__
