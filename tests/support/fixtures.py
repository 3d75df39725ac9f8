"""Documents as the vendors document them: our own in tests/fixtures, and the vendors' where they lie
beside the project."""

from __future__ import annotations

import json
from typing import Any

from local.options import ROOT

_OWN = ROOT / "tests" / "fixtures"
_VENDORS = ROOT.parent / "shared" / "vendors"


def fixture(name: str) -> Any:
    """Our own, written from what the vendor documents."""
    return json.loads((_OWN / f"{name}.json").read_text())


def fixtures(name: str, vendors: str) -> list[Any]:
    """Our own; and, as an extra check where it is there, the one in ../shared/vendors."""
    path = _VENDORS / vendors
    return [fixture(name), *([json.loads(path.read_text())] if path.exists() else [])]
