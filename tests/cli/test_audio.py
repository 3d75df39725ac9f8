"""Audio arrives whole: over lost connections, expired links and interrupted commands."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Callscribe
from tests.cli.double import AUDIO, ApiDouble

C1 = "c1" * 16
FILE = Path(f"{C1}-RE{'0' * 32}.wav")


@pytest.fixture
def recorded(double: ApiDouble) -> ApiDouble:
    double.add_call(C1)
    double.add_transcript(C1, "Hello.")
    return double


def test_audio_is_saved(callscribe: Callscribe, recorded: ApiDouble) -> None:
    result = callscribe("audio", C1)
    assert (result.code, result.out) == (0, f"{FILE}\n")
    assert FILE.read_bytes() == AUDIO
    assert [path.name for path in Path().iterdir()] == [FILE.name]
    assert recorded.ranges == [None]


def test_lost_connection_goes_on_where_it_was(callscribe: Callscribe, recorded: ApiDouble) -> None:
    recorded.lost_bytes_after = 100_000
    assert callscribe("audio", C1, "--out", "sub/folder").code == 0
    assert (Path("sub/folder") / FILE).read_bytes() == AUDIO
    assert recorded.ranges[0] is None
    assert recorded.ranges[1] is not None


def test_expired_link_is_renewed(callscribe: Callscribe, recorded: ApiDouble) -> None:
    recorded.expired_links = 2
    assert callscribe("audio", C1).code == 0
    assert recorded.asked("GET", ".*/recordings") == 1 + 3


def test_interrupted_command_goes_on(callscribe: Callscribe, recorded: ApiDouble) -> None:
    recorded.expired_links = 99
    failed = callscribe("audio", C1)
    assert (failed.code, failed.fix) == (1, "fix: run the command again")
    assert "HTTP 403" in failed.err
    recorded.expired_links = 0
    FILE.with_name(f"{FILE.stem}.part").write_bytes(AUDIO[:1000])
    assert callscribe("audio", C1).code == 0
    assert recorded.ranges[-1] == "bytes=1000-"
    assert FILE.read_bytes() == AUDIO


def test_server_that_sends_all_again_makes_no_longer_file(
    callscribe: Callscribe, recorded: ApiDouble
) -> None:
    recorded.whole_only = True
    recorded.lost_bytes_after = 100_000
    assert callscribe("audio", C1).code == 0
    assert FILE.read_bytes() == AUDIO


def test_links_are_printed(callscribe: Callscribe, recorded: ApiDouble) -> None:
    assert callscribe("audio", C1, "--url").out.startswith(f"{recorded.url}/audio/")
    assert not FILE.exists()


def test_call_without_audio_is_told(callscribe: Callscribe, recorded: ApiDouble) -> None:
    recorded.calls[C1]["recordings"][0]["status"] = "absent"
    result = callscribe("audio", C1)
    assert result.code == 1
    assert "(absent) has no audio" in result.err
