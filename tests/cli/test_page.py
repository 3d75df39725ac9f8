"""The documents show every command as it is, and none that there is not."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import cast

import click
import pytest

from callscribe_cli.main import cli
from local.options import ROOT
from scripts.command_help import PAGE, helps, with_help

DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
CODE = re.compile(r"```\w*\n(.*?)```|`([^`\n]+)`", re.DOTALL)
# at the start of a line, inside $(…), and after | and ||
SHOWN = re.compile(r"(?:^ *|\$\(|\| )callscribe( .*)", re.MULTILINE)


def test_page_shows_every_help_as_it_is() -> None:
    page = PAGE.read_text()
    assert with_help(page) == page, "run: python -m scripts.command_help"
    assert [name for name, text in helps() if f"### {name}\n\n```\n{text}\n```" not in page] == []


def test_every_command_has_an_example_or_a_help() -> None:
    names = [name for name, _ in helps()]
    assert len(names) == len(set(names)) > 20


def misused(line: str) -> str:
    """What is wrong with a command as it is written; placeholders (ID, NUMBER) stand for values."""
    words = shlex.split(re.split(r"\)| \| ", line)[0], comments=True)
    # click remembers how a command's help is asked for from its first context
    context, command = click.Context(cli, **cli.context_settings), cast(click.Command, cli)
    while isinstance(command, click.Group) and words and not words[0].startswith("-"):
        name = words.pop(0)
        found = command.get_command(context, name)
        if found is None:
            return f"there is no command {name}"
        context, command = click.Context(found, parent=context, info_name=name), found
    try:
        command.make_parser(context).parse_args(words)
    except click.UsageError as error:
        return error.format_message()
    return ""


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_commands_that_are_shown_can_be_typed(document: Path) -> None:
    code = "\n".join("".join(parts) for parts in CODE.findall(document.read_text()))
    shown = SHOWN.findall(code)
    assert [(line, why) for line in shown if (why := misused(line))] == []


def test_what_cannot_be_typed_is_seen() -> None:
    wrong = " transcribe ID", " list --no-such", " dialing halt", " show --json=1"
    assert all(map(misused, wrong))
    assert misused(" transcript ID --format srt > call.srt  # a comment") == ""
