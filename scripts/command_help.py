"""Writes every command's --help into docs/cli.md.

Run it as `python -m scripts.command_help`; tests/cli/test_page.py compares them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import click

from callscribe_cli.main import cli

PAGE = Path(__file__).parent.parent / "docs/cli.md"
_BLOCK = re.compile("<!-- help -->.*<!-- end -->", re.DOTALL)
_COLUMNS = 90


def with_help(page: str) -> str:
    """The page with what stands between its marks as it is now."""
    parts = [f"### {name}\n\n```\n{text}\n```" for name, text in helps()]
    block = "\n\n".join(["<!-- help -->", *parts, "<!-- end -->"])
    return _BLOCK.sub(lambda _: block, page)


def helps() -> Iterator[tuple[str, str]]:
    """Every command's name and help, the groups before their commands."""
    # what is printed is the same on every terminal; the commands' contexts inherit it
    root = cli.make_context(
        "callscribe",
        [],
        resilient_parsing=True,
        terminal_width=_COLUMNS,
        max_content_width=_COLUMNS,
    )
    yield "callscribe", _help(root)
    yield from _below(cli, root)


def _below(group: click.Group, above: click.Context) -> Iterator[tuple[str, str]]:
    for name in group.list_commands(above):
        command = group.get_command(above, name)
        assert command is not None  # noqa: S101 - the group itself listed it
        context = click.Context(command, info_name=name, parent=above)
        yield context.command_path, _help(context)
        if isinstance(command, click.Group):
            yield from _below(command, context)


def _help(context: click.Context) -> str:
    return "\n".join(line.rstrip() for line in context.get_help().splitlines())


if __name__ == "__main__":
    PAGE.write_text(with_help(PAGE.read_text()))
