"""The diagrams of states in docs/architecture.md are those of the tables of transitions."""

from __future__ import annotations

import re

from callscribe.domain.calls import CALL_TRANSITIONS, CallState
from callscribe.domain.recordings import RECORDING_TRANSITIONS, RecordingState
from scripts.state_diagram import PAGE, diagrams, with_diagrams


def test_page_shows_the_tables_as_they_are() -> None:
    page = PAGE.read_text()
    assert with_diagrams(page) == page, "run: python scripts/state_diagram.py"
    assert all(text in page for text in diagrams().values())


def test_every_state_is_in_its_table_and_in_its_diagram() -> None:
    assert set(CALL_TRANSITIONS) == set(CallState)
    assert set(RECORDING_TRANSITIONS) == set(RecordingState)
    for text, states in zip(diagrams().values(), (CallState, RecordingState), strict=True):
        assert {re.sub(r"\W", "_", state) for state in states} <= set(re.findall(r"\w+", text))


def test_arrows_say_what_the_table_says() -> None:
    text = diagrams()["calls"]
    boxes = {
        name: re.findall(r" as (\w+)", inner)
        for name, inner in re.findall(r" as (\w+) {(.*?)}", text, re.DOTALL)
    }
    shown = {
        (one, other)
        for source, target in re.findall(r"(\w+) --> (\w+)", text)
        for one in boxes.get(source, [source])
        for other in boxes.get(target, [target])
    }
    wanted = {
        (re.sub(r"\W", "_", one), re.sub(r"\W", "_", other))
        for one, later in CALL_TRANSITIONS.items()
        for other in later
    }
    assert shown == wanted
