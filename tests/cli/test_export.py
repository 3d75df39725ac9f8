"""An export is whole or goes on; what was erased is told."""

from __future__ import annotations

import csv
import io
import json
import sys
import time
import zipfile
from pathlib import Path
from typing import Any

import pytest

from callscribe_cli.documents import FORMATS, csv_of, csv_of_segments, docx_of
from callscribe_cli.files import write_whole
from tests.cli.conftest import Callscribe
from tests.cli.double import DAY, ApiDouble, problem

COMMAND = ("export", "--since", "2026-11-19", "--until", "2026-11-22", "--out", "out")
OUT = Path("out")


def calls(double: ApiDouble, number: int) -> list[str]:
    ids = [f"{one:032x}" for one in range(1, number + 1)]
    for one in ids:
        double.add_call(one)
        double.add_transcript(one, "Hello.", "Goodbye.")
    return ids


def index() -> list[dict[str, str]]:
    return list(csv.DictReader((OUT / "calls.csv").read_text("utf-8-sig").splitlines()))


def test_every_format_is_written(callscribe: Callscribe, double: ApiDouble) -> None:
    one = calls(double, 1)[0]
    formats = [word for form in FORMATS for word in ("--format", form)]
    result = callscribe(*COMMAND, *formats, "--json")
    assert json.loads(result.out) == {"folder": "out", "calls": 1, "transcripts": {"exported": 1}}
    assert sorted(path.name for path in (OUT / DAY).iterdir()) == sorted(
        f"{one}.{f}" for f in FORMATS
    )
    assert (OUT / DAY / f"{one}.srt").read_text() == "srt: Hello. Goodbye.\n"
    assert json.loads((OUT / DAY / f"{one}.json").read_text()) == double.transcripts[one]
    assert "Goodbye." in (OUT / DAY / f"{one}.csv").read_text("utf-8-sig")
    # the JSON once for itself, once for what is made of it
    assert double.asked("GET", f"/calls/{one}/transcript") == 5


def test_all_pages_of_all_days_are_there(callscribe: Callscribe, double: ApiDouble) -> None:
    ids = calls(double, 9)
    double.page_size = 2
    for one, day in zip(ids, ("19", "20", "21") * 3, strict=True):
        double.calls[one]["created_at"] = f"2026-11-{day}T23:59:59.999Z"
    double.calls[ids[0]]["created_at"] = "2026-11-18T23:59:59.999Z"
    assert callscribe(*COMMAND).code == 0
    assert {row["call_id"] for row in index()} == set(ids[1:])
    assert [row["created_at"] for row in index()] == sorted(row["created_at"] for row in index())
    assert len(list(OUT.glob("*/*.txt"))) == 8


def test_second_run_fetches_nothing(callscribe: Callscribe, double: ApiDouble) -> None:
    calls(double, 3)
    callscribe(*COMMAND)
    asked = double.asked("GET", ".*/transcript")
    again = callscribe(*COMMAND)
    assert "already here  3" in again.out
    assert double.asked("GET", ".*/transcript") == asked
    callscribe(*COMMAND, "--format", "vtt", "--format", "txt")
    assert double.asked("GET", ".*/transcript") == asked + 3


def test_error_in_the_midst_loses_nothing(callscribe: Callscribe, double: ApiDouble) -> None:
    ids = calls(double, 20)
    double.fault("GET", f"/calls/{ids[9]}/transcript", problem(403, "not-signed"))
    assert callscribe(*COMMAND).code == 1
    whole = list(OUT.glob("*/*"))
    assert 0 < len(whole) < 40
    assert not [path for path in whole if path.name.startswith(".")]
    asked = double.asked("GET", ".*/transcript")
    assert callscribe(*COMMAND).code == 0
    assert len(list(OUT.glob("*/*"))) == 40
    # each file once, and the one that was refused again
    assert double.asked("GET", ".*/transcript") <= asked + 40 - len(whole) + 1


def test_ctrl_c_in_the_midst_says_how_to_go_on(callscribe: Callscribe, double: ApiDouble) -> None:
    calls(double, 3)

    def interrupt(_: float) -> None:
        raise KeyboardInterrupt

    callscribe.meanwhile = interrupt
    double.fault("GET", "/calls", problem(503, "try-later"))
    result = callscribe(*COMMAND)
    assert result.code == 130
    assert "run the same command again" in result.fix
    assert callscribe(*COMMAND).code == 0


def test_calls_without_a_transcript_are_in_the_list(
    callscribe: Callscribe, double: ApiDouble
) -> None:
    calls(double, 1)
    for number, status in enumerate(("busy", "in-progress", "scheduled", "erased"), start=2):
        double.add_call(f"{number:032x}", status)
    assert callscribe(*COMMAND).code == 0
    found = {row["status"]: row["transcript"] for row in index()}
    assert found == {
        "completed": "exported",
        "busy": "none",
        "in-progress": "not ready",
        "scheduled": "not ready",
        "erased": "erased",
    }


def test_list_keeps_what_an_earlier_export_found(callscribe: Callscribe, double: ApiDouble) -> None:
    ids = calls(double, 2)
    callscribe(*COMMAND)
    del double.calls[ids[0]]
    double.calls[ids[1]]["status"] = "erased"
    callscribe(*COMMAND)
    assert [(row["call_id"], row["status"]) for row in index()] == [
        (ids[0], "completed"),
        (ids[1], "erased"),
    ]


def test_files_of_erased_calls_are_named_and_deleted_if_wanted(
    callscribe: Callscribe, double: ApiDouble
) -> None:
    one = calls(double, 1)[0]
    callscribe(*COMMAND)
    double.calls[one]["status"] = "erasing"
    assert "2 files here are of calls that were erased" in callscribe(*COMMAND).err
    assert len(list(OUT.glob("*/*"))) == 2
    callscribe(*COMMAND, "--prune")
    assert list(OUT.glob("*/*")) == []


def test_unwritable_folder_is_told(callscribe: Callscribe, double: ApiDouble) -> None:
    calls(double, 1)
    OUT.mkdir()
    (OUT / DAY).write_text("a file where a folder should be")
    result = callscribe(*COMMAND)
    assert result.code == 1
    assert "free space" in result.fix


def test_time_range_must_be_one(callscribe: Callscribe) -> None:
    backwards = ("export", "--since", "2026-11-22", "--until", "2026-11-21", "--out", "out")
    assert callscribe(*backwards).code == 2
    assert callscribe("export", "--out", "out").code == 2
    assert not OUT.exists()


def test_file_is_whole_or_not_there(tmp_path: Path) -> None:
    target = tmp_path / "folder.txt"
    target.mkdir()
    with pytest.raises(OSError, match=r"folder\.txt"):
        write_whole(target, b"x")
    assert [path.name for path in tmp_path.iterdir()] == ["folder.txt"]


def transcript(*texts: str) -> dict[str, Any]:
    segments = [
        {"start_ms": 3_723_000, "end_ms": 3_724_000, "speaker_name": "Channel 1", "text": text}
        for text in texts
    ]
    recording = {"recording_sid": "RE0", "segments": segments}
    return {"call_id": "c", "recordings": [recording]}


def test_word_document_names_the_speaker_once() -> None:
    content = docx_of(transcript("Hello <b>&\x00\x0b\ud800", "Goodbye, 世界."))
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        text = archive.read("word/document.xml").decode()
    assert "Hello &lt;b&gt;&amp;\ufffd\ufffd\ufffd" in text
    assert "世界" in text
    assert "01:02:03" in text
    assert text.count("Channel 1") == 1


def test_long_document_is_made_in_seconds() -> None:
    began = time.process_time()
    docx_of(transcript(*["twenty words " * 10] * 2000))
    assert time.process_time() - began < 15


def test_spreadsheet_finds_no_formula() -> None:
    text = csv_of_segments(
        transcript("=cmd|' /C calc'!A0", "@SUM(1)", "-5 degrees", "+1415")
    ).decode()
    assert "'=cmd" in text
    assert "'@SUM" in text
    assert ",-5 degrees" in text
    assert ",+1415" in text
    assert csv_of(("a",), [[None]]).startswith(b"\xef\xbb\xbf")


def test_word_library_is_loaded_only_for_documents(
    callscribe: Callscribe, double: ApiDouble, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "docx", None)
    calls(double, 1)
    assert callscribe(*COMMAND).code == 0
