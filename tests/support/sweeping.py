"""The sweeps as reconciliation has them, on doubles of the vendors."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from callscribe.domain.sweeps import SweepKind
from callscribe.use_cases.sweep_vendors import SweepVendors
from simulation.memory_store import MemoryCallStore
from tests.support.doubles import QuietTelemetry
from tests.support.gateways import InMemoryGateways, application

NOW = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
BUCKET, OURS = "our-bucket", "https://api.example"


def sweep_vendors(
    store: MemoryCallStore, vendors: object, queue: object, telemetry: QuietTelemetry, **chosen: str
) -> SweepVendors:
    """``vendors`` is both, asked without a share of the run; ``chosen`` are settings."""
    gateways = InMemoryGateways(store=store, queue=queue, telemetry=telemetry, clock=lambda: NOW)
    settings = {"BUCKET_NAME": BUCKET, "PUBLIC_BASE_URL": OURS, "API_URL": OURS}
    sweep = application(gateways, **settings | chosen).reconcile.sweep

    def scan(kind: SweepKind) -> Any:
        port = "transcriber" if kind is SweepKind.TRANSCRIPTS else "telephony"
        made: Any = sweep.scans[kind]
        return replace(made, **{port: vendors})

    return replace(sweep, scans={kind: scan(kind) for kind in sweep.scans})
