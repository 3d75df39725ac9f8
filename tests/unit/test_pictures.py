"""The pictures that the documents show are there, small, and said to be simulated."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from local.options import ROOT

PICTURES = sorted((ROOT / "docs/pictures").iterdir())
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
_SHOWN = re.compile(r"""(?:src|srcset)="([^"]+)"|!\[[^]]*\]\(([^)]+)\)""")


def shown_in(document: Path) -> set[Path]:
    names = [name for pair in _SHOWN.findall(document.read_text()) for name in pair if name]
    return {(document.parent / name).resolve() for name in names}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_pictures_that_are_shown_exist_and_are_said_to_be_simulated(document: Path) -> None:
    shown = shown_in(document)
    assert [picture for picture in sorted(shown) if not picture.is_file()] == []
    assert not shown or "simulated" in document.read_text()


def test_every_picture_is_shown() -> None:
    shown = {picture for document in DOCUMENTS for picture in shown_in(document)}
    assert [picture.name for picture in PICTURES if picture not in shown] == []


def test_pictures_are_small() -> None:
    assert {one.name: one.stat().st_size for one in PICTURES if one.stat().st_size > 150_000} == {}
