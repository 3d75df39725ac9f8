"""`callscribe share` against the double."""

from __future__ import annotations

import json

import pytest

from tests.cli.conftest import Callscribe
from tests.cli.double import ApiDouble

C1 = f"{1:032x}"


@pytest.fixture(autouse=True)
def known(double: ApiDouble) -> None:
    double.add_call(C1)


def test_link_alone_is_printed_and_how_to_end_it_is_said(
    callscribe: Callscribe, double: ApiDouble
) -> None:
    result = callscribe("share", "create", C1)
    assert result.out == f"https://stack.example/shared#{C1}\n"
    assert f"callscribe share revoke {C1} {'1' * 32}" in result.err
    assert double.seen[-1][3] == {"expires_in_hours": 168, "show_numbers": False}


@pytest.mark.parametrize(("expires", "hours"), [("30d", 720), ("90m", 2), ("1h", 1), ("30s", 1)])
def test_end_is_in_whole_hours_and_never_sooner_than_asked(
    callscribe: Callscribe, double: ApiDouble, expires: str, hours: int
) -> None:
    made = callscribe("share", "create", C1, "--expires", expires, "--numbers", "--json")
    assert double.seen[-1][3] == {"expires_in_hours": hours, "show_numbers": True}
    assert json.loads(made.out)["share_id"] == "1" * 32
    assert made.err == ""


def test_links_are_listed_and_revoked(callscribe: Callscribe) -> None:
    assert callscribe("share", "list", C1).err == "no links\n"
    assert callscribe("share", "list", C1, "--json").out == "[]\n"
    for _ in range(2):
        callscribe("share", "create", C1)
    rows = [row.split("\t") for row in callscribe("share", "list", C1).out.splitlines()]
    assert [(row[0], row[2], row[4]) for row in rows] == [
        ("1" * 32, "0", "hidden"),
        ("2" * 32, "0", "hidden"),
    ]
    gone = callscribe("share", "revoke", C1, "1" * 32, "2" * 32)
    assert gone.out == f"{'1' * 32} revoked\n{'2' * 32} revoked\n"
    assert callscribe("share", "list", C1, "--query", "length(@)").out == "0\n"


def test_link_that_is_not_there_is_told(callscribe: Callscribe) -> None:
    result = callscribe("share", "revoke", C1, "9" * 32)
    assert (result.code, result.out) == (1, "")
    assert result.fix
