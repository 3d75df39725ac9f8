"""The operator's kill switch and do-not-call list."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from callscribe.domain.dialing.kill_switch import KillSwitch
from callscribe.domain.errors import InvalidInputError
from callscribe.use_cases.manage_dialing import DoNotCallEntry, ManageDialing
from simulation.memory_store import MemoryCallStore
from tests.support.doubles import QuietTelemetry

NUMBER = "+14155550100"
NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


def manage() -> ManageDialing:
    return ManageDialing(store=MemoryCallStore(), telemetry=QuietTelemetry(), clock=lambda: NOW)


def test_switch_says_who_stopped_dialing_when_and_why() -> None:
    operator = manage()
    assert operator.state() == KillSwitch()
    said = operator.switch({"stopped": True, "reason": "a key was leaked"}, changed_by="me")
    assert said == operator.state()
    assert said == KillSwitch(True, "a key was leaked", "2026-11-21T12:00:00.000Z", "me")
    operator.switch({"stopped": False, "reason": "it was revoked"}, changed_by="you")
    assert (operator.state().stopped, operator.state().changed_by) == (False, "you")


def test_number_is_listed_until_it_is_taken_off() -> None:
    operator = manage()
    assert operator.list_number(NUMBER, listed=True) == DoNotCallEntry(NUMBER, listed=True)
    assert operator.store.is_do_not_call(NUMBER)
    operator.list_number(NUMBER, listed=False)
    assert not operator.store.is_do_not_call(NUMBER)


def test_number_in_another_form_is_not_listed() -> None:
    operator = manage()
    with pytest.raises(InvalidInputError, match="%2B"):
        operator.list_number("14155550100", listed=True)
    assert not operator.store.is_do_not_call("14155550100")
