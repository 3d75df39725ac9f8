"""An application in memory: the real use cases, and nothing outside but what a test gives it."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from typing import Any

from callscribe.adapters.assemblyai.documents import read_transcript
from callscribe.adapters.assemblyai.options.check import AssemblyAIOptions
from callscribe.bootstrap.application import Application
from callscribe.bootstrap.settings import Settings
from callscribe.domain.times import Clock, utc_now
from simulation.memory_store import MemoryCallStore
from simulation.world import SETTINGS
from tests.support.doubles import QuietTelemetry


class Unreachable:
    """What a test does not expect to be asked."""

    def __getattr__(self, method: str) -> Any:
        raise AssertionError(f"{method} was asked for")


UNREACHABLE = Unreachable()
OPTIONS = AssemblyAIOptions(("universal-2",))


@dataclass(kw_only=True)
class InMemoryGateways:
    """Implements ``bootstrap.gateways.Gateways``: a table in memory, and what a test puts in."""

    store: MemoryCallStore = field(default_factory=MemoryCallStore)
    telemetry: QuietTelemetry = field(default_factory=QuietTelemetry)
    documents: Any = UNREACHABLE
    queue: Any = UNREACHABLE
    dead_letters: Any = UNREACHABLE
    telephony: Any = UNREACHABLE
    audio: Any = UNREACHABLE
    transcriber: Any = UNREACHABLE
    transcription_options: Any = OPTIONS
    read_transcript: Any = read_transcript
    event_publisher: Any = UNREACHABLE
    schedules: Any = UNREACHABLE
    secrets: Any = UNREACHABLE
    clock: Clock = utc_now

    def new_id(self) -> str:
        return uuid.uuid4().hex


def application(gateways: InMemoryGateways, **settings: str) -> Application:
    """The real use cases on these gateways, by the simulation's settings but for what is chosen."""
    return Application(Settings(SETTINGS | settings), gateways)
