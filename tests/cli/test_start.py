"""The installed command as a person starts it: how soon, on a terminal, into a pipe."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import click
import pytest

from callscribe_cli.commands import COMMANDS
from callscribe_cli.main import cli
from local.options import ROOT
from tests.cli.conftest import Callscribe
from tests.cli.double import DAY, ApiDouble
from tests.support.waiting import wait_until

COMMAND = [sys.executable, "-m", "callscribe_cli"]
# what only a request or a format needs
LATE = ("botocore", "boto3", "urllib3", "jmespath", "docx", "concurrent.futures", "tomllib", "ssl")
C1 = "c1" * 16
NONE: Mapping[str, str] = {}


def environment(**more: str) -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    return {**kept, "PYTHONPATH": os.pathsep.join([str(ROOT), *filter(None, sys.path)]), **more}


def loaded_by(*arguments: str) -> set[str]:
    """The modules that one run of the command imports."""
    code = (
        f"import sys; from callscribe_cli.main import main; main({list(arguments)!r});"
        "print(*sys.modules, file=sys.stderr)"
    )
    command = [sys.executable, "-c", code]
    ran = subprocess.run(command, capture_output=True, text=True, env=environment(), check=True)
    return set(ran.stderr.split())


@pytest.mark.parametrize("asked", [["--help"], ["export", "--help"]])
def test_help_loads_nothing_that_is_slow(asked: list[str]) -> None:
    """How long it takes is measured by `make bench-command-line`."""
    loaded = loaded_by(*asked)
    assert {name for name in LATE if name in loaded} == set()
    outside = {name.split(".")[0] for name in loaded} - {*sys.stdlib_module_names, "__main__"}
    assert {name for name in outside if not name.startswith("_")} == {"callscribe_cli", "click"}


def test_command_loads_no_other_command() -> None:
    modules = {name for name in loaded_by("show", "--help") if "callscribe_cli.commands." in name}
    assert modules == {"callscribe_cli.commands.calls"}


def test_every_command_is_where_the_table_says() -> None:
    context = click.Context(cli)
    found = {name: cli.get_command(context, name) for name in cli.list_commands(context)}
    assert {name: command.name for name, command in found.items() if command} == {
        name: name for name in COMMANDS
    }


def test_command_that_is_mistyped_is_guessed(callscribe: Callscribe) -> None:
    result = callscribe("transcrpt")
    assert (result.code, result.fix) == (2, "fix: callscribe --help")
    assert "transcript" in result.err


def on_terminal(*arguments: str, code: int = 0, more: Mapping[str, str] = NONE) -> str:
    leader, follower = pty.openpty()
    with subprocess.Popen(
        [*COMMAND, *arguments], stdout=follower, stderr=follower, env=environment(**more)
    ) as process:
        os.close(follower)
        shown = b""
        while True:
            try:
                shown += (chunk := os.read(leader, 65536))
            except OSError:
                break
            if not chunk:
                break
    os.close(leader)
    assert process.returncode == code, shown
    return shown.decode()


@pytest.mark.usefixtures("callscribe")
def test_terminal_gets_a_table_and_colors(double: ApiDouble) -> None:
    double.add_call(C1)
    shown = on_terminal("list", more={"TERM": "xterm"})
    assert "CALL " in shown
    assert "\x1b[32mcompleted" in shown
    for plain in ({"NO_COLOR": "1"}, {"TERM": "dumb"}):
        assert "\x1b[3" not in on_terminal("list", more={"TERM": "xterm", **plain})


@pytest.mark.usefixtures("callscribe")
def test_word_document_goes_into_a_pipe_and_not_to_a_terminal(double: ApiDouble) -> None:
    double.add_call(C1)
    double.add_transcript(C1, "Hello.")
    asked = ["transcript", C1, "--format", "docx"]
    piped = subprocess.run([*COMMAND, *asked], capture_output=True, env=environment(), check=True)
    assert piped.stdout.startswith(b"PK")
    assert "--out FILE.docx" in on_terminal(*asked, code=2)


def test_pipe_that_is_closed_is_no_error(callscribe: Callscribe, double: ApiDouble) -> None:
    for number in range(2000):
        double.add_call(f"{number:032x}")
    with subprocess.Popen(
        [*COMMAND, "list", "--all"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(),
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == ""
    assert callscribe.slept == []


@pytest.mark.usefixtures("callscribe")
def test_real_ctrl_c_ends_the_waiting(double: ApiDouble) -> None:
    double.add_call(C1, "in-progress")
    with subprocess.Popen(
        [*COMMAND, "wait", C1], stderr=subprocess.PIPE, env=environment(), text=True
    ) as process:
        assert process.stderr is not None
        assert "in-progress" in process.stderr.readline()
        process.send_signal(signal.SIGINT)
        rest = process.stderr.read()
    assert process.returncode == 130
    assert rest == f"error: stopped\nfix: callscribe wait {C1}\n"


@pytest.mark.usefixtures("callscribe")
def test_real_ctrl_c_leaves_no_half_file(double: ApiDouble) -> None:
    for number in range(200):
        double.add_call(f"{number:032x}")
        double.add_transcript(f"{number:032x}", "Hello.")
    command = [*COMMAND, "export", "--since", DAY, "--until", "2026-11-21", "--out", "out"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment(), text=True
    ) as process:
        wait_until(lambda: len(list(Path("out").glob("*/*"))) > 10)
        process.send_signal(signal.SIGINT)
        _, told = process.communicate()
    assert process.returncode == 130, told
    assert told == "error: stopped\nfix: run the same command again: it goes on where it stopped\n"
    found = list(Path("out").glob("*/*"))
    assert len(found) < 400
    assert {path.suffix for path in found} == {".txt", ".json"}
    assert all(path.read_bytes() for path in found)
    again = subprocess.run(command, capture_output=True, env=environment(), check=True)
    assert b"already here" in again.stdout
    assert len(list(Path("out").glob("*/*"))) == 400


def test_completion_is_what_the_shell_asks_for(tmp_path: Path) -> None:
    asked = {
        "_CALLSCRIBE_COMPLETE": "bash_complete",
        "COMP_WORDS": "callscribe tr",
        "COMP_CWORD": "1",
    }
    ran = subprocess.run(
        COMMAND, capture_output=True, text=True, env=environment(**asked), cwd=tmp_path, check=False
    )
    assert ran.stdout == "plain,transcript\n"
