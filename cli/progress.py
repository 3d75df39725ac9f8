"""Progress of a call: a spinner on a terminal, plain lines elsewhere."""

from __future__ import annotations

import itertools
import sys
import time
from typing import TextIO


class Progress:
    """Shows one step after another, each with the seconds since the start."""

    def __init__(self, out: TextIO | None = None) -> None:
        self._out = out or sys.stdout
        self._terminal = self._out.isatty()
        self._frames = itertools.cycle("|/-\\")
        self._began = time.monotonic()
        self._last = ""

    def step(self, text: str) -> None:
        """Starts a new step; repeating a step only turns the spinner."""
        if text == self._last:
            self.spin()
            return
        self._clear()
        self._last = text
        self._out.write(f"  {time.monotonic() - self._began:5.1f} s  {text}\n")
        self._out.flush()

    def spin(self) -> None:
        if self._terminal:
            self._out.write(f"\r  {next(self._frames)} ")
            self._out.flush()

    def _clear(self) -> None:
        if self._terminal:
            self._out.write("\r\x1b[K")
