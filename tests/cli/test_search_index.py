"""The index by itself: what is found in which scripts, who may read it, and what erasure leaves."""

from __future__ import annotations

import os
import sqlite3
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callscribe_cli.errors import CliError
from callscribe_cli.search.hits import Filters, find
from callscribe_cli.search.index import Index, reading, remove
from callscribe_cli.search.words import match_expression

LATER = "2027-11-20T00:00:00.000Z"
ALL = Filters()


def call(call_id: str, **more: Any) -> dict[str, Any]:
    return {
        "call_id": call_id,
        "created_at": "2026-11-20T10:00:00.000Z",
        "direction": "outbound",
        "from_number": "+15005550006",
        "to_number": "+14155550100",
        "status": "completed",
        "duration_seconds": 60,
        **more,
    }


def transcript(*texts: str) -> dict[str, Any]:
    segments = [
        {"start_ms": 1000 * number, "speaker_name": f"Channel {1 + number % 2}", "text": text}
        for number, text in enumerate(texts)
    ]
    return {"recordings": [{"segments": segments}]}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "index.sqlite3"


@pytest.fixture
def index(path: Path) -> Iterator[Index]:
    with Index(path) as opened:
        yield opened


def put(index: Index, call_id: str, *texts: str, **more: Any) -> None:
    expires_at = more.pop("expires_at", LATER)
    with index.transaction():
        index.put(call(call_id, **more), transcript(*texts), expires_at=expires_at)


def found(path: Path, query: str, filters: Filters = ALL) -> list[str]:
    return [one["call_id"] for one in find(path, query, filters)["calls"]]


SAID = {
    "en": "I don't know the follow-up: it's e-mail, AT&T, 50% or C++ (\"quoted\").",
    "number": "Call me at +1 415 555 0100, or 0100-555.",
    "de": "Die Überweisung wäre für Straße 12b.",
    "zh": "您好。我们明天上午检修电梯。",
    "ja": "東京タワーで七時にお願いします。",
    "ko": "책상이 오늘 도착합니다.",
    "th": "เปลี่ยนแบตเตอรี่เรียบร้อยแล้ว",
    "ar": "مرحبا، الموعد يوم الخميس.",
    "he": "הספר מחכה לך בדלפק.",
    "hi": "नमस्ते, आपकी बैठक कल सुबह है।",
    "ru": "Счёт-фактура придёт завтра.",
}


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("don't", "en"),
        ("don\u2019t", "en"),
        ("follow-up", "en"),
        ("follow up", "en"),
        ("e-mail", "en"),
        ("AT&T", "en"),
        ("50%", "en"),
        ("c++", "en"),
        ("(quoted", "en"),
        ('"quoted', "en"),
        ("know AND", None),
        ("know -follow", "en"),
        ("fol*", "en"),
        ("follo", None),
        ('"the follow up"', "en"),
        ('"up follow"', None),
        ("up the follow", "en"),
        ("text:know", None),
        ("NEAR(know", None),
        ("+1415", None),
        ("+1 415 555 0100", "number"),
        ("555-0100", "number"),
        ("uberweisung", "de"),
        ("ÜBERWEISUNG", "de"),
        ("U\u0308berweisung", "de"),
        ("电梯", "zh"),
        ("明天 电梯", "zh"),
        ("梯电", None),
        ("タワー", "ja"),
        ("七時", "ja"),
        ("책상", "ko"),
        ("แบตเตอรี่", "th"),
        ("الموعد", "ar"),
        ("בדלפק", "he"),
        ("बैठक", "hi"),
        ("счёт-фактура", "ru"),
        ("-", None),
        ("", None),
        ("*", None),
        ("\x00", None),
    ],
)
def test_queries_of_every_kind(path: Path, index: Index, query: str, expected: str | None) -> None:
    for call_id, text in SAID.items():
        put(index, call_id, text)
    assert found(path, query) == ([expected] if expected else [])


@given(st.text())
def test_no_query_is_an_error(query: str) -> None:
    with sqlite3.connect(":memory:") as base:
        base.execute("CREATE VIRTUAL TABLE texts USING fts5 (text)")
        expression = match_expression(query)
        if expression is not None:
            base.execute("SELECT * FROM texts WHERE texts MATCH ?", (expression,)).fetchall()


def test_words_may_be_apart_and_moments_say_where(path: Path, index: Index) -> None:
    put(index, "a", "We spoke of the invoice.", "Yes.", "The refund, and the invoice.")
    answer = find(path, "invoice refund", ALL)
    assert answer["total"] == 1
    [hit] = answer["calls"]
    assert hit["segments"] == 2
    first, second = hit["moments"]
    assert (first["at_ms"], first["speaker"]) == (0, "Channel 1")
    assert first["parts"] == ["We spoke of the ", "invoice", "."]
    assert second["at_ms"] == 2000
    assert second["parts"] == ["The ", "refund", ", and the ", "invoice", "."]


def test_a_phrase_may_go_over_into_the_next_segment(path: Path, index: Index) -> None:
    put(index, "a", "as soon", "as", "possible, as soon")
    [hit] = find(path, '"soon as possible"', ALL)["calls"]
    assert [one["parts"] for one in hit["moments"]] == [
        ["as ", "soon"],
        ["", "as"],
        ["", "possible", ", as soon"],
    ]


def test_a_long_segment_is_shown_around_what_was_found(path: Path, index: Index) -> None:
    put(index, "a", "before " * 100 + "the 电梯 " + "after " * 100)
    [hit] = find(path, "电梯", ALL)["calls"]
    [moment] = hit["moments"]
    before, lift, after = moment["parts"]
    assert before.startswith("…")
    assert lift == "电梯"
    assert after.endswith("…")
    assert len(before + after) < 200


def test_the_best_comes_first_and_pages_follow(path: Path, index: Index) -> None:
    put(index, "long", "refund " + "something else " * 50)
    put(index, "short", "refund refund")
    put(index, "none", "nothing")
    assert found(path, "refund") == ["short", "long"]
    second = find(path, "refund", ALL, limit=1, offset=1)
    assert (second["total"], second["calls"][0]["call_id"]) == (2, "long")


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        (Filters(number="+1 (415) 555-0100"), {"a"}),
        (Filters(number="0177"), {"b"}),
        (Filters(status="failed"), {"b"}),
        (Filters(since="2026-11-20T12:00:00.000Z"), {"b"}),
        (Filters(until="2026-11-20T12:00:00.000Z"), {"a"}),
        (Filters(status="failed", number="415"), set()),
    ],
)
def test_filters(path: Path, index: Index, filters: Filters, expected: set[str]) -> None:
    put(index, "a", "hello")
    put(
        index,
        "b",
        "hello",
        status="failed",
        to_number="+493012340177",
        created_at="2026-11-21T00:00:00.000Z",
    )
    assert set(found(path, "hello", filters)) == expected


def test_a_changed_transcript_replaces_the_one_before(path: Path, index: Index) -> None:
    put(index, "a", "hello")
    put(index, "a", "goodbye")
    assert found(path, "hello") == []
    assert found(path, "goodbye") == ["a"]
    assert index.count() == 1


def files(path: Path) -> list[Path]:
    return sorted(path.parent.iterdir())


@pytest.mark.parametrize("umask", [0o000, 0o077])
def test_only_its_owner_may_read_it(path: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        with Index(path) as index:
            put(index, "a", "hello")
            modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in files(path)}
    finally:
        os.umask(before)
    assert modes == {f"index.sqlite3{suffix}": 0o600 for suffix in ("", "-shm", "-wal")}
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_permissions_that_were_widened_are_narrowed(path: Path) -> None:
    Index(path).__exit__()
    path.chmod(0o644)
    path.parent.chmod(0o755)
    Index(path).__exit__()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


SECRETS = ("zanzibarisch", "isch", "电梯", "+493012340177")


@pytest.mark.parametrize("how", ["erased", "expired", "cleared", "replaced"])
def test_nothing_is_left_in_the_file_of_what_was_deleted(path: Path, how: str) -> None:
    """In none of its files, while it is open and after, though others share its pages."""
    with Index(path) as index:
        for number in range(50):
            put(index, f"other{number}", "hello world " * 40, "zanzibar")
        put(
            index, "a", "it was zanzibarisch", "检修电梯", to_number="+493012340177", expires_at="2"
        )
        put(index, "b", "hello")
        assert all(leftovers(path, secret) for secret in SECRETS)
        with index.transaction():
            if how == "erased":
                assert index.delete(["a", "unknown"]) == 1
            elif how == "expired":
                assert index.delete_expired("2") == 1
            elif how == "replaced":
                index.put(call("a"), transcript("hello"), expires_at=LATER)
        if how == "cleared":
            index.clear()
        index.purge()
        assert not [name for secret in SECRETS for name in leftovers(path, secret)]
    assert not [name for secret in SECRETS for name in leftovers(path, secret)]


def leftovers(path: Path, secret: str) -> list[str]:
    letters = [secret.encode()] if secret.isascii() else [one.encode() for one in secret]
    return [file.name for file in files(path) for one in letters if one in file.read_bytes()]


def test_a_purge_that_was_cut_short_is_made_up_for(path: Path) -> None:
    with Index(path) as index:
        put(index, "a", "zanzibarisch")
        with index.transaction():
            index.delete(["a"])
    with Index(path) as index:
        index.purge()
    assert not leftovers(path, "zanzibarisch")


def test_a_purge_that_a_reader_keeps_from_its_end_is_made_up_for(path: Path) -> None:
    with Index(path, wait_seconds=0) as index:
        put(index, "a", "zanzibarisch")
        with reading(path) as reader:
            reader.execute("BEGIN")
            assert reader.execute("SELECT count(*) FROM calls").fetchone() == (1,)
            with index.transaction():
                index.delete(["a"])
            index.purge()
            assert leftovers(path, "zanzibarisch")
        index.purge()
        assert not leftovers(path, "zanzibarisch")


def test_what_is_interrupted_changes_nothing(path: Path, index: Index) -> None:
    put(index, "a", "hello")

    def press() -> None:
        with index.transaction():
            index.delete(["a"])
            index.set_state("cursor", "x")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        press()
    assert found(path, "hello") == ["a"]
    assert index.state("cursor") is None


def test_what_is_no_index_says_how_to_make_one(path: Path) -> None:
    with pytest.raises(CliError, match="no index") as none:
        find(path, "hello", ALL)
    assert none.value.fix == "callscribe sync"
    path.parent.mkdir()
    path.write_bytes(b"not a database" * 100)
    for broken in (lambda: find(path, "hello", ALL), lambda: Index(path)):
        with pytest.raises(CliError) as error:
            broken()
        assert error.value.fix == "callscribe sync --rebuild"
    remove(path)
    Index(path).__exit__()
    assert found(path, "hello") == []


def test_an_index_of_another_version_is_made_anew(path: Path) -> None:
    Index(path).__exit__()
    with sqlite3.connect(path) as base:
        base.execute("PRAGMA user_version = 99")
    with pytest.raises(CliError) as error:
        Index(path)
    assert error.value.fix == "callscribe sync --rebuild"
