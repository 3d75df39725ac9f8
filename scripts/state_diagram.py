"""Writes the diagrams of docs/architecture.md from the tables of transitions.

Run it as `python scripts/state_diagram.py`; tests/unit/test_state_diagram.py compares them.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "layers/callscribe"))

from callscribe.domain.calls import CALL_TERMINAL, CALL_TRANSITIONS, CallState  # noqa: E402
from callscribe.domain.recordings import RECORDING_TRANSITIONS, RecordingState  # noqa: E402

PAGE = ROOT / "docs/architecture.md"
Table = Mapping[Any, frozenset[Any]]
Groups = Mapping[str, tuple[StrEnum, ...]]
# an arrow to or from a box stands for one to or from each state in it
_CALL_GROUPS: Groups = {
    "at Twilio": (
        CallState.QUEUED,
        CallState.INITIATED,
        CallState.RINGING,
        CallState.IN_PROGRESS,
    ),
    "ended": tuple(state for state in CallState if state in CALL_TERMINAL),
}
_RECORDING_GROUPS: Groups = {
    "ended": (RecordingState.COMPLETED, RecordingState.SILENT, RecordingState.ERROR),
}


def diagrams() -> dict[str, str]:
    """Mermaid's text by what is drawn."""
    return {
        "calls": _diagram(CALL_TRANSITIONS, _CALL_GROUPS),
        "recordings": _diagram(RECORDING_TRANSITIONS, _RECORDING_GROUPS),
    }


def with_diagrams(page: str) -> str:
    """The page with every diagram between its marks as it is now."""
    for name, text in diagrams().items():
        block = f"<!-- states of {name} -->\n```mermaid\n{text}```\n<!-- end -->"
        page = re.sub(rf"<!-- states of {name} -->.*?<!-- end -->", block, page, flags=re.DOTALL)
    return page


def _diagram(table: Table, groups: Groups) -> str:
    lines = ["stateDiagram-v2"]
    for title, states in groups.items():
        lines += [f'    state "{title}" as {_name(title)} {{']
        lines += [f'        state "{state}" as {_name(state)}' for state in states]
        lines += ["    }"]
    lines += [f"    {_name(one)} --> {_name(other)}" for one, other in _arrows(table, groups)]
    return "\n".join(lines) + "\n"


def _arrows(table: Table, groups: Groups) -> Iterator[tuple[str, str]]:
    """Each once: those that all states of a box have are the box's."""
    merged = {state: _merged(state, later, groups) for state, later in table.items()}
    of_box = {
        title: set.intersection(*(set(merged[state]) for state in states))
        for title, states in groups.items()
    }
    for title, shared in of_box.items():
        yield from ((title, other) for other in merged[groups[title][0]] if other in shared)
    for state, later in merged.items():
        own = [title for title, states in groups.items() if state in states]
        yield from ((state, other) for other in later if not own or other not in of_box[own[0]])


def _merged(state: StrEnum, later: frozenset[StrEnum], groups: Groups) -> list[str]:
    """What a state may become: boxes, where it may become all in them, and states."""
    boxes = [
        title
        for title, states in groups.items()
        if state not in states and later.issuperset(states)
    ]
    covered = {other for title in boxes for other in groups[title]}
    return boxes + [other for other in type(state) if other in later - covered]


def _name(state: str) -> str:
    """Mermaid's names are one word."""
    return re.sub(r"\W", "_", state)


if __name__ == "__main__":
    PAGE.write_text(with_diagrams(PAGE.read_text()))
