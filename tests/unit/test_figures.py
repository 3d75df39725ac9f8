"""The figures of `make figures`, of sources that are made up here."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from scripts.figures import Figure, main, measure

BRANCHES = "\n".join(f"    if x == {n}:\n        return {n}" for n in range(11))
GOOD = {
    "domain/calls.py": "def call():\n    return 1\n",
    "ports/storage.py": '''\
class Store:
    """A store."""

    def get(self):
        """One item."""
        ...
''',
    "use_cases/read.py": '''\
from callscribe.ports.storage import Store

def read(store: Store):
    """Reads."""
    # the whole of it
    return store.get()
''',
    "adapters/table.py": '''\
class Table:
    """A table."""

    def get(self):
        return 1

    def _query(self):
        return 2
''',
}


def project(root: Path, **changed: str) -> dict[str, Figure]:
    for name, text in (
        GOOD | {f"{k.replace('__', '/')}.py": v for k, v in changed.items()}
    ).items():
        path = root / "layers/callscribe/callscribe" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (root / "functions").mkdir()
    return {figure.name: figure for figure in measure(root)}


def test_what_meets_every_aim(tmp_path: Path) -> None:
    figures = project(tmp_path)
    assert all(figure.met for figure in figures.values())
    # comments, docstrings and a protocol's dots are no lines
    assert figures["lines of a function, p90"].value == "1"


@pytest.mark.parametrize(
    ("figure", "module", "text", "place"),
    [
        ("lines of a function, median", "domain__long", "def f():\n" + "    x = 1\n" * 50, None),
        ("lines of a function, p90", "domain__long", "def f():\n" + "    x = 1\n" * 50, "50 lines"),
        ("modules over 300 lines", "domain__long", "x = 1\n" * 301, "301 lines"),
        ("imports upward", "domain__a", "from callscribe.ports import storage", "-> callscribe.po"),
        (
            "imports upward",
            "adapters__a",
            "def f():\n    import callscribe.api.b",
            "-> callscribe.ap",
        ),
        ("import cycles", "domain__a", "from callscribe.domain import b", "callscribe.domain.b <-"),
        (
            "functions over complexity 10",
            "domain__a",
            f"def f(x):\n{BRANCHES}",
            "`f` is too complex",
        ),
        ("public names with a docstring", "use_cases__a", "class Undescribed: ...", "Undescribed"),
        ("public names with a docstring", "adapters__a", "def undescribed(): ...", "undescribed"),
    ],
)
def test_what_misses_an_aim_is_named(
    tmp_path: Path, figure: str, module: str, text: str, place: str | None
) -> None:
    others = {"domain__b": "import callscribe.domain.a\n", "api__b": ""}
    if "median" in figure:
        others |= {f"domain__long{n}": text for n in range(9)}
    found = project(tmp_path, **{module: text}, **others)[figure]
    assert not found.met
    assert place is None or any(place in each for each in found.places)


@pytest.mark.parametrize(
    ("reason", "met"), [("  # noqa: C901 - a table", True), ("  # noqa: C901", False)]
)
def test_complexity_needs_a_reason(tmp_path: Path, reason: str, met: bool) -> None:
    figures = project(tmp_path, domain__a=f"def f(x):{reason}\n{BRANCHES}\n")
    assert figures["functions over complexity 10"].met is met


def test_lines_then_and_now_and_the_exit_code(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def git(*words: str) -> None:
        name = ["-c", "user.name=a", "-c", "user.email=a@example.org"]
        subprocess.run(["git", *name, *words], cwd=tmp_path, check=True)  # noqa: S607

    project(tmp_path, use_cases__a="class Undescribed: ...\n")
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs/a.md").write_text("one\ntwo\n")
    (tmp_path / "docs/data.json").write_text("{\n}\n")
    git("init", "-q")
    git("add", ".")
    git("commit", "-q", "-m", "one")
    (tmp_path / "docs/a.md").write_text("one\n")
    assert main([], tmp_path) == 0
    assert main(["--check", "--against", "HEAD"], tmp_path) == 1
    rows = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert ["docs", "2", "1"] in rows
