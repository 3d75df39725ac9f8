"""Execution environments: AWS's runtime client in real processes, with what Lambda enforces."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest

from local.deploy import Function
from local.environments import CORES, CodeLayout, FunctionError, FunctionPool, StartingSlots
from local.options import ROOT
from tests.support.stack import Driver


@pytest.fixture
def pool(driver: Driver, tmp_path: Path) -> Iterator[FunctionPool]:
    yield from running(driver, tmp_path, "functions.handler")


def running(
    driver: Driver, folder: Path, handler: str, *, timeout_seconds: int = 30, concurrency: int = 2
) -> Iterator[FunctionPool]:
    function = Function(
        logical_id="TestFunction",
        name="test",
        arn="arn:aws:lambda:us-east-1:000000000000:function:test",
        handler=handler,
        code=ROOT / "tests" / "local",
        layers=(),
        environment={},
        role_arn=driver.stack.deployment.functions["DialFunction"].role_arn,
        timeout_seconds=timeout_seconds,
        memory_mb=256,
    )
    layout = CodeLayout(
        python=ROOT / ".venv" / "bin" / "python",
        code=lambda f: f.code,
        python_path=lambda f: [f.code],
    )
    log = folder / "test.log"
    pool = FunctionPool(function, layout, driver.stack.ministack, log=log, concurrency=concurrency)
    yield pool
    pool.close()


def run(pool: FunctionPool, **event: Any) -> Any:
    return json.loads(pool.invoke(json.dumps(event).encode()))


def test_warm_environment_is_used_again(pool: FunctionPool) -> None:
    first, second = run(pool), run(pool)
    assert first["pid"] == second["pid"]
    assert second["served"] == 2
    assert 0 < second["left"] <= 30_000


def test_error_of_the_handler_keeps_the_environment(pool: FunctionPool) -> None:
    before = run(pool)
    with pytest.raises(FunctionError) as failed:
        run(pool, do="raise")
    assert failed.value.error["errorType"] == "KeyError"
    assert run(pool)["pid"] == before["pid"]


@pytest.mark.parametrize(
    ("do", "error_type", "timeout_seconds"),
    [
        ("exit", "Runtime.ExitError", 30),
        ("sleep", "Sandbox.Timedout", 2),
        ("fill", "Runtime.OutOfMemory", 30),
    ],
)
def test_environment_that_died_is_replaced(
    driver: Driver, tmp_path: Path, do: str, error_type: str, timeout_seconds: int
) -> None:
    for pool in running(driver, tmp_path, "functions.handler", timeout_seconds=timeout_seconds):
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


def test_time_out_does_not_run_while_the_environment_initializes(
    driver: Driver, tmp_path: Path
) -> None:
    for pool in running(driver, tmp_path, "slow_start.handler", timeout_seconds=1):
        began, ready = run(pool)
        assert ready - began > 1


def test_burst_starts_no_more_at_once_than_there_are_cores(driver: Driver, tmp_path: Path) -> None:
    many = 3 * CORES
    for pool in running(driver, tmp_path, "slow_start.handler", concurrency=many):
        with ThreadPoolExecutor(many) as clients:
            started = {tuple(times) for times in clients.map(run, [pool] * many)}
        assert len(started) == pool.started
        overlapping = [
            sum(began <= other < ready for other, _ in started) for began, ready in started
        ]
        assert max(overlapping) <= CORES


def test_starting_slots_are_one_number_for_all_stacks_of_a_machine(tmp_path: Path) -> None:
    one, another = StartingSlots(2, tmp_path), StartingSlots(2, tmp_path)
    third = Event()

    def take() -> None:
        with another.one():
            third.set()

    waiting = Thread(target=take)
    with one.one():
        with another.one():
            waiting.start()
            assert not third.wait(0.3)
        assert third.wait(10)
    waiting.join()
