"""One stack for all tests that need the whole of it; each uses phones and calls of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from local.options import Options
from local.stack import LocalStack
from tests.support.stack import Driver


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalStack]:
    folder: Path = tmp_path_factory.mktemp("stack")
    with LocalStack(Options(speed=50, work_folder=folder)) as running:
        yield running


@pytest.fixture(scope="session")
def session_driver(stack: LocalStack) -> Iterator[Driver]:
    driver = Driver(stack)
    yield driver
    driver.api.close()


@pytest.fixture
def driver(session_driver: Driver) -> Iterator[Driver]:
    """The stack, with no fault left over from the test before."""
    yield session_driver
    session_driver.settle()
