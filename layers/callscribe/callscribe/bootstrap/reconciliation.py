"""Puts `reconcile` together: it asks each vendor only within that vendor's share of the run."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

from callscribe.adapters.vendor_shares import VendorShares
from callscribe.bootstrap.gateways import Gateways
from callscribe.bootstrap.settings import Settings
from callscribe.domain.callback_urls import public_base_url
from callscribe.domain.sweeps import SweepKind
from callscribe.ports.telephony import Telephony
from callscribe.ports.transcription import Transcriber
from callscribe.use_cases.erase_call import EraseCall
from callscribe.use_cases.finish_recording import FinishRecording
from callscribe.use_cases.ledger import Ledger
from callscribe.use_cases.overdue.calls import AdvanceCall
from callscribe.use_cases.overdue.deferral import DeferEntry
from callscribe.use_cases.overdue.entries import AdvanceOverdue
from callscribe.use_cases.overdue.recordings import AdvanceRecording
from callscribe.use_cases.place_call import PlaceCall
from callscribe.use_cases.reconcile import Reconcile
from callscribe.use_cases.redrive import Redrive
from callscribe.use_cases.sweep_vendors import SweepVendors
from callscribe.use_cases.sweeps.calls import ScanCalls
from callscribe.use_cases.sweeps.recordings import ScanRecordings
from callscribe.use_cases.sweeps.transcripts import ScanTranscripts
from callscribe.use_cases.track_call import TrackCall


@dataclass(frozen=True, kw_only=True)
class Reconciliation:
    """Out of the use cases of the other functions, each given its vendors within their shares."""

    settings: Settings
    gateways: Gateways
    ledger: Ledger
    place_call: PlaceCall
    track_call: TrackCall
    finish_recording: FinishRecording
    erase_call: EraseCall
    redrive: Redrive

    @cached_property
    def use_case(self) -> Reconcile:
        return Reconcile(
            leases=self.gateways.store,
            overdue=self._overdue,
            redrive=self.redrive,
            sweep=self._sweep,
            vendors=self._shares,
            telemetry=self.gateways.telemetry,
            clock=self.gateways.clock,
        )

    @cached_property
    def _shares(self) -> VendorShares:
        return VendorShares(self.gateways.telemetry, self.gateways.clock)

    @cached_property
    def _telephony(self) -> Telephony:
        return self._shares.of("Twilio", self.gateways.telephony)

    @cached_property
    def _transcriber(self) -> Transcriber:
        return self._shares.of("AssemblyAI", self.gateways.transcriber)

    @cached_property
    def _finish(self) -> FinishRecording:
        return replace(self.finish_recording, transcriber=self._transcriber)

    @cached_property
    def _erase(self) -> EraseCall:
        return replace(self.erase_call, telephony=self._telephony, transcriber=self._transcriber)

    @cached_property
    def _sweep(self) -> SweepVendors:
        return SweepVendors(
            sweeps=self.gateways.store,
            scans={
                SweepKind.CALLS: self._scan_calls,
                SweepKind.RECORDINGS: self._scan_recordings,
                SweepKind.IMPORT: self._scan_recordings,
                SweepKind.TRANSCRIPTS: self._scan_transcripts,
            },
            telemetry=self.gateways.telemetry,
            clock=self.gateways.clock,
        )

    @cached_property
    def _scan_calls(self) -> ScanCalls:
        return ScanCalls(
            store=self.gateways.store,
            telephony=self._telephony,
            track=self.track_call,
            telemetry=self.gateways.telemetry,
        )

    @cached_property
    def _scan_recordings(self) -> ScanRecordings:
        return ScanRecordings(
            store=self.gateways.store,
            telephony=self._telephony,
            queue=self.gateways.queue,
            finish=self._finish,
            telemetry=self.gateways.telemetry,
            clock=self.gateways.clock,
            adoption=self.settings.adoption,
            base_url=self._base_urls[0],
        )

    @cached_property
    def _scan_transcripts(self) -> ScanTranscripts:
        return ScanTranscripts(
            store=self.gateways.store,
            transcriber=self._transcriber,
            finish=self._finish,
            telemetry=self.gateways.telemetry,
            bucket_name=self.settings.bucket_name,
            base_urls=self._base_urls,
        )

    @cached_property
    def _base_urls(self) -> tuple[str, str]:
        """Whichever was given out when: the custom domain's, and the API's own."""
        own = self.settings.api_url
        return public_base_url(self.settings.public_base_url, own), own

    @cached_property
    def _overdue(self) -> AdvanceOverdue:
        return AdvanceOverdue(
            store=self.gateways.store,
            calls=self._calls,
            recordings=self._recordings,
            deferral=DeferEntry(
                store=self.gateways.store, ledger=self.ledger, clock=self.gateways.clock
            ),
            telemetry=self.gateways.telemetry,
            clock=self.gateways.clock,
        )

    @cached_property
    def _calls(self) -> AdvanceCall:
        return AdvanceCall(
            store=self.gateways.store,
            ledger=self.ledger,
            telephony=self._telephony,
            queue=self.gateways.queue,
            place=replace(
                self.place_call, dial=replace(self.place_call.dial, telephony=self._telephony)
            ),
            track=self.track_call,
            finish=self._finish,
            erase=self._erase,
            vendors=self._shares,
            telemetry=self.gateways.telemetry,
            clock=self.gateways.clock,
            deadlines=self.settings.deadlines,
        )

    @cached_property
    def _recordings(self) -> AdvanceRecording:
        return AdvanceRecording(
            store=self.gateways.store,
            ledger=self.ledger,
            telephony=self._telephony,
            queue=self.gateways.queue,
            finish=self._finish,
            erase=self._erase,
            telemetry=self.gateways.telemetry,
            clock=self.gateways.clock,
            deadlines=self.settings.deadlines,
        )
