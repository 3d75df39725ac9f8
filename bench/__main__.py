"""`make bench`: everything that is measured, beside its floor or its peer in the same run.

Both vendors and AWS are simulated on this machine: times are those of our own code, of MiniStack and of
this machine, and only the ratios mean something elsewhere.
"""

from __future__ import annotations

import argparse
import importlib
import sys
import time

from bench.report import Report

# name → module; each has run(report)
BENCHES = {
    "cold-start": "bench.cold_start",
    "copy": "bench.copy_audio",
    "overhead": "bench.overhead",
    "throughput": "bench.throughput",
    "scale": "bench.scale",
    "cost": "bench.cost",
    "imports": "bench.imports",
    "command-line": "bench.command_line",
}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(BENCHES)}")
    names = parser.parse_args().names or list(BENCHES)
    unknown = [name for name in names if name not in BENCHES]
    if unknown:
        parser.error(f"no such benchmark: {', '.join(unknown)}; there are {', '.join(BENCHES)}")
    begin = time.monotonic()
    for name in names:
        report, started = Report(name), time.monotonic()
        importlib.import_module(BENCHES[name]).run(report)
        report.print()
        report.save(time.monotonic() - started)
    importlib.import_module("bench.plots").draw()
    print(f"\nTwilio, AssemblyAI and AWS are SIMULATED. {time.monotonic() - begin:.0f} s.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
