"""The caller is the IAM role or user: what its sessions are called makes no difference."""

from __future__ import annotations

import json

import pytest

from cli.client import ApiClient, ApiError
from tests.support.stack import Driver


@pytest.fixture(scope="module")
def clients(session_driver: Driver) -> dict[str, ApiClient]:
    """Two tasks of one service, and another service."""
    names = (("service", "task-1"), ("service", "task-2"), ("other", "task-1"))
    return {f"{role}/{name}": session_driver.session_of(role, name) for role, name in names}


def test_key_of_one_task_is_the_key_of_the_next(
    driver: Driver, clients: dict[str, ApiClient]
) -> None:
    request = {"to": driver.phone()}
    before = driver.placed_at_twilio()
    ids = [
        clients[name].place_call(request, idempotency_key="order-1")["call_id"]
        for name in ("service/task-1", "service/task-2", "other/task-1")
    ]
    assert ids[0] == ids[1] != ids[2]
    assert driver.placed_at_twilio() == before + 2
    with pytest.raises(ApiError) as refused:
        clients["other/task-1"].place_call({"to": driver.phone()}, idempotency_key="order-1")
    assert refused.value.status == 422
    assert refused.value.problem["type"] == "urn:callscribe:problem:idempotency-key-reused"


def test_caller_is_kept_without_its_session_for_caps_and_with_it_for_the_record(
    driver: Driver, clients: dict[str, ApiClient]
) -> None:
    task = clients["service/task-1"]
    call = driver.follow(task.place_call({"to": driver.phone()})["call_id"])
    [item] = [i for i in driver.items(call["call_id"]) if i["item"] == "CALL"]
    assert item["asked_by"].endswith(":assumed-role/service")
    erased = task.send("DELETE", f"/calls/{call['call_id']}").json()
    assert erased["erasure"]["asked_by"].endswith(":assumed-role/service/task-1")
    body = {"stopped": False, "reason": "a test"}
    switched = clients["service/task-2"].send("PUT", "/dialing", json=body).json()
    assert switched["changed_by"].endswith(":assumed-role/service/task-2")
    log = (driver.stack.options.work_folder / "logs" / "dial.log").read_text()
    lines = [json.loads(line) for line in log.splitlines() if call["call_id"] in line]
    assert [line["asked_by"] for line in lines if "asked_by" in line] == [
        erased["erasure"]["asked_by"]
    ]
