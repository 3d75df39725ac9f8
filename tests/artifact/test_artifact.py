"""Every function of the built artifact runs: its own code, its layers, Lambda's interpreter."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from local.options import ROOT, Options
from local.stack import LocalStack
from tests.support.stack import Driver

BUILD = ROOT / ".aws-sam" / "build"
LAMBDA_PYTHON = ROOT / ".venv-lambda" / "bin" / "python"


@pytest.fixture(scope="module")
def driver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Driver]:
    assert (BUILD / "template.yaml").exists(), "there is no artifact: run `make build` first"
    folder: Path = tmp_path_factory.mktemp("artifact")
    with LocalStack(Options(speed=50, artifact=True, work_folder=folder)) as stack:
        running = Driver(stack)
        yield running
        running.api.close()


def test_interpreter_has_only_what_lambda_has() -> None:
    """Otherwise a package that is missing in the layer would not be missed."""
    for module, there in (("boto3", True), ("twilio", False), ("aws_lambda_powertools", False)):
        code = f"import importlib.util, sys; sys.exit(importlib.util.find_spec({module!r}) is None)"
        found = subprocess.run([LAMBDA_PYTHON, "-c", code], check=False).returncode == 0
        assert found is there, module


@pytest.mark.parametrize("mode", ["message", "call"])
def test_call_becomes_a_transcript(driver: Driver, mode: str) -> None:
    placed = driver.place(mode=mode)
    call = driver.follow(placed["call_id"])
    assert call["recordings"][0]["status"] == "completed"
    assert driver.api.get_transcript(call["call_id"], "txt").startswith("[00:")


def test_every_function_of_the_template_was_invoked(driver: Driver) -> None:
    """Each answers at least one real event of this test's own call, reconcile included."""
    before = {name: pool.answered for name, pool in driver.stack.pools.items()}
    call = driver.at_rest(driver.place(mode="message")["call_id"])
    made = driver.ask("POST", f"/calls/{call['call_id']}/shares", json={})
    assert requests.get(made["url"], timeout=30).text.startswith("<!doctype html>")
    driver.reconcile()
    pools = driver.stack.pools.items()
    assert [name for name, pool in pools if pool.answered == before[name]] == []
