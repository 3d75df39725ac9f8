"""The command against the whole stack, as a person types it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from local.command_line import usage
from local.options import ROOT
from tests.support.stack import Driver

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def callscribe(driver: Driver, tmp_path: Path) -> Run:
    connection = driver.stack.connection
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "PYTHONPATH": str(ROOT),
        "CALLSCRIBE_API_URL": connection.api_url,
        "AWS_ENDPOINT_URL": connection.aws_endpoint_url,
        "AWS_ACCESS_KEY_ID": connection.access_key_id,
        "AWS_SECRET_ACCESS_KEY": connection.secret_access_key,
        "AWS_REGION": connection.region,
    }

    def run(*arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "callscribe_cli", *arguments],
            capture_output=True,
            text=True,
            env={**environment, **more},
            cwd=tmp_path,
            check=False,
            timeout=120,
        )

    return run


def test_call_from_the_number_to_the_files(driver: Driver, callscribe: Run, tmp_path: Path) -> None:
    number = driver.phone()
    called = callscribe("call", number, "--mode", "call", "--meta", "order=7", "--json")
    assert called.returncode == 0, called.stderr
    call = json.loads(called.stdout)
    call_id = call["call_id"]
    assert call["metadata"] == {"order": "7"}
    assert "Channel 1:" in callscribe("transcript", call_id).stdout
    assert callscribe("transcript", call_id, "--format", "vtt").stdout.startswith("WEBVTT")
    assert call_id in callscribe("list", "--limit", "200").stdout
    assert "recording_sid" in callscribe("show", call_id).stdout
    saved = callscribe("audio", call_id, "--out", "audio")
    assert Path(tmp_path, saved.stdout.strip()).read_bytes()[:4] == b"RIFF"
    exported = callscribe("export", "--since", "5m", "--out", "calls", "--format", "srt")
    assert exported.returncode == 0, exported.stderr
    assert "-->" in next((tmp_path / "calls").glob(f"*/{call_id}.srt")).read_text()
    assert callscribe("erase", call_id, "--yes").stdout == f"{call_id} erasing\n"
    gone = callscribe("transcript", call_id)
    assert (gone.returncode, gone.stdout) == (1, "")


def test_search_finds_what_was_said_until_it_is_erased(driver: Driver, callscribe: Run) -> None:
    number = driver.phone()
    call_id = driver.place(mode="message", to=number)["call_id"]
    driver.at_rest(call_id)
    driver.make_known(call_id)
    synced = callscribe("sync", "--json")
    assert synced.returncode == 0, synced.stderr
    index = Path(json.loads(synced.stdout)["index"])
    found = callscribe("search", "neighbor", "--json", "--number", number)
    [hit] = json.loads(found.stdout)["calls"]
    assert hit["call_id"] == call_id
    assert "neighbor" in hit["moments"][0]["parts"]
    assert number.encode() in index.read_bytes()
    assert callscribe("erase", call_id, "--yes").returncode == 0
    driver.make_known(call_id)
    assert json.loads(callscribe("sync", "--json").stdout)["removed"] == 1
    assert call_id not in callscribe("search", "neighbor").stdout
    assert number.encode() not in index.read_bytes()


def test_lines_that_the_local_stack_prints_lead_to_it(driver: Driver, tmp_path: Path) -> None:
    exported = usage(driver.stack.connection).splitlines()[0]
    ran = subprocess.run(
        ["/bin/sh", "-c", f'{exported}; "{sys.executable}" -m callscribe_cli list --limit 1'],
        capture_output=True,
        text=True,
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path), "PYTHONPATH": str(ROOT)},
        cwd=tmp_path,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr


def test_call_that_is_not_answered_has_no_transcript(driver: Driver, callscribe: Run) -> None:
    ended = callscribe("call", driver.phone("busy"))
    assert (ended.returncode, ended.stdout) == (1, "")
    assert "call is busy" in ended.stderr


def test_key_of_a_call_is_the_call(driver: Driver, callscribe: Run) -> None:
    number = driver.phone()
    again = ["call", number, "--no-wait", "--idempotency-key", f"again-{number}"]
    first, second = callscribe(*again), callscribe(*again)
    assert first.stdout == second.stdout != ""
    other = callscribe(*again, "--say", "Something else.")
    assert other.returncode == 1
    assert "--idempotency-key" in other.stderr


def test_kill_switch_refuses_calls(driver: Driver, callscribe: Run) -> None:
    assert callscribe("dialing", "stop", "--reason", "a test").returncode == 0
    try:
        refused = callscribe("call", driver.phone())
    finally:
        assert callscribe("dialing", "resume").returncode == 0
    assert refused.returncode == 1
    assert "a test" in refused.stderr
    assert "fix: callscribe dialing resume" in refused.stderr


def test_listed_number_is_not_called(driver: Driver, callscribe: Run) -> None:
    number = driver.phone()
    assert callscribe("do-not-call", "add", number).stdout == f"{number} never called\n"
    assert "fix: callscribe do-not-call remove" in callscribe("call", number).stderr
    assert callscribe("do-not-call", "remove", number).stdout == f"{number} may be called\n"


def test_scheduled_call_is_canceled(driver: Driver, callscribe: Run) -> None:
    placed = callscribe("call", driver.phone(), "--at", "2h")
    call_id = placed.stdout.strip()
    assert call_id in callscribe("list", "--scheduled").stdout
    assert callscribe("cancel", call_id).stdout == f"{call_id} canceled\n"


def test_import_runs_to_its_end(driver: Driver, callscribe: Run) -> None:
    begun = callscribe("import", "--since", "1m", "--no-wait")
    assert begun.returncode == 0, begun.stderr
    driver.reconcile()
    ended = json.loads(callscribe("import", begun.stdout.strip(), "--json").stdout)
    assert ended["status"] == "completed"


def test_bulk_retry_and_api_reach_their_routes(callscribe: Run) -> None:
    assert (
        json.loads(callscribe("retry", "--since", "1h", "--reason", "no_speech", "--json").stdout)[
            "retried"
        ]
        == 0
    )
    answer = callscribe("api", "GET", "/dialing", "--query", "stopped")
    assert answer.stdout == "false\n"


def test_unknown_stack_and_wrong_keys_are_told(callscribe: Run) -> None:
    unknown = callscribe("list", "--stack", "no-such-stack")
    assert (unknown.returncode, unknown.stdout) == (2, "")
    assert "no-such-stack" in unknown.stderr
    refused = callscribe("list", AWS_SECRET_ACCESS_KEY="another")
    assert refused.returncode == 4
    assert "fix: " in refused.stderr
