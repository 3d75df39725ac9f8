"""What goes where: data on standard output, all else on standard error; color only for people."""

from __future__ import annotations

import io
import json
import os
import re
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import click

from callscribe_cli.errors import CliError

_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_COLORS = {
    **dict.fromkeys(("completed", "given"), "green"),
    **dict.fromkeys(("failed", "error", "busy", "no-answer", "canceled", "declined"), "red"),
    **dict.fromkeys(("queued", "ringing", "in-progress", "scheduled", "placing"), "yellow"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """``query``: a JMESPath over the JSON document; it implies ``as_json``."""

    as_json: bool = False
    query: str | None = None

    @property
    def wants_json(self) -> bool:
        return self.as_json or self.query is not None

    def check(self) -> None:
        """Before anything is done. Raises click.UsageError: the query is none."""
        if self.query is not None:
            _compiled(self.query)

    def data(self, document: Any, human: Callable[[], str]) -> None:
        """The document as JSON if that is wanted, else as a person reads it."""
        text = self._json(document) if self.wants_json else human()
        if text:
            echo(text)

    def _json(self, document: Any) -> str:
        if self.query is not None:
            document = _search(self.query, document)
        # as a shell wants it: $(callscribe call … --query call_id)
        if isinstance(document, str):
            return document
        return rendered(document)


def rendered(document: Any) -> str:
    return json.dumps(document, indent=2, ensure_ascii=False)


def readable() -> None:
    """Any text can be printed: as UTF-8 into a pipe, and on a terminal as far as it knows the letters."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            encoding = stream.encoding if stream.isatty() else "utf-8"
            stream.reconfigure(encoding=encoding, errors="backslashreplace")


def clean(text: str) -> str:
    """Without what would steer a terminal: texts come from calls, which may be anybody's."""
    return _CONTROLS.sub("\ufffd", text)


def echo(text: str, *, newline: bool = True) -> None:
    click.echo(text, nl=newline, color=_color(sys.stdout.isatty()))


def print_text(text: str) -> None:
    """A document as it came; on a terminal without what would steer it."""
    text = clean(text) if sys.stdout.isatty() else text
    echo(text, newline=not text.endswith("\n"))


def note(text: str) -> None:
    """For the person who waits, not for the next program."""
    click.echo(text, err=True, color=_color(sys.stderr.isatty()))


def show_error(error: CliError) -> None:
    note(click.style("error: ", fg="red") + clean(str(error)))
    note(f"fix: {clean(error.fix)}")


def colored(status: str) -> str:
    color = _COLORS.get(status.strip())
    return click.style(status, fg=color) if color else status


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Columns with a heading on a terminal; else lines with tabs, for cut and awk."""
    if not sys.stdout.isatty():
        return "\n".join("\t".join(_one_line(cell) for cell in row) for row in rows)
    widths = [max(map(len, column)) for column in zip(header, *rows, strict=True)]
    lines = [_padded(header, widths)]
    lines += [_padded([_one_line(cell) for cell in row], widths) for row in rows]
    return "\n".join(lines)


def pairs(values: Sequence[tuple[str, object]]) -> str:
    """A line for each name and value; what is None is left out."""
    shown = [(name, value) for name, value in values if value is not None]
    width = max((len(name) for name, _ in shown), default=0)
    return "\n".join(f"{name:{width}}  {colored(_one_line(str(value)))}" for name, value in shown)


def _padded(cells: Sequence[str], widths: Sequence[int]) -> str:
    padded = [f"{cell:{width}}" for cell, width in zip(cells, widths, strict=True)]
    return "  ".join(map(colored, padded)).rstrip()


def _one_line(text: str) -> str:
    return clean(" ".join(text.split()))


def _color(terminal: bool) -> bool:
    plain = os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
    return terminal and not plain


def _compiled(query: str) -> Any:
    import jmespath

    try:
        return jmespath.compile(query)
    except jmespath.exceptions.JMESPathError as error:
        raise click.UsageError(f"--query is not a JMESPath: {error}") from error


def _search(query: str, document: Any) -> Any:
    import jmespath

    try:
        return _compiled(query).search(document)
    except jmespath.exceptions.JMESPathError as error:
        fix = "correct --query; without it, --json shows the whole document"
        raise CliError(f"--query cannot be applied: {error}", fix=fix) from error
