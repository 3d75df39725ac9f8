"""Every command against the double: what it sends, what it prints, how it ends."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest

from callscribe_cli.documents import FORMATS
from tests.cli.conftest import Callscribe
from tests.cli.double import DAY, ApiDouble, problem

C1, C2, C3 = (f"{number:032x}" for number in (1, 2, 3))
SID = "RE" + "0" * 32


def test_list_is_for_the_next_program(callscribe: Callscribe, double: ApiDouble) -> None:
    double.add_call(C1)
    double.add_call(C2, "busy", to_number=None)
    result = callscribe("list")
    lines = [line.split("\t") for line in result.out.splitlines()]
    assert [line[0] for line in lines] == [C1, C2]
    assert {len(line) for line in lines} == {7}
    assert lines[1][3:5] == ["", "busy"]
    assert [call["call_id"] for call in json.loads(callscribe("list", "--json").out)] == [C1, C2]
    assert callscribe("list", "--query", "[?status=='busy'].call_id | [0]").out == f"{C2}\n"


def test_list_goes_on_to_the_next_page_as_far_as_asked(
    callscribe: Callscribe, double: ApiDouble
) -> None:
    double.page_size = 2
    for number in range(7):
        double.add_call(f"{number:032x}")
    assert len(callscribe("list", "--limit", "3").out.splitlines()) == 3
    assert double.asked("GET", "/calls") == 2
    assert len(callscribe("list", "--all").out.splitlines()) == 7


def test_list_filters(callscribe: Callscribe, double: ApiDouble) -> None:
    double.add_call(C1)
    result = callscribe("list", "--date", DAY, "--status", "completed", "--limit", "5")
    assert double.seen[-1][2] == {"date": DAY, "status": "completed", "limit": "5"}
    assert C1 in result.out
    empty = callscribe("list", "--status", "busy")
    assert (empty.code, empty.out, empty.err) == (0, "", "no calls\n")
    assert callscribe("list", "--status", "busy", "--json").out == "[]\n"
    assert callscribe("list", "--scheduled", "--status", "busy").code == 2


def test_scheduled_call_is_listed_and_canceled(callscribe: Callscribe, double: ApiDouble) -> None:
    callscribe("call", "+14155550100", "--at", "2h")
    assert C1 in callscribe("list", "--scheduled").out
    assert callscribe("cancel", C1).out == f"{C1} canceled\n"


def test_show_names_the_error(callscribe: Callscribe, double: ApiDouble) -> None:
    error = {"code": "no_speech", "message": "there was no speech", "retryable": False}
    double.add_call(C1, metadata={"order": "7"})
    double.add_transcript(C1, "Hello.")
    double.calls[C1]["recordings"][0]["error"] = error
    shown = callscribe("show", C1).out
    assert "no_speech: there was no speech (not retryable)" in shown
    assert "order=7" in shown
    assert "Hello." in shown


def test_unknown_call_is_told(callscribe: Callscribe) -> None:
    for command in ("show", "transcript", "wait", "erase"):
        result = callscribe(command, C1, *(["--yes"] if command == "erase" else []))
        assert (result.code, result.out) == (1, ""), command
        assert "callscribe list" in result.fix


@pytest.mark.parametrize("form", ["txt", "srt", "vtt"])
def test_transcript_is_passed_on_as_it_came(
    callscribe: Callscribe, double: ApiDouble, form: str
) -> None:
    double.add_call(C1)
    double.add_transcript(C1, "Grüße, 世界.")
    assert callscribe("transcript", C1, "--format", form).out == f"{form}: Grüße, 世界.\n"


def test_transcript_as_json(callscribe: Callscribe, double: ApiDouble) -> None:
    double.add_call(C1)
    double.add_transcript(C1, "One.", "Two.")
    assert (
        json.loads(callscribe("transcript", C1, "--format", "json").out) == double.transcripts[C1]
    )
    texts = callscribe("transcript", C1, "--query", "recordings[].segments[].text")
    assert json.loads(texts.out) == ["One.", "Two."]


def test_transcript_is_written_in_every_format(
    callscribe: Callscribe, double: ApiDouble, home: Path
) -> None:
    double.add_call(C1)
    double.add_transcript(C1, "One.", "Two.")
    for form in FORMATS:
        result = callscribe("transcript", C1, "--format", form, "--out", f"deep/call.{form}")
        assert (result.code, result.out) == (0, f"deep/call.{form}\n"), result.err
    folder = home / "work/deep"
    assert (folder / "call.srt").read_text() == "srt: One. Two.\n"
    assert json.loads((folder / "call.json").read_text()) == double.transcripts[C1]
    assert "Two." in (folder / "call.csv").read_text("utf-8-sig")
    assert ZipFile(folder / "call.docx").read("word/document.xml").count(b"<w:p>") > 1
    assert callscribe("transcript", C1, "--json", "--out", "call.json").code == 2


def test_table_is_printed_as_it_is_written(callscribe: Callscribe, double: ApiDouble) -> None:
    double.add_call(C1)
    double.add_transcript(C1, "One.", "Two.")
    lines = callscribe("transcript", C1, "--format", "csv").out.splitlines()
    assert [line.rsplit(",", 1)[1] for line in lines] == ["text", "One.", "Two."]


def test_refused_transcript_leaves_no_file(callscribe: Callscribe, home: Path) -> None:
    assert callscribe("transcript", C1, "--format", "docx", "--out", "call.docx").code == 1
    assert list((home / "work").iterdir()) == []


def test_transcript_that_is_not_ready_is_told(callscribe: Callscribe, double: ApiDouble) -> None:
    double.add_call(C1, "in-progress")
    result = callscribe("transcript", C1)
    assert (result.code, result.out, result.fix) == (1, "", "fix: callscribe wait ID")


def test_retry_of_one_call(callscribe: Callscribe) -> None:
    result = callscribe("retry", C1)
    assert f"{SID} retried" in result.out
    assert "not retried: there was no speech" in result.out


def test_bulk_retry_goes_on_to_the_end(callscribe: Callscribe, double: ApiDouble) -> None:
    double.retries = [
        {"retried": 200, "refused": {"no_speech": 2}, "next_since": f"{DAY}T11:00:00Z"},
        {"retried": 7, "refused": {"no_speech": 1, "audio_too_short": 1}, "next_since": None},
    ]
    result = callscribe("retry", "--since", DAY, "--kind", "audio", "--json")
    expected = {"retried": 207, "refused": {"no_speech": 3, "audio_too_short": 1}}
    assert json.loads(result.out) == expected
    bodies: list[Any] = [body for _, _, _, body in double.seen]
    assert [body["since"] for body in bodies] == [f"{DAY}T00:00:00Z", f"{DAY}T11:00:00Z"]


@pytest.mark.parametrize("arguments", [[], [C1, "--since", DAY], ["--until", DAY]])
def test_retry_is_of_one_or_of_many(callscribe: Callscribe, arguments: list[str]) -> None:
    assert callscribe("retry", *arguments).code == 2


def test_erasing_asks_only_people(callscribe: Callscribe, double: ApiDouble) -> None:
    double.add_call(C1)
    refused = callscribe("erase", C1, stdin=b"y\n")
    assert (refused.code, double.seen) == (2, [])
    assert "--yes" in refused.err
    assert callscribe("erase", C1, "--yes").out == f"{C1} erasing\n"


def test_erasing_that_fails_in_the_midst_tells_how_far_it_came(
    callscribe: Callscribe, double: ApiDouble
) -> None:
    double.add_call(C1)
    result = callscribe("erase", C1, C2, C3, "--yes")
    assert result.code == 1
    assert f"1 of 3 are being erased; then {C2}:" in result.err


def test_erasing_a_number_goes_on_to_the_end(callscribe: Callscribe, double: ApiDouble) -> None:
    double.erasures = [
        {"erasing": [C1], "under_way": [C3], "more": True},
        {"erasing": [C2], "under_way": [C3], "more": False},
    ]
    result = callscribe("erase", "--number", "+14155550100", "--yes", "--json")
    assert json.loads(result.out) == {"erasing": [C1, C2], "under_way": [C3]}
    assert callscribe("erase", "--yes").code == 2
    assert callscribe("erase", C1, "--number", "+14155550100", "--yes").code == 2


def test_kill_switch(callscribe: Callscribe, double: ApiDouble) -> None:
    assert "allowed" in callscribe("dialing", "status").out
    assert callscribe("dialing", "stop").code == 2
    stopped = callscribe("dialing", "stop", "--reason", "a key was leaked")
    assert "stopped" in stopped.out
    assert "a key was leaked" in stopped.out
    assert double.dialing["stopped"] is True
    callscribe("dialing", "resume")
    assert double.dialing["stopped"] is False


def test_do_not_call_list(callscribe: Callscribe, double: ApiDouble) -> None:
    added = callscribe("do-not-call", "add", "+14155550100", "+14155550101")
    assert added.out == "+14155550100 never called\n+14155550101 never called\n"
    assert [path for _, path, _, _ in double.seen] == [
        "/do-not-call/+14155550100",
        "/do-not-call/+14155550101",
    ]
    removed = callscribe("do-not-call", "remove", "+14155550100", "--json")
    assert json.loads(removed.out) == [{"phone_number": "+14155550100", "listed": False}]


def test_import_is_watched_to_its_end(callscribe: Callscribe, double: ApiDouble) -> None:
    def meanwhile(now: float) -> None:
        found = next(iter(double.imports.values()))
        found |= {"seen": int(now), "status": "completed" if now >= 60 else "running"}

    callscribe.meanwhile = meanwhile
    result = callscribe("import", "--since", DAY)
    assert result.code == 0
    assert "seen       60" in result.out
    assert "seen 30, 0 of them new, 30 s so far" in result.err
    assert double.seen[0][3] == {"since": f"{DAY}T00:00:00Z"}


def test_import_is_left_and_taken_up_again(callscribe: Callscribe, double: ApiDouble) -> None:
    def interrupt(_: float) -> None:
        raise KeyboardInterrupt

    callscribe.meanwhile = interrupt
    left = callscribe("import", "--since", "30d")
    import_id = next(iter(double.imports))
    assert (left.code, left.fix) == (
        130,
        f"fix: the import goes on; callscribe import {import_id}",
    )
    double.imports[import_id] |= {"status": "failed", "error_message": "Twilio said no"}
    failed = callscribe("import", import_id)
    assert failed.code == 1
    assert "Twilio said no" in failed.err
    assert double.asked("POST", "/imports") == 1
    assert callscribe("import").code == 2
    assert callscribe("import", import_id, "--no-wait").out == f"{import_id}\n"


def test_api_reaches_every_route(callscribe: Callscribe, double: ApiDouble) -> None:
    double.add_call(C1)
    assert (
        json.loads(callscribe("api", "get", "/calls", "-f", "limit=1").out)["next_cursor"] is None
    )
    assert double.seen[-1][2] == {"limit": "1"}
    stopped = callscribe("api", "PUT", "dialing", "-f", "stopped=true", "-f", "reason=a leak")
    assert json.loads(stopped.out)["stopped"] is True
    placed = callscribe("api", "POST", "/calls", "-f", "to=+14155550100", "--query", "call_id")
    assert placed.out == f"{C1}\n"
    double.fault("POST", "/calls", done=True)
    callscribe("api", "POST", "/calls", "-f", 'to="+14155550101"')
    assert double.dialed == 2


def test_api_prints_the_problem_too(callscribe: Callscribe, double: ApiDouble) -> None:
    result = callscribe("api", "GET", f"/calls/{C1}")
    assert result.code == 1
    assert json.loads(result.out)["type"] == "urn:callscribe:problem:not-found"
    assert callscribe("api", "GET", "https://elsewhere.example/calls").code == 2
    assert callscribe("api", "PATCH", "/calls").code == 2


def test_api_takes_its_body_from_standard_input(callscribe: Callscribe, double: ApiDouble) -> None:
    body = b'{"stopped": false, "reason": "gone"}'
    assert callscribe("api", "PUT", "/dialing", "--input", "-", stdin=body).code == 0
    assert double.dialing["reason"] == "gone"


def test_throttling_is_waited_for(callscribe: Callscribe, double: ApiDouble) -> None:
    too_many = problem(429, "x")
    throttled = type(too_many)(status=429, body=b'{"message": "Too Many Requests"}')
    double.fault("POST", "/erasures", throttled)
    double.erasures = [{"erasing": [], "under_way": [], "more": False}]
    assert callscribe("erase", "--number", "+14155550100", "--yes").code == 0
    assert callscribe.slept == [0.5]


def test_query_that_does_not_fit_is_told(callscribe: Callscribe, double: ApiDouble) -> None:
    double.add_call(C1)
    result = callscribe("list", "--query", "sum([].call_id)")
    assert (result.code, result.out) == (1, "")
    assert "--query" in result.fix


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_names_the_command(callscribe: Callscribe, shell: str) -> None:
    result = callscribe("completion", shell)
    assert (result.code, "_CALLSCRIBE_COMPLETE" in result.out) == (0, True)


def test_text_of_a_call_cannot_steer_the_terminal(
    callscribe: Callscribe, double: ApiDouble
) -> None:
    double.add_call(C1, metadata={"name": "\x1b]0;owned\x07\x9b2J"})
    shown = callscribe("show", C1).out
    assert "name=\ufffd]0;owned\ufffd\ufffd2J" in shown
    double.fault("GET", "/calls", problem(400, "invalid-input", detail="\x1b[2J"))
    assert "\x1b" not in callscribe("list").err


def test_arguments_that_are_no_text_are_an_error_in_words(callscribe: Callscribe) -> None:
    odd = os.fsdecode(b"\xff\xfe")
    assert callscribe("show", odd).code == 1
    assert callscribe("api", "GET", "/calls", "-f", f"cursor={odd}").code in (0, 1)


def test_version_and_unknown_command(callscribe: Callscribe) -> None:
    assert callscribe("--version").out.startswith("callscribe")
    unknown = callscribe("cal")
    assert (unknown.code, unknown.fix) == (2, "fix: callscribe --help")
    assert not sys.stdout.isatty()
