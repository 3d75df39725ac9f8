"""docs/cli.md shows every command as it is."""

from __future__ import annotations

from scripts.command_help import PAGE, helps, with_help


def test_page_shows_every_help_as_it_is() -> None:
    page = PAGE.read_text()
    assert with_help(page) == page, "run: python -m scripts.command_help"
    assert [name for name, text in helps() if f"### {name}\n\n```\n{text}\n```" not in page] == []


def test_every_command_has_an_example_or_a_help() -> None:
    names = [name for name, _ in helps()]
    assert len(names) == len(set(names)) > 20
