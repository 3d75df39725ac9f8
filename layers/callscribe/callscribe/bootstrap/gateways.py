"""Everything outside that the application asks: AWS, Twilio, AssemblyAI, the clock.

``AwsGateways`` are the real ones. The simulation and the tests have their own.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol

from callscribe.adapters.aws.clients import STREAM_CONNECT_AND_READ_SECONDS, AwsClients
from callscribe.adapters.aws.s3 import S3Documents
from callscribe.adapters.aws.secrets import Secrets
from callscribe.adapters.aws.sqs import SQSDeadLetters, SQSRecordingsQueue
from callscribe.adapters.dynamodb.store import DynamoDBStore
from callscribe.adapters.telemetry import PowertoolsTelemetry
from callscribe.domain.calls import new_call_id
from callscribe.domain.times import utc_now
from callscribe.ports.messaging import (
    DeadLetters,
    EventPublisher,
    ReceivedMessages,
    RecordingsQueue,
    Schedules,
)
from callscribe.ports.secrets import SecretReader
from callscribe.ports.storage import (
    AudioLinks,
    CallStore,
    DialingStore,
    Documents,
    KeyStore,
    ShareStore,
    StoredObjects,
    SweepStore,
)
from callscribe.ports.telemetry import InvocationTelemetry
from callscribe.ports.telephony import AudioSource, Telephony
from callscribe.ports.transcription import Transcriber, TranscriptionOptions, TranscriptReader

if TYPE_CHECKING:
    from callscribe.adapters.assemblyai.client import AssemblyAITranscriber
    from callscribe.adapters.assemblyai.options.check import AssemblyAIOptions
    from callscribe.adapters.aws.eventbridge import EventBridgePublisher
    from callscribe.adapters.aws.scheduler import EventBridgeSchedules
    from callscribe.adapters.twilio.client import TwilioTelephony
    from callscribe.adapters.twilio.media import TwilioAudioSource
    from callscribe.bootstrap.settings import Settings

# Imports inside functions: only `dial`, `transcribe` and `reconcile` pay for Twilio's REST library
# (most of a cold start), and no callback pays for what it does not use.
# ruff: noqa: PLC0415


class Store(CallStore, KeyStore, DialingStore, SweepStore, ShareStore, Protocol):
    """The table."""


class Queue(RecordingsQueue, ReceivedMessages, Protocol):
    """The queue of recordings."""


class Bucket(Documents, AudioLinks, StoredObjects, Protocol):
    """The bucket of audio and transcripts."""


class Gateways(Protocol):
    """One for each thing outside."""

    @property
    def store(self) -> Store: ...
    @property
    def documents(self) -> Bucket: ...
    @property
    def queue(self) -> Queue: ...
    @property
    def dead_letters(self) -> DeadLetters: ...
    @property
    def telephony(self) -> Telephony: ...
    @property
    def audio(self) -> AudioSource: ...
    @property
    def transcriber(self) -> Transcriber: ...
    @property
    def transcription_options(self) -> TranscriptionOptions: ...
    @property
    def read_transcript(self) -> TranscriptReader: ...
    @property
    def event_publisher(self) -> EventPublisher: ...
    @property
    def schedules(self) -> Schedules: ...
    @property
    def secrets(self) -> SecretReader: ...
    @property
    def telemetry(self) -> InvocationTelemetry: ...
    @property
    def clock(self) -> Callable[[], datetime]: ...
    @property
    def new_id(self) -> Callable[[], str]:
        """Makes ids that cannot be guessed, 32 hexadecimal digits each."""
        ...


class AwsGateways:
    """Implements ``Gateways``. Each is made when it is first asked for, from the settings it needs."""

    clock = staticmethod(utc_now)
    new_id = staticmethod(new_call_id)

    def __init__(self, settings: Settings, clients: AwsClients | None = None) -> None:
        self._settings = settings
        self._clients = clients or AwsClients()

    @cached_property
    def telemetry(self) -> PowertoolsTelemetry:
        return PowertoolsTelemetry(self._settings.stack_name)

    @cached_property
    def secrets(self) -> Secrets:
        return Secrets(self._clients.make("ssm"))

    @cached_property
    def store(self) -> DynamoDBStore:
        return DynamoDBStore(self._clients.make("dynamodb"), self._settings.calls_table_name)

    @cached_property
    def documents(self) -> S3Documents:
        return S3Documents(self._clients.make("s3"), self._settings.bucket_name)

    @cached_property
    def _sqs(self) -> Any:
        return self._clients.make("sqs")

    @cached_property
    def queue(self) -> SQSRecordingsQueue:
        return SQSRecordingsQueue(self._sqs, self._settings.recordings_queue_url)

    @cached_property
    def dead_letters(self) -> SQSDeadLetters:
        return SQSDeadLetters(self._sqs, self._settings.dead_letter_queue_url)

    @cached_property
    def event_publisher(self) -> EventBridgePublisher:
        from callscribe.adapters.aws.eventbridge import EventBridgePublisher

        return EventBridgePublisher(self._clients.make("events"), self._settings.event_bus_name)

    @cached_property
    def schedules(self) -> EventBridgeSchedules:
        from callscribe.adapters.aws.scheduler import EventBridgeSchedules

        return EventBridgeSchedules(
            self._clients.make("scheduler"),
            group_name=self._settings.schedule_group_name,
            role_arn=self._settings.scheduler_role_arn,
            dead_letter_arn=self._settings.schedule_dead_letter_arn,
        )

    @cached_property
    def _stream(self) -> Any:
        """For audio, which takes as long as it is."""
        return self._clients.make("s3", STREAM_CONNECT_AND_READ_SECONDS)

    @cached_property
    def telephony(self) -> TwilioTelephony:
        from callscribe.adapters.twilio.client import TwilioTelephony

        return TwilioTelephony(
            self.secrets,
            secret_name=self._settings.twilio_api_key_parameter_name,
            account_sid=self._settings.twilio_account_sid,
            api_url=self._settings.twilio_api_url,
            twiml_fallback_url=self._settings.twiml_fallback_url,
        )

    @cached_property
    def audio(self) -> TwilioAudioSource:
        from callscribe.adapters.aws.streams import S3Streams
        from callscribe.adapters.twilio.media import TwilioAudioSource

        return TwilioAudioSource(
            self.secrets,
            S3Streams(self._stream, self._settings.bucket_name),
            secret_name=self._settings.twilio_api_key_parameter_name,
            account_sid=self._settings.twilio_account_sid,
            api_url=self._settings.twilio_api_url,
        )

    @cached_property
    def transcriber(self) -> AssemblyAITranscriber:
        from callscribe.adapters.assemblyai.client import (
            AssemblyAITranscriber,
            PresignedAudio,
            UploadedAudio,
        )

        upload = self._settings.audio_transfer == "upload"
        return AssemblyAITranscriber(
            self.secrets,
            secret_name=self._settings.assemblyai_api_key_parameter_name,
            api_url=self._settings.assemblyai_api_url,
            audio=UploadedAudio(self._stream, self._settings.bucket_name)
            if upload
            else PresignedAudio(self.documents),
            speech_models=self._settings.speech_models,
        )

    @cached_property
    def transcription_options(self) -> AssemblyAIOptions:
        from callscribe.adapters.assemblyai.options.check import AssemblyAIOptions

        return AssemblyAIOptions(self._settings.speech_models)

    @cached_property
    def read_transcript(self) -> TranscriptReader:
        from callscribe.adapters.assemblyai.documents import read_transcript

        return read_transcript
