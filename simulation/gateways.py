"""What the application meets in a world instead of AWS, Twilio and AssemblyAI."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from callscribe.bootstrap.gateways import Bucket, Queue, Store
from callscribe.ports.messaging import DeadLetters, EventPublisher, Schedules
from callscribe.ports.secrets import SecretReader
from callscribe.ports.telemetry import InvocationTelemetry
from callscribe.ports.telephony import AudioSource, Telephony
from callscribe.ports.transcription import Transcriber, TranscriptionOptions, TranscriptReader


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatedGateways:
    """Implements ``bootstrap.gateways.Gateways``."""

    store: Store
    documents: Bucket
    queue: Queue
    dead_letters: DeadLetters
    telephony: Telephony
    audio: AudioSource
    transcriber: Transcriber
    transcription_options: TranscriptionOptions
    read_transcript: TranscriptReader
    event_publisher: EventPublisher
    schedules: Schedules
    secrets: SecretReader
    telemetry: InvocationTelemetry
    clock: Callable[[], datetime]
    new_id: Callable[[], str]
