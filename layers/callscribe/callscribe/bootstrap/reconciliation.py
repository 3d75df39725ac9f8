"""Puts `reconcile` together: it asks each vendor only within that vendor's share of the run."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from callscribe.adapters.vendor_shares import VendorShares
from callscribe.domain.callback_urls import public_base_url
from callscribe.domain.sweeps import SweepKind
from callscribe.use_cases.overdue.calls import AdvanceCall
from callscribe.use_cases.overdue.deferral import DeferEntry
from callscribe.use_cases.overdue.entries import AdvanceOverdue
from callscribe.use_cases.overdue.recordings import AdvanceRecording
from callscribe.use_cases.reconcile import Reconcile
from callscribe.use_cases.sweep_vendors import SweepVendors
from callscribe.use_cases.sweeps.calls import ScanCalls
from callscribe.use_cases.sweeps.recordings import ScanRecordings
from callscribe.use_cases.sweeps.transcripts import ScanTranscripts

if TYPE_CHECKING:
    from callscribe.bootstrap.application import Application


def build_reconcile(app: Application) -> Reconcile:
    """The use case, with its vendors within their shares."""
    gateways, settings = app.gateways, app.settings
    shares = VendorShares(app.telemetry, gateways.clock)
    twilio = shares.of("Twilio", gateways.telephony)
    assemblyai = shares.of("AssemblyAI", gateways.transcriber)
    finish = replace(app.finish_recording, transcriber=assemblyai)
    erase = replace(app.erase_call, telephony=twilio, transcriber=assemblyai)
    # whichever URL was given out when: the custom domain's, and the API's own
    base_urls = (public_base_url(settings.public_base_url, settings.api_url), settings.api_url)
    recordings = ScanRecordings(
        store=gateways.store,
        telephony=twilio,
        queue=gateways.queue,
        finish=finish,
        telemetry=app.telemetry,
        clock=gateways.clock,
        adoption=settings.adoption,
        base_url=base_urls[0],
    )
    sweep = SweepVendors(
        sweeps=gateways.store,
        scans={
            SweepKind.CALLS: ScanCalls(
                store=gateways.store,
                telephony=twilio,
                track=app.track_call,
                telemetry=app.telemetry,
            ),
            SweepKind.RECORDINGS: recordings,
            SweepKind.IMPORT: recordings,
            SweepKind.TRANSCRIPTS: ScanTranscripts(
                store=gateways.store,
                transcriber=assemblyai,
                finish=finish,
                telemetry=app.telemetry,
                bucket_name=settings.bucket_name,
                base_urls=base_urls,
            ),
        },
        telemetry=app.telemetry,
        clock=gateways.clock,
    )
    overdue = AdvanceOverdue(
        store=gateways.store,
        calls=AdvanceCall(
            store=gateways.store,
            ledger=app.ledger,
            telephony=twilio,
            queue=gateways.queue,
            place=replace(app.place_call, dial=replace(app.dial_call, telephony=twilio)),
            track=app.track_call,
            finish=finish,
            erase=erase,
            vendors=shares,
            telemetry=app.telemetry,
            clock=gateways.clock,
            deadlines=settings.deadlines,
        ),
        recordings=AdvanceRecording(
            store=gateways.store,
            ledger=app.ledger,
            telephony=twilio,
            queue=gateways.queue,
            finish=finish,
            erase=erase,
            telemetry=app.telemetry,
            clock=gateways.clock,
            deadlines=settings.deadlines,
        ),
        deferral=DeferEntry(store=gateways.store, ledger=app.ledger, clock=gateways.clock),
        telemetry=app.telemetry,
        clock=gateways.clock,
    )
    return Reconcile(
        leases=gateways.store,
        overdue=overdue,
        redrive=app.redrive,
        sweep=sweep,
        vendors=shares,
        telemetry=app.telemetry,
        clock=gateways.clock,
    )
