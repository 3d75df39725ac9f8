"""How far it is and how long it will take: one line on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from types import TracebackType
from typing import Self

import click

# often enough to see that it moves; a log is not filled
_TERMINAL_SECONDS, _LOG_SECONDS = 0.1, 30.0
# an estimate made of less is a guess
_ESTIMATE_SECONDS = 2.0


class Progress:
    """On standard error. ``total`` None: no estimate, only what is done and for how long."""

    def __init__(
        self, what: str, total: int | None = None, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._what = what
        self.total = total
        self._clock = clock
        self._terminal = sys.stderr.isatty()
        self._began = self._shown = clock()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._clear()

    def update(self, done: int, text: str = "") -> None:
        """``done`` of ``total``; ``text``: what is done right now."""
        now = self._clock()
        if now - self._shown < (_TERMINAL_SECONDS if self._terminal else _LOG_SECONDS):
            return
        self._shown = now
        line = self._line(done, text, now - self._began)
        if self._terminal:
            click.echo(f"\r\x1b[K{line[: _columns() - 1]}", err=True, nl=False, color=True)
        else:
            click.echo(line, err=True)

    def note(self, text: str) -> None:
        """A line that stays."""
        self._clear()
        click.echo(text, err=True)

    def _line(self, done: int, text: str, elapsed: float) -> str:
        of = f" of {self.total}" if self.total is not None else ""
        parts = [f"{self._what} {done}{of}", text, self._estimate(done, elapsed)]
        return ", ".join(part for part in parts if part)

    def _estimate(self, done: int, elapsed: float) -> str:
        if not self.total or not done or elapsed < _ESTIMATE_SECONDS:
            return f"{span(elapsed)} so far" if elapsed >= 1 else ""
        return f"about {span(elapsed / done * max(0, self.total - done))} left"

    def _clear(self) -> None:
        if self._terminal:
            click.echo("\r\x1b[K", err=True, nl=False, color=True)


def span(seconds: float) -> str:
    """3 s, 2 min, 1 h 05 min."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60:02} min"


def _columns() -> int:
    import shutil

    return shutil.get_terminal_size().columns
