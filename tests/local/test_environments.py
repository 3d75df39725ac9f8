"""Execution environments: AWS's runtime client in real processes, with what Lambda enforces."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from local.deploy import Function
from local.environments import CodeLayout, FunctionError, FunctionPool
from local.options import ROOT
from tests.support.stack import Driver


@pytest.fixture
def pool(driver: Driver, tmp_path: Path) -> Iterator[FunctionPool]:
    yield from running(driver, tmp_path, "functions.handler")


def running(driver: Driver, folder: Path, handler: str) -> Iterator[FunctionPool]:
    function = Function(
        logical_id="TestFunction",
        name="test",
        arn="arn:aws:lambda:us-east-1:000000000000:function:test",
        handler=handler,
        code=ROOT / "tests" / "local",
        layers=(),
        environment={},
        role_arn=driver.stack.deployment.functions["DialFunction"].role_arn,
        timeout_seconds=2,
        memory_mb=256,
    )
    layout = CodeLayout(
        python=ROOT / ".venv" / "bin" / "python",
        code=lambda f: f.code,
        python_path=lambda f: [f.code],
    )
    log = folder / "test.log"
    pool = FunctionPool(function, layout, driver.stack.ministack, log=log, concurrency=2)
    yield pool
    pool.close()


def run(pool: FunctionPool, **event: Any) -> Any:
    return json.loads(pool.invoke(json.dumps(event).encode()))


def test_warm_environment_is_used_again(pool: FunctionPool) -> None:
    first, second = run(pool), run(pool)
    assert first["pid"] == second["pid"]
    assert second["served"] == 2
    assert 0 < second["left"] <= 2000


def test_error_of_the_handler_keeps_the_environment(pool: FunctionPool) -> None:
    before = run(pool)
    with pytest.raises(FunctionError) as failed:
        run(pool, do="raise")
    assert failed.value.error["errorType"] == "KeyError"
    assert run(pool)["pid"] == before["pid"]


@pytest.mark.parametrize(
    ("do", "error_type"),
    [
        ("exit", "Runtime.ExitError"),
        ("sleep", "Sandbox.Timedout"),
        ("fill", "Runtime.OutOfMemory"),
    ],
)
def test_environment_that_died_is_replaced(pool: FunctionPool, do: str, error_type: str) -> None:
    before = run(pool)
    with pytest.raises(FunctionError) as failed:
        run(pool, do=do)
    assert failed.value.error["errorType"] == error_type
    assert run(pool)["pid"] != before["pid"]


def test_answer_over_six_megabytes_is_refused(pool: FunctionPool) -> None:
    with pytest.raises(FunctionError) as failed:
        run(pool, do="large")
    assert failed.value.error["errorType"] == "Function.ResponseSizeTooLarge"


def test_function_that_cannot_be_imported_says_so(driver: Driver, tmp_path: Path) -> None:
    for pool in running(driver, tmp_path, "nowhere.handler"):
        with pytest.raises(FunctionError) as failed:
            run(pool)
        assert "ImportModule" in failed.value.error["errorType"]
