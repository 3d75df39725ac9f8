"""Imports point inward, and a cold start pays for nothing that its function does not use."""

from __future__ import annotations

import ast
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from local.options import ROOT
from scripts.figures import LAYERS, Figure, measure_imports, read_modules

PACKAGE = ROOT / "layers" / "callscribe" / "callscribe"
OUTSIDE = {"boto3", "botocore", "requests", "twilio", "aws_lambda_powertools", "s3transfer"}


@cache
def imported(path: Path) -> frozenset[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
    return frozenset(found)


def modules(folder: str) -> list[Path]:
    return sorted((PACKAGE / folder).rglob("*.py"))


def named(path: Path) -> str:
    """``callscribe.domain.calls``; a package by its own name."""
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def test_every_folder_is_a_layer() -> None:
    assert {path.parent.name for path in PACKAGE.glob("*/__init__.py")} == {*LAYERS} - {"functions"}


@pytest.mark.parametrize("figure", measure_imports(read_modules(ROOT)), ids=lambda f: f.name)
def test_imports_point_inward_and_never_in_a_circle(figure: Figure) -> None:
    """Also those inside a function."""
    assert figure.places == []


@pytest.mark.parametrize("path", [*modules("domain"), *modules("use_cases")], ids=named)
def test_rules_know_no_package_of_a_vendor(path: Path) -> None:
    assert not {name.split(".")[0] for name in imported(path)} & OUTSIDE


USE_CASES = [path for path in modules("use_cases") if path.name != "__init__.py"]


@pytest.mark.parametrize("path", USE_CASES, ids=named)
def test_every_use_case_has_unit_tests_of_its_own(path: Path) -> None:
    tests = (ROOT / "tests" / "unit").glob("test_*.py")
    assert [test.name for test in tests if named(path) in imported(test)] != []


def test_nothing_below_knows_the_functions_or_the_local_stack() -> None:
    for path in PACKAGE.rglob("*.py"):
        assert not {n.split(".")[0] for n in imported(path)} & {"functions", "local", "cli"}, path


def test_only_settings_read_the_environment() -> None:
    readers = {p.name for p in PACKAGE.rglob("*.py") if "os.environ" in p.read_text()}
    assert readers == {"settings.py"}


UNUSED = {
    "twiml": ["twilio.rest", "aiohttp", "pydantic", "aws_xray_sdk"],
    "recording_complete": ["twilio.rest", "aiohttp", "pydantic", "phonenumbers"],
    "transcript_complete": ["twilio.rest", "aiohttp", "pydantic", "phonenumbers"],
    "calls": ["twilio.rest", "aiohttp", "pydantic", "phonenumbers"],
    "share": ["twilio.rest", "aiohttp", "pydantic", "phonenumbers"],
}


@pytest.mark.parametrize("folder", sorted(UNUSED))
def test_import_needs_no_environment_and_no_heavy_package(folder: str) -> None:
    code = (
        f"import sys; sys.path[:0] = [{str(ROOT)!r}, {str(PACKAGE.parent)!r}]\n"
        f"import functions.{folder}.app\n"
        "print(*sys.modules)"
    )
    output = subprocess.run(
        [sys.executable, "-c", code], env={}, check=True, capture_output=True, text=True
    ).stdout
    assert [name for name in UNUSED[folder] if name in output.split()] == []


def patches(path: Path) -> list[str]:
    """Where a file changes something behind its owner's back, but for what is a third party's."""
    found = []
    for call in (
        node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)
    ):
        name, first = ast.unparse(call.func), ast.unparse(call.args[0]) if call.args else ""
        patched = name in ("mock.patch", "mock.patch.object", "patch", "patch.object")
        if patched and first.startswith("requests."):
            continue
        if patched or name.endswith(("cache_clear", "setattr")):
            found.append(f"{path.name}:{call.lineno} {name}({first})")
    return found


@pytest.mark.parametrize("folder", ["tests", "simulation", "bench"])
def test_nothing_of_the_application_is_patched(folder: str) -> None:
    """Whoever needs another table, clock or vendor makes an application with it."""
    assert [found for path in (ROOT / folder).rglob("*.py") for found in patches(path)] == []
