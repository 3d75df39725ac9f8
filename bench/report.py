"""Figures, each beside what it is compared with; printed as a table and kept in bench/results.json."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

RESULTS = Path(__file__).with_name("results.json")


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """``value`` is the median of ``runs``; ``ratio`` is value / what it is compared with, or None."""

    name: str
    value: float
    unit: str
    compared_with: str = ""
    ratio: float | None = None
    runs: int = 1


class Report:
    """The figures of one benchmark, in the order in which they were taken."""

    def __init__(self, bench: str, results: Path = RESULTS) -> None:
        self.bench = bench
        self._results = results
        self.figures: list[Figure] = []
        self.notes: list[str] = []

    def add(
        self,
        name: str,
        values: float | Sequence[float],
        unit: str,
        *,
        than: float | None = None,
        compared_with: str = "",
    ) -> float:
        """Adds a figure; ``than`` is the value that it is compared with. Returns the median."""
        taken = [values] if isinstance(values, int | float) else list(values)
        value = median(taken)
        ratio = round(value / than, 3) if than else None
        figure = Figure(
            name=name,
            value=float(f"{value:.6g}"),
            unit=unit,
            compared_with=compared_with,
            ratio=ratio,
            runs=len(taken),
        )
        self.figures.append(figure)
        return value

    def note(self, text: str) -> None:
        self.notes.append(text)

    def print(self) -> None:
        print(f"\n== {self.bench}")
        width = max((len(figure.name) for figure in self.figures), default=0)
        for figure in self.figures:
            shown = f"{figure.value:>14,.6g} {figure.unit:14}"
            ratio = f"{figure.ratio:>8.3g} x {figure.compared_with}" if figure.ratio else ""
            print(f"  {figure.name:{width}} {shown} {ratio}".rstrip())
        for text in self.notes:
            print(f"  {text}")

    def save(self, seconds: float) -> None:
        """Takes the place of this benchmark's last results; the others' stay."""
        results = json.loads(self._results.read_text()) if self._results.exists() else {}
        results[self.bench] = {
            "made_at": datetime.now(UTC).strftime("%Y-%m-%d"),
            "machine": f"{platform.machine()}, {os.cpu_count()} cores, {platform.system()}",
            "seconds": round(seconds, 1),
            "notes": self.notes,
            "figures": [asdict(figure) for figure in self.figures],
        }
        self._results.write_text(json.dumps(dict(sorted(results.items())), indent=1) + "\n")
