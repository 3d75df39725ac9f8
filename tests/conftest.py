"""One stack for all tests that need the whole of it; each uses phones and calls of its own."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

from local.options import Options
from local.stack import LocalStack
from tests.support.stack import Driver

# a shell without job control has what it starts in the background ignore Ctrl-C, and all that this starts
# in its turn; here commands are tested that Ctrl-C ends
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# the account is another's too: what is recorded elsewhere is this stack's by its number
_PARAMETERS = {"AdoptRecordings": "numbers", "AdoptNumbers": "+15005550006"}


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalStack]:
    folder: Path = tmp_path_factory.mktemp("stack")
    # a call takes a tenth of a second
    with LocalStack(Options(speed=500, work_folder=folder, parameters=_PARAMETERS)) as running:
        stop_schedules(running)
        answer_at_once(running)
        yield running


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The quick ones come last, so that at the end no worker is left alone with a long one; random
    order (pytest-randomly) holds among each."""
    items.sort(key=lambda item: item.path.parent.name not in ("http", "local", "simulation"))


# their fixtures of module scope drive the stack for many seconds
WHOLE_MODULES = {"test_nothing_leaks.py", "test_who_may_what.py"}


class OneByOne(LoadScopeScheduling):  # type: ignore[misc]  # xdist is not typed
    """Each test goes to the next free worker; a module that makes something costly once stays whole.

    (xdist's own marks for that, ``loadgroup``, have no effect with pytest 9.2.)
    """

    def _split_scope(self, nodeid: str) -> str:
        module = nodeid.split("::", maxsplit=1)[0]
        return module if Path(module).name in WHOLE_MODULES else nodeid


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> OneByOne | None:
    return OneByOne(config, log) if config.getoption("dist") == "load" else None


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """`-n auto`: one more than there are cores, because much of the time is waiting; `-n logical`,
    for what does not wait: as many as there are."""
    cores = os.cpu_count() or 2
    return cores if config.getoption("numprocesses") == "logical" else cores + 1


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Prints what tests have measured."""
    for report in terminalreporter.stats.get("passed", []):
        for name, value in report.user_properties:
            if name == "figures":
                terminalreporter.write_line(value)


def stop_schedules(stack: LocalStack) -> None:
    """Reconciliation runs when a test says so, and not in the midst of another."""
    scheduler = stack.ministack.client("scheduler")
    for entry in scheduler.list_schedules()["Schedules"]:
        name = {"Name": entry["Name"], "GroupName": entry["GroupName"]}
        schedule = scheduler.get_schedule(**name)
        kept = ("ScheduleExpression", "FlexibleTimeWindow", "Target")
        scheduler.update_schedule(**name, **{key: schedule[key] for key in kept}, State="DISABLED")
        assert scheduler.get_schedule(**name)["State"] == "DISABLED"


def answer_at_once(stack: LocalStack) -> None:
    """Every reconciliation asks this queue, and would wait a second for what is not there."""
    stack.ministack.client("sqs").set_queue_attributes(
        QueueUrl=stack.deployment.outputs["RecordingsDeadLetterQueueUrl"],
        Attributes={"ReceiveMessageWaitTimeSeconds": "0"},
    )


@pytest.fixture(scope="session")
def session_driver(stack: LocalStack) -> Iterator[Driver]:
    driver = Driver(stack)
    yield driver
    driver.api.close()


@pytest.fixture
def driver(session_driver: Driver) -> Iterator[Driver]:
    """The stack at rest: nothing is left over from the tests before."""
    session_driver.settle()
    yield session_driver
    session_driver.hang_up()
