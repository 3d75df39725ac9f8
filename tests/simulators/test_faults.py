"""The fault control: what is ordered happens, and a wrong order is refused by name."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import requests

from local.http_server import Request, Response, Server
from local.simulators.faults import Faults, json_response


class Echo:
    """A server with one operation that counts how often it was carried out."""

    def __init__(self) -> None:
        self.faults = Faults(("echo",))
        self.acted = 0
        self.server = Server(self._answer)
        self.url = self.server.url

    def _answer(self, request: Request) -> Response:
        return self.faults.control(request) or self.faults.serve("echo", self._act)

    def _act(self) -> Response:
        self.acted += 1
        return json_response(200, {"acted": self.acted})

    def order(self, **rule: object) -> requests.Response:
        return requests.post(f"{self.url}/_faults", json=rule, timeout=10)


@pytest.fixture
def echo() -> Iterator[Echo]:
    running = Echo()
    yield running
    running.server.close()


def test_status_refuses_before_acting_so_many_times(echo: Echo) -> None:
    echo.order(operation="echo", fault="status", status=429, headers={"Retry-After": "7"}, times=2)
    answers = [requests.get(echo.url, timeout=10) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [429, 429, 200]
    assert answers[0].headers["Retry-After"] == "7"
    assert echo.acted == 1


@pytest.mark.parametrize(
    ("fault", "acted"), [("drop_before", 0), ("drop_after", 1), ("hang_after", 1)]
)
def test_dropped_connections(echo: Echo, fault: str, acted: int) -> None:
    echo.order(operation="*", fault=fault)
    with pytest.raises(requests.ConnectionError):
        requests.get(echo.url, timeout=10)
    assert echo.acted == acted


def test_status_after_acts_first(echo: Echo) -> None:
    echo.order(operation="echo", fault="status_after", status=500)
    assert requests.get(echo.url, timeout=10).status_code == 500
    assert echo.acted == 1


def test_corrupt_body_is_no_json_any_more(echo: Echo) -> None:
    echo.order(operation="echo", fault="corrupt")
    with pytest.raises(requests.JSONDecodeError):
        requests.get(echo.url, timeout=10).json()


def test_rules_are_listed_with_their_count_and_removed(echo: Echo) -> None:
    first = echo.order(operation="echo", fault="status", times=None).json()["id"]
    requests.get(echo.url, timeout=10)
    [rule] = requests.get(f"{echo.url}/_faults", timeout=10).json()["faults"]
    assert (rule["id"], rule["fired"]) == (first, 1)
    requests.delete(f"{echo.url}/_faults/{first}", timeout=10)
    assert requests.get(echo.url, timeout=10).status_code == 200


def test_dice_are_the_same_for_the_same_seed() -> None:
    def throws(seed: int) -> list[bool]:
        faults = Faults(("echo",), seed=seed)
        faults.add({"operation": "echo", "fault": "lose", "times": None, "probability": 0.5})
        return [bool(faults.draw("echo", ("lose",))) for _ in range(50)]

    assert throws(1) == throws(1)
    assert throws(1) != throws(2)


@pytest.mark.parametrize(
    ("rule", "field"),
    [
        ({"operation": "other", "fault": "lose"}, "operation"),
        ({"operation": "echo", "fault": "explode"}, "fault"),
        ({"operation": "echo", "fault": "lose", "times": 0}, "times"),
        ({"operation": "echo", "fault": "lose", "probability": 2}, "probability"),
        ({"operation": "echo", "fault": "delay", "seconds": -1}, "seconds"),
        ({"operation": "echo", "fault": "status", "status": True}, "status"),
        ({"operation": "echo", "fault": "lose", "when": "now"}, "when"),
        ({"operation": "echo", "fault": "status", "headers": {"a": 1}}, "headers"),
    ],
)
def test_wrong_rule_is_refused_by_name(echo: Echo, rule: dict[str, object], field: str) -> None:
    answer = echo.order(**rule)
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["field"] == field
