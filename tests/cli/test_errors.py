"""Every error has its fix, and every fix names what there is."""

from __future__ import annotations

import re
import time
from email.utils import formatdate

import click
import pytest

from callscribe.api.problems import TITLES
from callscribe_cli.errors import _CODE_FIXES, _KIND_FIXES, RefusedError
from callscribe_cli.main import cli
from callscribe_cli.messages import Answer, clock_skew
from callscribe_cli.progress import Progress, span
from local.options import ROOT

# answered to the vendors only
NOT_OURS = {"not-signed"}
# those that are written where they are raised
FIXES = [
    fix
    for path in (ROOT / "callscribe_cli").rglob("*.py")
    for fix in re.findall(r'(?:fix=|stoppable\()f?"([^"]+)"', path.read_text())
]


def test_every_problem_has_its_fix() -> None:
    assert set(TITLES) - NOT_OURS == set(_KIND_FIXES)


def test_codes_with_a_fix_exist() -> None:
    documented = (ROOT / "docs/api.md").read_text()
    assert [code for code in _CODE_FIXES if f"`{code}`" not in documented] == []


def test_commands_and_options_that_fixes_name_exist() -> None:
    fixes = " ".join([*_CODE_FIXES.values(), *_KIND_FIXES.values(), *FIXES])
    commands = {name.split()[0] for name, _ in walk(cli)}
    options = {option for _, command in walk(cli) for p in command.params for option in p.opts}
    named = set(re.findall(r"callscribe ([a-z][a-z-]+)", fixes))
    assert len(named) >= 5
    assert named <= commands
    assert set(re.findall(r"--[a-z-]+", fixes)) <= options | {"--help"}


def walk(group: click.Group, prefix: str = "") -> list[tuple[str, click.Command]]:
    found = []
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        found.append((f"{prefix}{name}", command))
        if isinstance(command, click.Group):
            found += walk(command, f"{prefix}{name} ")
    return found


def test_every_command_says_what_it_does() -> None:
    assert [name for name, command in walk(cli) if not command.help] == []


@pytest.mark.parametrize("status", [400, 404, 418, 429, 500, 503])
@pytest.mark.parametrize(
    "body",
    [b"", b"<html>", b"[]", b'"x"', b'{"message": null}', b'{"errors": 7}', b'{"errors": [1]}'],
)
def test_any_answer_is_an_error_in_words(status: int, body: bytes) -> None:
    answer = Answer(status, {}, body)
    error = RefusedError(status, answer.document(), answer.retry_after)
    assert f"HTTP {status}" in str(error)
    assert error.fix


def test_clock_that_is_off_is_seen() -> None:
    answer = Answer(403, {"date": formatdate(time.time() - 600, usegmt=True)}, b"")
    assert clock_skew(answer) == pytest.approx(600, abs=5)
    assert clock_skew(Answer(403, {}, b"")) is None
    assert clock_skew(Answer(403, {"date": "yesterday"}, b"")) is None


def test_estimate_is_made_of_what_was_done(capsys: pytest.CaptureFixture[str]) -> None:
    now = [0.0]
    progress = Progress("exporting: call", 300, clock=lambda: now[0])
    progress.update(1)
    assert capsys.readouterr().err == ""
    now[0] = 60.0
    progress.update(100, "c7")
    assert capsys.readouterr().err == "exporting: call 100 of 300, c7, about 2 min left\n"
    assert [span(s) for s in (3, 89, 120, 5400, 7500)] == [
        "3 s",
        "89 s",
        "2 min",
        "1 h 30 min",
        "2 h 05 min",
    ]
