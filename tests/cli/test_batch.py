"""A batch calls every number once, however often it is run."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from local.http_server import Response
from tests.cli.conftest import Callscribe
from tests.cli.double import DAY, ApiDouble, problem

A, B, C = "+14155550100", "+14155550101", "+14155550102"
TABLE = f"""to,say,order,max_length_seconds
{A},"Hello, Ann.",1,60
{B},,2,
{A},Hello again.,3,
"""


@pytest.fixture
def table(home: Path) -> Path:
    path = home / "work/friday.csv"
    path.write_text(TABLE)
    return path


def results(path: str) -> list[dict[str, str]]:
    return list(csv.DictReader(Path(path).read_text("utf-8-sig").splitlines()))


@pytest.mark.usefixtures("table")
def test_every_row_is_a_call(callscribe: Callscribe, double: ApiDouble) -> None:
    result = callscribe("batch", "friday.csv", "--say", "Good day.", "--results", "out.csv")
    assert result.code == 0, result.err
    assert [body for _, _, _, body in double.seen] == [
        {"to": A, "say": "Hello, Ann.", "max_length_seconds": 60, "metadata": {"order": "1"}},
        {"to": B, "say": "Good day.", "metadata": {"order": "2"}},
        {"to": A, "say": "Hello again.", "metadata": {"order": "3"}},
    ]
    assert [line.split("\t")[1:3] for line in result.out.splitlines()] == [
        [to, "placed"] for to in (A, B, A)
    ]
    assert {row["call_id"] for row in results("out.csv")} == set(double.calls)


@pytest.mark.usefixtures("table")
def test_second_run_calls_nobody(callscribe: Callscribe, double: ApiDouble) -> None:
    callscribe("batch", "friday.csv")
    for call in double.calls.values():
        call["created_at"] = f"{DAY}T10:00:00.000Z"
    again = json.loads(callscribe("batch", "friday.csv", "--json").out)
    assert double.dialed == 3
    assert {one["result"] for one in again} == {"placed before"}
    callscribe("batch", "friday.csv", "--name", "saturday")
    assert double.dialed == 6


def test_edited_row_is_not_dialed_again(
    callscribe: Callscribe, double: ApiDouble, table: Path
) -> None:
    """The key is that of the number, so the API sees that the request is another one."""
    callscribe("batch", "friday.csv")
    keys = set(double.keys)
    table.write_text(TABLE.replace("Hello, Ann.", "Hello, Anna.").replace(",2,", ",22,"))
    callscribe("batch", "friday.csv")
    assert set(double.keys) == keys


@pytest.mark.usefixtures("table")
def test_lost_answer_stops_the_batch_which_goes_on_where_it_was(
    callscribe: Callscribe, double: ApiDouble
) -> None:
    double.fault("POST", "/calls", done=True, times=4)
    stopped = callscribe("batch", "friday.csv", "--results", "out.csv")
    assert stopped.code == 1
    assert "0 of 3 rows are done" in stopped.err
    assert results("out.csv") == []
    assert callscribe("batch", "friday.csv").code == 0
    assert double.dialed == 3


@pytest.mark.usefixtures("table")
def test_refused_row_does_not_stop_the_others(callscribe: Callscribe, double: ApiDouble) -> None:
    refusal = problem(403, "dialing-refused", code="do_not_call")
    double.fault("POST", "/calls", refusal)
    result = callscribe("batch", "friday.csv", "--results", "out.csv")
    assert (result.code, double.dialed) == (1, 2)
    assert "1 of 3 rows were refused" in result.err
    assert "no number is called twice" in result.fix
    assert [row["result"] for row in results("out.csv")] == ["refused", "placed", "placed"]
    assert "in words: dialing-refused" in results("out.csv")[0]["reason"]
    assert callscribe("batch", "friday.csv").code == 0
    assert double.dialed == 3


@pytest.mark.usefixtures("table")
def test_call_that_twilio_refused_is_told(callscribe: Callscribe, double: ApiDouble) -> None:
    callscribe("batch", "friday.csv")
    error = {"code": "invalid_number", "message": "no such number", "retryable": False}
    double.calls[f"{1:032x}"] |= {"status": "failed", "error": error}
    again = json.loads(callscribe("batch", "friday.csv", "--json").out)
    assert (again[0]["result"], again[0]["reason"]) == ("refused", "no such number")


@pytest.mark.usefixtures("table")
@pytest.mark.parametrize(
    "answer",
    [problem(403, "dialing-refused", code="dialing_stopped"), problem(500, "internal-error")],
)
def test_what_holds_for_every_row_stops_the_batch(
    callscribe: Callscribe, double: ApiDouble, answer: Response
) -> None:
    double.fault("POST", "/calls", answer, times=99)
    assert callscribe("batch", "friday.csv").code == 1
    assert (double.dialed, double.asked("POST", "/calls") <= 4) == (0, True)


@pytest.mark.usefixtures("table")
def test_full_stack_is_waited_for(callscribe: Callscribe, double: ApiDouble) -> None:
    full = problem(429, "dialing-refused", code="too_many_calls")
    double.fault("POST", "/calls", full, times=5)
    assert callscribe("batch", "friday.csv").code == 0
    assert (double.dialed, callscribe.now) == (3, 25.0)


@pytest.mark.usefixtures("table")
def test_ctrl_c_says_how_to_go_on(callscribe: Callscribe, double: ApiDouble) -> None:
    def interrupt(now: float) -> None:
        raise KeyboardInterrupt

    full = problem(429, "dialing-refused", code="too_many_calls")
    double.fault("POST", "/calls", full)
    callscribe.meanwhile = interrupt
    result = callscribe("batch", "friday.csv", "--results", "out.csv")
    assert (result.code, results("out.csv")) == (130, [])
    assert result.fix == "fix: run the same command again: no number is called twice"


@pytest.mark.usefixtures("table")
def test_dry_run_calls_nobody(callscribe: Callscribe, double: ApiDouble) -> None:
    assert callscribe("batch", "friday.csv", "--dry-run").out == "3 calls; --json shows them\n"
    shown = json.loads(callscribe("batch", "friday.csv", "--dry-run", "--json").out)
    assert [one["to"] for one in shown] == [A, B, A]
    assert double.seen == []


@pytest.mark.parametrize(
    ("table", "why"),
    [
        (b"", "no column `to`"),
        (b"number\n+14155550100\n", "no column `to`"),
        (b"to,say\n,Hello.\n", "row 2 has no number"),
        (b"to,say\n+14155550100,Hello, Ann.\n", "row 2 has another number of cells"),
        (b"to,say\n+14155550100\n", "row 2 has another number of cells"),
        (b"to,pause_seconds\n+14155550100,long\n", "row 2: pause_seconds is 'long'"),
        (b"to,say\n+14155550100,\xff\n", "cannot be read"),
    ],
)
def test_table_that_is_not_right_calls_nobody(
    callscribe: Callscribe, double: ApiDouble, table: bytes, why: str
) -> None:
    Path("wrong.csv").write_bytes(table)
    result = callscribe("batch", "wrong.csv")
    assert (result.code, double.seen) == (1, [])
    assert why in result.err


def test_standard_input_needs_a_name(callscribe: Callscribe, double: ApiDouble) -> None:
    table = f"\ufeffto\n{C}\n".encode()
    assert callscribe("batch", "-", stdin=table).code == 2
    assert callscribe("batch", "-", "--name", "friday", stdin=table).code == 0
    assert double.dialed == 1
