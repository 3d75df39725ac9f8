"""`make simulate`: thousands of simulated calls, every fault, and whether any promise was broken."""

from __future__ import annotations

import argparse
import json
import os
import secrets
import sys
import time
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import Any

from simulation.checks import PROMISES
from simulation.fault_injector import DEFAULT_RATES
from simulation.runs import Outcome, Task, far_ahead, regressions, rolled, shown, singles
from simulation.shrink import Shortest, Shrinker
from simulation.workers import Progress, StoppedError, carry_out_all, stopped_by_signals

# a promise broken in this many ways is broken: the rest says no more
_SHRUNK = 2
# a run of the default fits ten minutes on two cores; all of them take three quarters of an hour
_SINGLES_EVERY = 50


def main() -> int:
    """0 where every promise held, 1 where one was broken, 2 for options that cannot be.

    128 and a signal's number where that ended it: 130 for Ctrl-C.
    """
    options = _options()
    seed = options.seed or secrets.token_hex(4)
    tasks = _tasks(options, seed)
    print(f"SIMULATED calls, vendors and AWS in virtual time. seed {seed}", flush=True)
    begin = time.monotonic()
    progress = Progress(tasks, quiet=options.quiet)
    try:
        with stopped_by_signals():
            outcomes = carry_out_all(
                tasks, options.workers, progress, until_broken=options.until_broken
            )
            seconds = time.monotonic() - begin
            broken = [outcome for outcome in outcomes if outcome.findings]
            shortest = [_shorten(outcome) for outcome in broken[:_SHRUNK]] if options.shrink else []
    except StoppedError as stopped:
        print(f"Stopped by {stopped} at {progress}, seed {seed}", file=sys.stderr)
        return 128 + stopped.number
    report = _report(seed, seconds, outcomes, broken, shortest)
    _print(report, shortest)
    if options.json:
        Path(options.json).write_text(json.dumps(report, indent=1) + "\n")
    return 1 if broken else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m simulation", description=__doc__)
    parser.add_argument("--calls", type=_count, default=10_000, help="calls that are rolled")
    parser.add_argument("--seed", help="the same seed is the same run; default: a new one")
    parser.add_argument(
        "--rate",
        action="append",
        default=[],
        type=_rate,
        metavar="FAULT=PER_THOUSAND",
        help=f"how often a fault strikes; faults: {', '.join(DEFAULT_RATES)}",
    )
    parser.add_argument(
        "--crash-at",
        default="",
        metavar="OPERATION,…",
        help="in the singles: only crashes, and only at these requests, such as table.change_call",
    )
    parser.add_argument(
        "--singles-every",
        type=_count,
        default=_SINGLES_EVERY,
        metavar="N",
        help="each single fault of every request of every kind of call as well; of them every Nth "
        f"(default {_SINGLES_EVERY}, other ones with every seed), 1 for all, 0 for none",
    )
    parser.add_argument("--json", metavar="FILE", help="the report as JSON")
    parser.add_argument("--workers", type=_count, default=os.cpu_count() or 2)
    parser.add_argument("--quiet", action="store_true", help="no progress on the error output")
    parser.add_argument(
        "--until-broken", action="store_true", help="stop at the first world that breaks a promise"
    )
    parser.add_argument("--shrink", action=argparse.BooleanOptionalAction, default=True)
    return parser.parse_args()


def _tasks(options: argparse.Namespace, seed: str) -> list[Task]:
    rates = {**DEFAULT_RATES, **dict(options.rate)}
    # short and telling ones first
    tasks = [*regressions(), *far_ahead(seed, 60, rates, worlds=3)]
    tasks += rolled(seed, options.calls, rates)
    if options.singles_every:
        only = tuple(filter(None, options.crash_at.split(",")))
        tasks += singles(seed, every=options.singles_every, crash_only=only)
    return tasks


def _shorten(outcome: Outcome) -> Shortest | None:
    """Only rolled worlds: the others are short already."""
    if outcome.task.way != "rolled":
        return None
    promise = outcome.findings[0].promise
    return Shrinker(outcome.task.seed, promise).shrink(range(outcome.task.calls), outcome.faults)


def _report(
    seed: str,
    seconds: float,
    outcomes: list[Outcome],
    broken: list[Outcome],
    shortest: list[Shortest | None],
) -> dict[str, Any]:
    by_way: dict[str, Counter[str]] = {}
    fired: Counter[str] = Counter()
    counts: Counter[str] = Counter()
    for outcome in outcomes:
        totals = by_way.setdefault(outcome.task.way, Counter())
        totals.update(worlds=outcome.worlds, calls=outcome.calls, recordings=outcome.recordings)
        fired += outcome.fired
        counts += outcome.counts
    return {
        "simulated": True,
        "seed": seed,
        "seconds": round(seconds, 1),
        "worlds": {way: dict(totals) for way, totals in by_way.items()},
        "faults": dict(fired.most_common()),
        "application": dict(sorted(counts.items())),
        "promises": {
            name: sum(f.promise == name for o in broken for f in o.findings) for name in PROMISES
        },
        "broken": [
            {**shown(o.task), "findings": [asdict(f) for f in o.findings[:20]], "faults": o.faults}
            for o in broken
        ],
        "shortest": [asdict(short) for short in shortest if short],
    }


def _print(report: dict[str, Any], shortest: list[Shortest | None]) -> None:
    for way, totals in report["worlds"].items():
        words = ", ".join(f"{count:,} {name}" for name, count in totals.items())
        print(f"  {way:12} {words}")
    print(f"  {'faults':12} " + ", ".join(f"{n:,} {name}" for name, n in report["faults"].items()))
    print()
    for name, count in report["promises"].items():
        print(
            f"  {'BROKEN' if count else 'held':7} {PROMISES[name]}" + (f": {count}" * bool(count))
        )
    for entry in report["broken"][:5]:
        print(
            f"\n{entry['way']} world, seed {entry['seed']}, {entry['story'] or ''} {entry['base'] or ''}"
        )
        for finding in entry["findings"][:5]:
            print(f"  {finding['promise']}: {finding['label']}: {finding['detail']}")
        if entry["way"] != "rolled":
            print(f"  faults: {json.dumps(entry['faults'])}")
    for short in filter(None, shortest):
        print(f"\nThe shortest history that shows it (seed {short.seed}, calls {short.calls}):")
        print("\n".join(short.history))
        print("To keep it, add this to simulation/regressions.json:")
        print(json.dumps({"seed": short.seed, "calls": short.calls, "faults": short.faults}))
    calls = sum(totals["calls"] for totals in report["worlds"].values())
    verdict = "BROKEN" if report["broken"] else "every promise held"
    print(
        f"\n{verdict}: {calls:,} simulated calls, {sum(report['faults'].values()):,} faults, "
        f"{report['seconds']} s, seed {report['seed']}"
    )


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 0:
        raise argparse.ArgumentTypeError("must be a whole number of 0 or more")
    return int(text)


def _rate(text: str) -> tuple[str, float]:
    name, _, value = text.partition("=")
    if (
        name not in DEFAULT_RATES
        or not value.replace(".", "", 1).isdecimal()
        or float(value) > 1000
    ):
        known = ", ".join(DEFAULT_RATES)
        raise argparse.ArgumentTypeError(f"must be FAULT=0…1000, FAULT one of {known}")
    return name, float(value)


if __name__ == "__main__":
    sys.exit(main())
