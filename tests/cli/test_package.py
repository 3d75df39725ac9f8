"""The package stands alone, and what it needs is pinned."""

from __future__ import annotations

import ast
import re
import tomllib
from importlib.util import find_spec
from pathlib import Path

from callscribe_cli import __version__
from local.options import ROOT
from local.template import RESOURCES

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
LOCK = tomllib.loads((ROOT / "pylock.toml").read_text())
PACKAGE = ROOT / "callscribe_cli"


def imported(folder: Path) -> set[str]:
    found: set[str] = set()
    for path in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                found |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                assert node.level == 0
                found.add(str(node.module).split(".")[0])
    return found


def test_nothing_of_the_project_is_imported() -> None:
    own = {"callscribe", "functions", *(path.name for path in ROOT.iterdir() if path.is_dir())}
    assert imported(PACKAGE) & own == {"callscribe_cli"}


def test_nothing_of_it_is_in_the_lambda_layer() -> None:
    """Neither its code, in what the template says is built, nor what it alone needs."""
    built = [
        ROOT / place
        for resource in RESOURCES.values()
        for name, place in resource.get("Properties", {}).items()
        if name in ("CodeUri", "ContentUri")
    ]
    assert {folder.parent.name for folder in built} == {"functions", "layers"}
    for folder in built:
        assert "callscribe_cli" not in imported(folder), folder
        assert not list(folder.rglob("*callscribe_cli*")), folder
    layer = (ROOT / "layers/dependencies/requirements.txt").read_text()
    shipped = set(re.findall("^[a-z0-9-]+", layer, re.MULTILINE))
    assert "boto3" in shipped
    assert not shipped & {"click", "python-docx", "lxml", "awscrt"}


def test_what_is_imported_is_locked() -> None:
    distributions = {"docx": "python-docx"}
    locked = {package["name"] for package in LOCK["packages"]}
    outside = {
        name
        for name in imported(PACKAGE) - {"callscribe_cli"}
        if "site-packages" in str((find_spec(name) or find_spec("click")).origin)  # type: ignore[union-attr]
    }
    assert {distributions.get(name, name) for name in outside} <= locked


def test_local_stack_signs_as_lambda_does() -> None:
    """botocore signs with awscrt wherever it finds it; the layer has none."""
    for group in ("requirements/local.txt", "requirements/dev.txt"):
        assert "awscrt" not in (ROOT / group).read_text()


def test_every_dependency_is_locked_with_hashes() -> None:
    packages = {package["name"]: package for package in LOCK["packages"]}
    for dependency in PROJECT["project"]["dependencies"]:
        assert re.split(r"[\[<>=]", dependency)[0] in packages
    for package in packages.values():
        files = [*package.get("wheels", []), package["sdist"]]
        assert all(file["hashes"]["sha256"] for file in files), package["name"]


def test_tests_have_what_the_package_has_but_for_awscrt() -> None:
    needs = [dependency.replace("[crt]", "") for dependency in PROJECT["project"]["dependencies"]]
    assert PROJECT["dependency-groups"]["cli"] == needs
    assert PROJECT["project"]["version"] == __version__
