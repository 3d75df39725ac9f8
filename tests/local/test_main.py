"""`python -m local` and the demo as a person runs them: what they print, and that nothing stays."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import pytest
from botocore.credentials import Credentials

from cli.client import ApiClient
from local.options import ROOT
from local.stack import Connection
from tests.support.waiting import wait_until

pytestmark = pytest.mark.skipif(
    not Path("/proc").is_dir(), reason="left-over processes are looked for in /proc"
)


def processes_of(folder: Path) -> list[int]:
    """Everything that writes its log below ``folder``: MiniStack and the functions."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdecimal() and str(folder) in str((entry / "fd/1").readlink()):
                found.append(int(entry.name))
        except OSError:
            continue
    return found


@pytest.fixture
def started(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "local", "--json", "--work-folder", str(tmp_path)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        yield process
        process.kill()


def connection_of(process: subprocess.Popen[str]) -> dict[str, str]:
    assert process.stdout is not None
    connection: dict[str, str] = json.loads(process.stdout.readline())
    return connection


def ask(connection: dict[str, str]) -> None:
    """Starts a function."""
    credentials = Credentials(connection["access_key_id"], connection["secret_access_key"])
    client = ApiClient(connection["api_url"], credentials, connection["region"])
    assert client.send("GET", "/dialing").json()["stopped"] is False
    client.close()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_runs_until_it_is_stopped_and_leaves_nothing(
    started: subprocess.Popen[str], tmp_path: Path, number: signal.Signals
) -> None:
    connection = connection_of(started)
    assert list(connection) == [field.name for field in fields(Connection)]
    ask(connection)
    assert len(processes_of(tmp_path)) >= 2
    started.send_signal(number)
    assert started.wait(30) == 0
    assert processes_of(tmp_path) == []


def test_even_a_killed_stack_leaves_nothing(started: subprocess.Popen[str], tmp_path: Path) -> None:
    ask(connection_of(started))
    started.kill()
    started.wait(30)
    wait_until(lambda: processes_of(tmp_path) == [])


def test_real_vendor_without_its_keys_is_refused_by_name() -> None:
    command = [sys.executable, "-m", "local", "--twilio-api-url", "https://api.twilio.com"]
    environment = {k: v for k, v in os.environ.items() if not k.startswith("TWILIO")}
    answer = subprocess.run(
        command, cwd=ROOT, env=environment, check=False, capture_output=True, text=True
    )
    assert answer.returncode == 1
    assert "TWILIO_ACCOUNT_SID is not set" in answer.stderr


def test_interrupted_demo_leaves_nothing() -> None:
    command = [sys.executable, "-u", "-m", "cli.demo"]
    with subprocess.Popen(
        command,
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        assert process.stdout is not None
        lines = iter(process.stdout.readline, "")
        shown = next(line for line in lines if "in-progress" in line)
        assert " s  call" in shown
        # Ctrl-C reaches the whole foreground group
        os.killpg(process.pid, signal.SIGINT)
        _, said = process.communicate(timeout=60)
        assert process.returncode == 130, said
    wait_until(lambda: group_members(process.pid) == [])


def test_demo_that_is_kept_shows_how_to_look_at_it_until_ctrl_c(tmp_path: Path) -> None:
    command = [sys.executable, "-u", "-m", "cli.demo", "--mode", "message", "--keep"]
    with subprocess.Popen(
        command,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        assert process.stdout is not None
        shown = list(iter(process.stdout.readline, "  callscribe ui\n"))
        assert any("export CALLSCRIBE_API_URL=http://127.0.0.1:" in line for line in shown)
        assert json.loads((tmp_path / ".demo/result.json").read_text())["transcript_text"]
        os.killpg(process.pid, signal.SIGINT)
        assert process.wait(60) == 0
    wait_until(lambda: group_members(process.pid) == [])


def group_members(group: int) -> list[int]:
    members = []
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdecimal() and os.getpgid(int(entry.name)) == group:
                members.append(int(entry.name))
        except OSError:
            continue
    return members
