"""The command in this process against the double, with a home, a clock and keys of its own."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from callscribe_cli.app import Clock
from callscribe_cli.main import main
from tests.cli.double import CALLER, REGION, ApiDouble, running


@dataclass
class Result:
    code: int
    out: str
    err: str

    @property
    def fix(self) -> str:
        return next(line for line in self.err.splitlines() if line.startswith("fix: "))


@dataclass
class Callscribe:
    """Runs a command. Time passes only when it sleeps; ``meanwhile`` is what happens then."""

    capsys: pytest.CaptureFixture[str]
    meanwhile: Callable[[float], None] = lambda _: None
    now: float = 0.0
    slept: list[float] = field(default_factory=list)

    def __call__(self, *arguments: str, stdin: bytes = b"") -> Result:
        """``stdin``: what is piped into the command."""
        self.capsys.readouterr()
        with standard_input(stdin):
            code = main(arguments, obj=Clock(self.sleep, lambda: self.now))
        printed = self.capsys.readouterr()
        return Result(code, printed.out, printed.err)

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds
        self.meanwhile(self.now)


@contextmanager
def standard_input(content: bytes) -> Iterator[None]:
    before, sys.stdin = sys.stdin, io.TextIOWrapper(io.BytesIO(content), encoding="utf-8")
    try:
        yield
    finally:
        sys.stdin = before


@pytest.fixture
def double() -> Iterator[ApiDouble]:
    with running() as api:
        yield api


@pytest.fixture
def home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A user's machine without any configuration."""
    for name in ("CALLSCRIBE_STACK", "CALLSCRIBE_API_URL", "AWS_PROFILE", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_REGION", "AWS_ENDPOINT_URL", "NO_COLOR", "XDG_CONFIG_HOME", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "aws-config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "aws-credentials"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", CALLER.access_key_id)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", CALLER.secret_access_key)
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.chdir(work)
    return tmp_path


@pytest.fixture
def callscribe(
    double: ApiDouble,
    home: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Callscribe:
    monkeypatch.setenv("CALLSCRIBE_API_URL", double.url)
    return Callscribe(capsys)
