"""The benchmarks' own arithmetic, and that each of them can be asked for."""

from __future__ import annotations

import importlib
import json
from pathlib import Path

import pytest

from bench.__main__ import BENCHES
from bench.cost import name_of
from bench.measuring import counted
from bench.report import Report
from local.http_server import Request
from local.options import ROOT


def test_figure_is_a_median_beside_what_it_is_compared_with(tmp_path: Path) -> None:
    results_path = tmp_path / "results.json"
    report = Report("one", results_path)
    assert report.add("floor", [3.0, 1.0, 2.0], "s") == 2
    report.add("ours", [5.0, 3.0], "s", than=2, compared_with="the floor")
    report.save(1.23)
    other = Report("another", results_path)
    other.add("x", 1, "y")
    other.save(0)
    results = json.loads(results_path.read_text())
    assert list(results) == ["another", "one"]
    assert results["one"]["figures"][1] == {
        "name": "ours",
        "value": 4.0,
        "unit": "s",
        "compared_with": "the floor",
        "ratio": 2.0,
        "runs": 2,
    }


@pytest.mark.parametrize("name", BENCHES)
def test_every_benchmark_can_be_asked_for_by_name(name: str) -> None:
    assert callable(importlib.import_module(BENCHES[name]).run)
    assert f"\nbench-{name}: " in (ROOT / "Makefile").read_text()


@pytest.mark.parametrize(
    ("text", "instructions"),
    [
        ("# started on Sat\n\n1122121578,,instructions:u,1,100.00,,\n", 1_122_121_578),
        ("==7== \n==7== I   refs:      1,025,000,123\n", 1_025_000_123),
        ("nothing was counted", 0),
    ],
)
def test_counts_of_perf_and_of_cachegrind_are_read(
    tmp_path: Path, text: str, instructions: int
) -> None:
    (tmp_path / "log").write_text(text)
    assert counted(tmp_path / "log") == instructions


@pytest.mark.parametrize(
    ("path", "headers", "name"),
    [
        ("/", (("X-Amz-Target", "DynamoDB_20120810.GetItem"),), "GetItem"),
        ("/bucket/audio/x.wav", (), "s3 PUT"),
        ("/", (), "other PUT"),
    ],
)
def test_requests_to_aws_are_told_apart(
    path: str, headers: tuple[tuple[str, str], ...], name: str
) -> None:
    request = Request(
        method="PUT", raw_path=path, raw_query="", headers=headers, body=b"", client_ip=""
    )
    assert name_of(request) == name
