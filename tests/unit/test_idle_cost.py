"""What the documents say of an idle month's cost is what the template costs."""

from __future__ import annotations

import pytest

from bench.idle import AIM, idle_month
from local.options import ROOT
from tests.unit.test_translated_template import RESOURCES

MONTH = idle_month(RESOURCES)


def test_idle_stack_costs_no_more_than_a_dollar_a_month() -> None:
    assert sum(MONTH.values()) <= AIM


@pytest.mark.parametrize("page", ["README.md", "docs/performance.md"])
def test_documents_state_the_figure(page: str) -> None:
    assert f"{sum(MONTH.values()):.2f} dollars a month" in (ROOT / page).read_text()


def test_page_of_performance_has_every_component() -> None:
    page = (ROOT / "docs/performance.md").read_text()
    rows = [f"| {name} | {dollars:.3f} |" for name, dollars in MONTH.items()]
    assert [row for row in rows if row not in page] == []
