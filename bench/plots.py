"""Draws docs/performance/ from bench/results.json: bars and tables, no library, nothing to install."""

from __future__ import annotations

import json
from typing import Any
from xml.sax.saxutils import escape

from bench.report import RESULTS
from local.options import ROOT

FOLDER = ROOT / "docs" / "performance"
_WIDTH, _ROW, _LEFT, _RIGHT, _TOP = 820, 22, 300, 120, 54


def draw() -> None:
    """Each plot whose figures are there."""
    results = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    FOLDER.mkdir(exist_ok=True)
    if "cold-start" in results:
        bars = [
            (figure["name"].removesuffix(": instructions"), figure["ratio"])
            for figure in figures(results, "cold-start")
            if figure["name"].endswith("instructions") and figure["ratio"]
        ]
        title = 'Cold starts in instructions, boto3.client("dynamodb") = 1.00'
        write("cold-start.svg", title, bars, 1.0)
    if "cost" in results:
        bars = [
            (figure["name"].removeprefix("AWS, a call: "), figure["value"] * 1e6)
            for figure in figures(results, "cost")
            if figure["name"].startswith("AWS, a call: ")
        ]
        write("cost.svg", "AWS, dollars per million calls and component", bars, None)

    (FOLDER / "results.md").write_text(tables(results))


def tables(results: dict[str, Any]) -> str:
    """Every figure of the last runs; docs/performance.md says how to read them."""
    lines = [
        "# The last results",
        "",
        "Made by `make bench`. Twilio, AssemblyAI and AWS are simulated.",
        "",
    ]
    for bench, result in results.items():
        lines += [
            f"## {bench}",
            "",
            f"{result['made_at']}, {result['machine']}, {result['seconds']} s",
            "",
        ]
        lines += [
            "| figure | value | unit | ratio | compared with | runs |",
            "|---|---|---|---|---|---|",
        ]
        for figure in result["figures"]:
            ratio = "" if figure["ratio"] is None else f"{figure['ratio']:g}"
            lines.append(
                f"| {figure['name']} | {figure['value']:g} | {figure['unit']} | {ratio} "
                f"| {figure['compared_with']} | {figure['runs']} |"
            )
        lines += ["", *(f"- {note}" for note in result["notes"]), ""]
    return "\n".join(lines).rstrip() + "\n"


def figures(results: dict[str, Any], bench: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = results[bench]["figures"]
    return found


def write(name: str, title: str, bars: list[tuple[str, float]], line: float | None) -> None:
    longest = max(value for _, value in bars)
    scale = (_WIDTH - _LEFT - _RIGHT) / longest
    height = _TOP + _ROW * len(bars) + 20
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{height}" font-size="13">',
        "<style>text { font-family: sans-serif }</style>",
        f'<rect width="{_WIDTH}" height="{height}" fill="white"/>',
        f'<text x="12" y="26" font-size="16">{escape(title)}</text>',
    ]
    for number, (label, value) in enumerate(bars):
        y = _TOP + number * _ROW
        parts += [
            f'<text x="{_LEFT - 8}" y="{y + 13}" text-anchor="end">{escape(label)}</text>',
            f'<rect x="{_LEFT}" y="{y}" width="{value * scale:.1f}" height="{_ROW - 6}" fill="#4878a8"/>',
            f'<text x="{_LEFT + value * scale + 6:.1f}" y="{y + 13}">{value:.3g}</text>',
        ]
    if line is not None:
        x = _LEFT + line * scale
        parts.append(
            f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{_TOP - 6}" y2="{height - 16}" stroke="#b03030"/>'
        )
    (FOLDER / name).write_text("\n".join([*parts, "</svg>"]) + "\n")
