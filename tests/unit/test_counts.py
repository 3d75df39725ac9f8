"""What an invocation leaves behind for people and for CloudWatch."""

from __future__ import annotations

import inspect
import io
import json
import logging
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from typing import Any

import pytest

from callscribe.adapters.telemetry import ATTENTION_LIMITS, PowertoolsTelemetry


class Output(io.StringIO):
    """What Lambda would read from standard output."""

    def lines(self) -> list[dict[str, Any]]:
        """What was written since the last look."""
        written = [json.loads(line) for line in self.getvalue().splitlines()]
        self.seek(0)
        self.truncate()
        return written


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    # Powertools keeps one logger for each service, with the output that it found first
    monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", f"test-{uuid.uuid4().hex}")


@contextmanager
def observed() -> Iterator[tuple[PowertoolsTelemetry, Output]]:
    root = logging.getLogger()
    before = root.level
    with redirect_stdout(Output()) as output:
        yield PowertoolsTelemetry("test"), output
    root.setLevel(before)


def test_all_counts_of_an_invocation_are_one_line() -> None:
    with observed() as (telemetry, output):
        telemetry.count("CallPlaced")
        telemetry.count("CallPlaced")
        telemetry.count("OldestPendingSeconds", 12.5)
        telemetry.count("UnmappedItems", 0)
        telemetry.flush()
        [line] = output.lines()
        assert line["message"] == "counts"
        assert line["counts"] == {"CallPlaced": 2, "OldestPendingSeconds": 12.5}
        telemetry.flush()
        assert output.lines() == []


@pytest.mark.parametrize(("name", "limit"), ATTENTION_LIMITS.items())
def test_what_needs_a_person_is_a_metric_and_nothing_else_is(name: str, limit: float) -> None:
    with observed() as (telemetry, output):
        telemetry.count(name, limit)
        telemetry.count("CallPlaced", 5000)
        telemetry.flush()
        assert [line["message"] for line in output.lines()] == ["counts"]
        telemetry.count(name, 4000)
        telemetry.flush()
        count, metric = output.lines()
        assert count["counts"] == {name: 4000}
        [directive] = metric["_aws"]["CloudWatchMetrics"]
        assert directive["Namespace"] == "callscribe/test"
        assert directive["Dimensions"] == [["service"]]
        assert [m["Name"] for m in directive["Metrics"]] == ["NeedsAttention"]
        assert metric["NeedsAttention"] == [1.0]
        telemetry.flush()
        assert output.lines() == []


def test_a_line_says_where_it_was_written() -> None:
    with observed() as (telemetry, output):
        frame = inspect.currentframe()
        assert frame is not None
        begin = frame.f_lineno
        telemetry.info("one")
        telemetry.warn("two")
        where = "test_a_line_says_where_it_was_written"
        assert [line["location"] for line in output.lines()] == [
            f"{where}:{begin + 1}",
            f"{where}:{begin + 2}",
        ]
