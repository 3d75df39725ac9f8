"""`callscribe sync` and `callscribe search`, against a stack whose calls change, fail and are erased."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path
from typing import Any

import pytest

from callscribe_cli.ui_backend import search_in
from callscribe_cli.ui_replies import ForwardError
from tests.cli.conftest import Callscribe
from tests.cli.double import ApiDouble, problem


@pytest.fixture
def data(home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("XDG_DATA_HOME", raising=False)
    return home / ".local/share/callscribe"


def ended(double: ApiDouble, number: int, *texts: str, **more: Any) -> str:
    """A call that ended, and is in the feed."""
    call_id = f"{number:032x}"
    double.add_call(call_id, **more)
    if texts:
        double.add_transcript(call_id, *texts)
    double.changed.append(call_id)
    return call_id


def erase(double: ApiDouble, call_id: str) -> None:
    double.add_call(call_id, "erased", to_number=None)
    del double.transcripts[call_id]
    double.changed.append(call_id)


def hits(callscribe: Callscribe, *arguments: str) -> list[str]:
    result = callscribe("search", *arguments, "--query", "calls[].call_id")
    assert result.code == 0, result.err
    return list(json.loads(result.out))


def synced(callscribe: Callscribe, *arguments: str) -> dict[str, object]:
    result = callscribe("sync", *arguments, "--json")
    assert result.code == 0, result.err
    return dict(json.loads(result.out))


def test_what_was_said_is_found_with_its_moment(
    callscribe: Callscribe, double: ApiDouble, data: Path
) -> None:
    call_id = ended(double, 1, "Hello.", "I want a refund, please.", from_number="+493012340177")
    ended(double, 2, "Goodbye.")
    ended(double, 3)
    counts = synced(callscribe)
    assert (counts["calls"], counts["indexed"], counts["removed"]) == (2, 2, 0)
    result = callscribe("search", "refund")
    line = "\t".join(
        (call_id, "2026-11-20T10:00:00.000Z", "00:00:01", "Channel 2", "I want a refund, please.")
    )
    assert result.out == f"{line}\n"
    [call] = json.loads(callscribe("search", "REFUND hello", "--json").out)["calls"]
    assert call["from_number"] == "+493012340177"
    assert [one["at_ms"] for one in call["moments"]] == [0, 1000]
    assert call["moments"][1]["parts"] == ["I want a ", "refund", ", please."]


def test_filters(callscribe: Callscribe, double: ApiDouble, data: Path) -> None:
    old = ended(double, 1, "refund", created_at="2026-11-01T10:00:00.000Z")
    new = ended(double, 2, "refund", to_number="+493012340177", status="failed")
    synced(callscribe)
    assert set(hits(callscribe, "refund")) == {old, new}
    assert hits(callscribe, "refund", "--number", "0177") == [new]
    assert hits(callscribe, "refund", "--status", "failed") == [new]
    assert hits(callscribe, "refund", "--since", "2026-11-10") == [new]
    assert hits(callscribe, "refund", "--until", "2026-11-10") == [old]
    refused = callscribe("search", "refund", "--number", "none")
    assert (refused.code, refused.out) == (2, "")


def test_no_hit_is_no_error_and_more_hits_are_told(
    callscribe: Callscribe, double: ApiDouble, data: Path
) -> None:
    for number in range(3):
        ended(double, number, "refund")
    synced(callscribe)
    nothing = callscribe("search", "'")
    assert (nothing.code, nothing.out) == (0, "")
    assert "nothing found" in nothing.err
    assert "2 more calls" in callscribe("search", "refund", "--limit", "1").err


def test_the_next_sync_asks_for_what_is_new(
    callscribe: Callscribe, double: ApiDouble, data: Path
) -> None:
    first, second = ended(double, 1, "one"), ended(double, 2, "two")
    synced(callscribe)
    double.seen.clear()
    third = ended(double, 3, "three")
    double.add_transcript(first, "changed")
    double.changed.append(first)
    assert synced(callscribe)["indexed"] == 2
    assert double.seen[0][2]["since"] == "2"
    assert double.asked("GET", f"/calls/{second}/transcript") == 0
    assert hits(callscribe, "one") == []
    assert (hits(callscribe, "changed"), hits(callscribe, "three")) == ([first], [third])


def test_an_erasure_reaches_the_file(callscribe: Callscribe, double: ApiDouble, data: Path) -> None:
    call_id = ended(double, 1, "zanzibarisch", to_number="+493012340177")
    ended(double, 2, "hello")
    synced(callscribe)
    [file] = data.iterdir()
    assert b"zanzibarisch" in file.read_bytes()
    erase(double, call_id)
    assert synced(callscribe)["removed"] == 1
    assert hits(callscribe, "zanzibarisch") == []
    for left in data.iterdir():
        assert not [one for one in (b"zanzibar", b"12340177") if one in left.read_bytes()]


def test_an_erasure_while_its_transcript_is_asked_for(
    callscribe: Callscribe, double: ApiDouble, data: Path
) -> None:
    call_id = ended(double, 1, "zanzibarisch")
    synced(callscribe)
    double.changed.append(call_id)
    double.fault("GET", f"/calls/{call_id}/transcript", problem(404, "not-found"))
    assert synced(callscribe)["removed"] == 1
    assert hits(callscribe, "zanzibarisch") == []


def test_a_retry_under_way_leaves_what_there_was(
    callscribe: Callscribe, double: ApiDouble, data: Path
) -> None:
    call_id = ended(double, 1, "refund")
    synced(callscribe)
    double.calls[call_id]["transcript_status"] = "pending"
    double.changed.append(call_id)
    synced(callscribe)
    assert hits(callscribe, "refund") == [call_id]
    double.calls[call_id]["transcript_status"] = "failed"
    double.changed.append(call_id)
    assert synced(callscribe)["removed"] == 1


def test_what_the_stack_keeps_no_longer_goes(
    callscribe: Callscribe, double: ApiDouble, data: Path
) -> None:
    double.retention_days = 30
    ended(double, 1, "refund")
    scheduled = ended(double, 2, "refund", place_at="2026-12-10T10:00:00.000Z")
    synced(callscribe)
    double.server_time = "2026-12-19T00:00:00.000Z"
    synced(callscribe)
    double.server_time = "2026-12-21T00:00:00.000Z"
    assert synced(callscribe)["removed"] == 1
    assert hits(callscribe, "refund") == [scheduled]


def test_an_index_that_slept_through_the_records_of_erasures_is_made_anew(
    callscribe: Callscribe, double: ApiDouble, data: Path
) -> None:
    ended(double, 1, "zanzibarisch")
    kept = ended(double, 2, "hello", place_at="2027-11-01T10:00:00.000Z")
    synced(callscribe)
    double.changed[:] = [kept]
    double.server_time = "2027-11-20T00:00:00.000Z"
    assert synced(callscribe)["calls"] == 1
    assert b"zanzibarisch" not in next(data.iterdir()).read_bytes()


def test_an_error_in_the_midst_loses_nothing(
    callscribe: Callscribe, double: ApiDouble, data: Path
) -> None:
    calls = [ended(double, number, f"word{number}") for number in range(6)]
    double.page_size = 2
    double.fault("GET", f"/calls/{calls[2]}/transcript", problem(403, "forbidden"), times=1)
    failed = callscribe("sync")
    assert failed.code == 1
    assert failed.fix
    assert hits(callscribe, "word*") == calls[:2]
    double.seen.clear()
    assert synced(callscribe)["calls"] == 6
    assert double.seen[0][2]["since"] == "2"


def test_after_ctrl_c_it_goes_on_where_it_stopped(
    callscribe: Callscribe, double: ApiDouble, data: Path
) -> None:
    calls = [ended(double, number, f"word{number}") for number in range(4)]
    double.page_size = 2
    double.fault(
        "GET", f"/calls/{calls[3]}/transcript", problem(503, "try-later", {"Retry-After": "5"})
    )

    def press(_: float) -> None:
        raise KeyboardInterrupt

    callscribe.meanwhile = press
    stopped = callscribe("sync")
    assert stopped.code == 130
    assert "callscribe sync" in stopped.fix
    callscribe.meanwhile = lambda _: None
    assert hits(callscribe, "word*") == calls[:2]
    assert synced(callscribe)["indexed"] == 2


def test_rebuild(callscribe: Callscribe, double: ApiDouble, data: Path) -> None:
    call_id = ended(double, 1, "refund")
    synced(callscribe)
    [file] = data.iterdir()
    file.write_bytes(b"no database" * 1000)
    for command in (("sync",), ("search", "refund")):
        broken = callscribe(*command)
        assert (broken.code, broken.fix) == (1, "fix: callscribe sync --rebuild")
    assert synced(callscribe, "--rebuild")["calls"] == 1
    assert hits(callscribe, "refund") == [call_id]


def test_search_before_the_first_sync(callscribe: Callscribe, data: Path) -> None:
    result = callscribe("search", "refund")
    assert (result.code, result.fix) == (1, "fix: callscribe sync")
    assert not data.exists()


def test_search_asks_nobody(
    callscribe: Callscribe, double: ApiDouble, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    call_id = ended(double, 1, "refund")
    synced(callscribe)
    double.seen.clear()
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    assert hits(callscribe, "refund") == [call_id]
    assert double.seen == []


def test_stacks_do_not_share_a_file(callscribe: Callscribe, double: ApiDouble, data: Path) -> None:
    ended(double, 1, "refund")
    synced(callscribe)
    other = callscribe("search", "refund", "--api-url", "https://api.example.org/")
    assert (other.code, other.fix) == (1, "fix: callscribe sync")


def test_only_its_owner_may_read_it(callscribe: Callscribe, double: ApiDouble, data: Path) -> None:
    before = os.umask(0)
    try:
        ended(double, 1, "refund")
        synced(callscribe)
    finally:
        os.umask(before)
    assert stat.S_IMODE(data.stat().st_mode) == 0o700
    assert {stat.S_IMODE(file.stat().st_mode) for file in data.iterdir()} == {0o600}


def test_the_local_folder_of_data_may_be_named(
    callscribe: Callscribe, double: ApiDouble, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(home / "elsewhere"))
    file = Path(str(synced(callscribe)["index"]))
    assert file.parent == home / "elsewhere/callscribe"


def test_a_relative_local_folder_is_ignored(
    callscribe: Callscribe, double: ApiDouble, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", "elsewhere")
    assert Path(str(synced(callscribe)["index"])).parent == data


def test_the_viewer_searches_in_the_same_index(
    callscribe: Callscribe, double: ApiDouble, data: Path
) -> None:
    ended(double, 1, "I want a refund.", from_number="+493012340177")
    file = Path(str(synced(callscribe)["index"]))
    search = search_in(file)
    hits = search("refund")["hits"]
    assert isinstance(hits, list)
    [hit] = hits
    assert hit["from_number"] == "+493012340177"
    assert hit["moments"] == [
        {"at_ms": 0, "speaker": "Channel 1", "parts": ["I want a ", "refund", "."]}
    ]
    assert search('"')["hits"] == []
    file.write_bytes(b"no database" * 1000)
    with pytest.raises(ForwardError, match="callscribe sync --rebuild"):
        search("refund")
