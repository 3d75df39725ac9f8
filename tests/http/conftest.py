"""A stack that `callscribe doctor` has nothing to say about."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from callscribe_cli.doctor_context import Context
from tests.conftest import stop_schedules
from tests.support.patient import POLICY, Patient, context_for, filled, signed_in, subscribed
from tests.support.stack import Driver


@pytest.fixture(scope="module")
def make_context(session_driver: Driver) -> Iterator[Callable[[], Context]]:
    """A context as the command makes it, by clients that are made once."""
    with pytest.MonkeyPatch.context() as patch:
        aws = signed_in(session_driver, patch, "doctor", json.loads(filled(POLICY)))
        first = context_for(session_driver, aws)
        yield lambda: replace(first)


@pytest.fixture
def patient(driver: Driver, make_context: Callable[[], Context]) -> Iterator[Patient]:
    made = Patient(driver)
    numbers = made.account.numbers
    made.point_number()
    made.nothing_overdue()
    made.schedules("ENABLED")
    made.client("sqs").purge_queue(QueueUrl=made.outputs["InvocationsDeadLetterQueueUrl"])
    subscribed(made)
    made.context = make_context()
    made.context.api.url = driver.url
    yield made
    made.account.numbers = numbers
    stop_schedules(driver.stack)
