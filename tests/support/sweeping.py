"""The sweeps as reconciliation has them, on doubles of the vendors."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, cast

from callscribe.domain.adoption import AdoptionRules
from callscribe.domain.sweeps import SweepKind
from callscribe.ports.messaging import RecordingsQueue
from callscribe.ports.telemetry import Telemetry
from callscribe.use_cases.sweep_vendors import SweepVendors
from callscribe.use_cases.sweeps.calls import ScanCalls
from callscribe.use_cases.sweeps.recordings import ScanRecordings
from callscribe.use_cases.sweeps.scan import Scan
from callscribe.use_cases.sweeps.transcripts import ScanTranscripts
from simulation.memory_store import MemoryCallStore

NOW = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
BUCKET, OURS = "our-bucket", "https://api.example"


def sweep_vendors(
    store: MemoryCallStore,
    vendors: object,
    queue: RecordingsQueue,
    telemetry: Telemetry,
    *,
    adoption: AdoptionRules,
    track: object = None,
    finish: object = None,
) -> SweepVendors:
    """``vendors`` is both; the use cases behind the scans are None where no entry gets there."""
    both, behind, tracking = cast(Any, vendors), cast(Any, finish), cast(Any, track)
    recordings = ScanRecordings(
        store=store,
        telephony=both,
        queue=queue,
        finish=behind,
        telemetry=telemetry,
        clock=lambda: NOW,
        adoption=adoption,
        base_url=OURS,
    )
    scans: dict[SweepKind, Scan[Any]] = {
        SweepKind.CALLS: ScanCalls(
            store=store, telephony=both, track=tracking, telemetry=telemetry
        ),
        SweepKind.RECORDINGS: recordings,
        SweepKind.IMPORT: recordings,
        SweepKind.TRANSCRIPTS: ScanTranscripts(
            store=store,
            transcriber=both,
            finish=behind,
            telemetry=telemetry,
            bucket_name=BUCKET,
            base_urls=(OURS,),
        ),
    }
    return SweepVendors(sweeps=store, scans=scans, telemetry=telemetry, clock=lambda: NOW)
