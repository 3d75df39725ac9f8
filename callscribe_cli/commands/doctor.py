"""`callscribe doctor`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from callscribe_cli.app import App, Command, connected
from callscribe_cli.output import clean
from callscribe_cli.progress import Progress

if TYPE_CHECKING:
    from callscribe_cli.doctor import Result

_COLORS = {"fault": "red", "warning": "yellow"}


@click.command(cls=Command)
@connected
def doctor(app: App) -> None:
    """Check a stack and everything that it needs, and say how to fix what is wrong.

    Asks AWS, both vendors and, from outside, the stack itself; changes nothing, and places no call.
    Each finding has an ID that never changes, and a fix. The exit status is 1 if there is a fault,
    and 0 if there are warnings only. What the caller may not look at is skipped.

    \b
    callscribe doctor --stack callscribe-dev
    callscribe doctor --query "findings[?severity=='fault'].id"
    """
    from callscribe_cli.doctor import CHECKS, examine
    from callscribe_cli.doctor_setting import context_for

    context = context_for(app)
    results = []
    with Progress("checking", len(CHECKS), clock=app.clock.monotonic) as progress:
        for result in examine(context):
            results.append(result)
            progress.update(len(results), result.check)
    document = report(context.stack.name, results)
    app.output.data(document, lambda: findings_text(document))
    if document["faults"]:
        raise click.exceptions.Exit(1)


def report(stack: str, results: Sequence[Result]) -> dict[str, Any]:
    findings = [
        {
            "id": one.id,
            "severity": one.severity,
            "check": result.check,
            "what": one.what,
            "fix": one.fix,
        }
        for result in results
        for one in result.findings
    ]
    skipped = [{"check": one.check, "why": one.skipped} for one in results if one.skipped]
    return {
        "stack": stack,
        "checks": len(results),
        "faults": sum(one["severity"] == "fault" for one in findings),
        "warnings": sum(one["severity"] == "warning" for one in findings),
        "findings": findings,
        "skipped": skipped,
    }


def findings_text(document: dict[str, Any]) -> str:
    lines = [line for finding in document["findings"] for line in _lines(finding)]
    lines += [f"skipped  {one['check']}: {clean(one['why'])}" for one in document["skipped"]]
    return "\n".join([*lines, _summary(document)])


def _lines(finding: dict[str, str]) -> list[str]:
    severity = click.style(f"{finding['severity']:8}", fg=_COLORS[finding["severity"]])
    return [
        f"{severity} {finding['id']}: {clean(finding['what'])}",
        f"         fix: {clean(finding['fix'])}",
    ]


def _summary(document: dict[str, Any]) -> str:
    counts = [f"{document[name]} {name}" for name in ("faults", "warnings")]
    counts.append(f"{len(document['skipped'])} skipped")
    return f"{document['stack']}: {document['checks']} checks, {', '.join(counts)}"
