"""Imports point inward, and a cold start pays for nothing that its function does not use."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from local.options import ROOT

PACKAGE = ROOT / "layers" / "callscribe" / "callscribe"
OUTSIDE = {"boto3", "botocore", "requests", "twilio", "aws_lambda_powertools", "s3transfer"}


def imported(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
    return found


def modules(folder: str) -> list[Path]:
    return sorted((PACKAGE / folder).rglob("*.py"))


@pytest.mark.parametrize("path", modules("domain"), ids=lambda path: path.stem)
def test_domain_knows_only_itself(path: Path) -> None:
    names = imported(path)
    assert not {name.split(".")[0] for name in names} & OUTSIDE
    inward = {name for name in names if name.startswith("callscribe")}
    assert all(name.startswith("callscribe.domain") for name in inward)


@pytest.mark.parametrize("path", modules("use_cases"), ids=lambda path: path.stem)
def test_use_cases_know_the_domain_and_the_ports(path: Path) -> None:
    names = imported(path)
    assert not {name.split(".")[0] for name in names} & OUTSIDE
    inward = {name for name in names if name.startswith("callscribe")}
    allowed = ("callscribe.domain", "callscribe.use_cases", "callscribe.ports")
    assert all(name.startswith(allowed) for name in inward)


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
