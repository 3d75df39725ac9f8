"""What the use cases of one environment are put together from."""

from __future__ import annotations

from functools import cached_property

from callscribe.bootstrap.gateways import Gateways
from callscribe.bootstrap.settings import Settings
from callscribe.ports.telemetry import InvocationTelemetry
from callscribe.use_cases.ledger import Ledger


class Foundation:
    """``settings`` say how the use cases decide, ``gateways`` reach what is outside."""

    def __init__(self, settings: Settings, gateways: Gateways) -> None:
        self.settings = settings
        self.gateways = gateways

    @property
    def telemetry(self) -> InvocationTelemetry:
        return self.gateways.telemetry

    @cached_property
    def ledger(self) -> Ledger:
        return Ledger(
            store=self.gateways.store,
            deadlines=self.settings.deadlines,
            clock=self.gateways.clock,
        )
