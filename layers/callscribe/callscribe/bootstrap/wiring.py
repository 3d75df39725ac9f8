"""The one place that knows concrete adapters and the environment. Everything is made on first use.

A function's environment holds names for what its role may touch and no others, so a use case that
is wired here for one function simply cannot be had in another.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config

from callscribe.adapters.aws.s3 import S3Documents
from callscribe.adapters.aws.secrets import Secrets
from callscribe.adapters.aws.sqs import SQSDeadLetters, SQSRecordingsQueue
from callscribe.adapters.dynamodb.store import DynamoDBCallStore
from callscribe.adapters.telemetry import PowertoolsTelemetry
from callscribe.api.callbacks import CallbackVerifier
from callscribe.bootstrap.settings import Settings
from callscribe.domain.callback_urls import public_base_url
from callscribe.domain.calls import new_call_id
from callscribe.domain.deadlines import Deadlines
from callscribe.domain.retention import Retention
from callscribe.domain.times import utc_now
from callscribe.use_cases.answer_call import AnswerCall
from callscribe.use_cases.receive_recording import ReceiveRecording
from callscribe.use_cases.track_call import TrackCall

if TYPE_CHECKING:
    from callscribe.adapters.assemblyai.client import AssemblyAITranscriber
    from callscribe.adapters.aws.eventbridge import EventBridgePublisher
    from callscribe.adapters.aws.scheduler import EventBridgeSchedules
    from callscribe.adapters.twilio.client import TwilioTelephony
    from callscribe.adapters.twilio.media import TwilioAudioSource
    from callscribe.use_cases.erase_call import EraseCall
    from callscribe.use_cases.finish_recording import FinishRecording
    from callscribe.use_cases.guard_dialing import GuardDialing
    from callscribe.use_cases.import_recordings import ImportRecordings
    from callscribe.use_cases.manage_dialing import ManageDialing
    from callscribe.use_cases.place_call import PlaceCall
    from callscribe.use_cases.process_recording import ProcessRecording
    from callscribe.use_cases.read_calls import ReadCalls
    from callscribe.use_cases.reconcile import Reconcile
    from callscribe.use_cases.redrive import Redrive
    from callscribe.use_cases.request_erasure import RequestErasure
    from callscribe.use_cases.scheduled_calls import ScheduledCalls

# Imports inside functions: only `dial`, `transcribe` and `reconcile` pay for Twilio's REST library
# (most of a cold start), and no callback pays for what it does not use.
# ruff: noqa: PLC0415

# With three tries an AWS service that hangs is given up before the shortest function's time-out of 14 s
# (tests/unit/test_time_outs.py adds it up); nothing that is asked for takes a second
CONNECT_AND_READ_SECONDS = (1, 3)
TRIES = 3
# audio, in the one function that has fifteen minutes: S3 answers when it has all of it
STREAM_CONNECT_AND_READ_SECONDS = (3, 60)


@cache
def settings() -> Settings:
    return Settings()


def clock() -> datetime:
    return utc_now()


def new_id() -> str:
    return new_call_id()


@cache
def deadlines() -> Deadlines:
    return settings().deadlines


@cache
def retention() -> Retention:
    return Retention(settings().retention_days)


@cache
def telemetry() -> PowertoolsTelemetry:
    return PowertoolsTelemetry()


@cache
def _session() -> boto3.Session:
    """One for all clients, which share what it has read."""
    return boto3.Session()


@cache
def _client(service: str, *, time_outs: tuple[float, float] = CONNECT_AND_READ_SECONDS) -> Any:
    """SigV4 everywhere, presigned links included."""
    make: Any = _session().client  # typed for services that are known by name only
    return make(service, config=client_config(service, time_outs))


def _stream_client() -> Any:
    return _client("s3", time_outs=STREAM_CONNECT_AND_READ_SECONDS)


def client_config(service: str, time_outs: tuple[float, float]) -> Config:
    connect, read = time_outs
    return Config(
        connect_timeout=connect,
        read_timeout=read,
        retries={"mode": "standard", "total_max_attempts": TRIES},
        signature_version="s3v4" if service == "s3" else None,
    )


@cache
def secrets() -> Secrets:
    return Secrets(_client("ssm"))


@cache
def store() -> DynamoDBCallStore:
    return DynamoDBCallStore(_client("dynamodb"), settings().calls_table_name)


@cache
def documents() -> S3Documents:
    return S3Documents(_client("s3"), settings().bucket_name)


@cache
def queue() -> SQSRecordingsQueue:
    return SQSRecordingsQueue(_client("sqs"), settings().recordings_queue_url)


@cache
def dead_letters() -> SQSDeadLetters:
    return SQSDeadLetters(_client("sqs"), settings().dead_letter_queue_url)


@cache
def verifier() -> CallbackVerifier:
    return CallbackVerifier(
        secrets(),
        account_sid=settings().twilio_account_sid,
        public_base_url=settings().public_base_url,
        auth_token_name=settings().twilio_auth_token_parameter_name,
        webhook_secret_name=settings().assemblyai_webhook_secret_parameter_name,
    )


@cache
def telephony() -> TwilioTelephony:
    from callscribe.adapters.twilio.client import TwilioTelephony

    return TwilioTelephony(
        secrets(),
        secret_name=settings().twilio_api_key_parameter_name,
        account_sid=settings().twilio_account_sid,
        api_url=settings().twilio_api_url,
        twiml_fallback_url=settings().twiml_fallback_url,
    )


@cache
def transcriber() -> AssemblyAITranscriber:
    from callscribe.adapters.assemblyai.client import (
        AssemblyAITranscriber,
        PresignedAudio,
        UploadedAudio,
    )

    upload = settings().audio_transfer == "upload"
    bucket_name = settings().bucket_name
    return AssemblyAITranscriber(
        secrets(),
        secret_name=settings().assemblyai_api_key_parameter_name,
        api_url=settings().assemblyai_api_url,
        audio=UploadedAudio(_stream_client(), bucket_name)
        if upload
        else PresignedAudio(documents()),
        speech_models=settings().speech_models,
    )


@cache
def track_call() -> TrackCall:
    return TrackCall(
        store=store(),
        telemetry=telemetry(),
        clock=clock,
        deadlines=deadlines(),
        retention=retention(),
    )


@cache
def answer_call() -> AnswerCall:
    return AnswerCall(
        store=store(),
        track=track_call(),
        telemetry=telemetry(),
        clock=clock,
        inbound_say=settings().inbound_say,
        inbound_language=settings().default_language,
        inbound_consent=settings().consent,
    )


@cache
def receive_recording() -> ReceiveRecording:
    return ReceiveRecording(queue=queue(), telemetry=telemetry())


@cache
def schedules() -> EventBridgeSchedules:
    from callscribe.adapters.aws.scheduler import EventBridgeSchedules

    return EventBridgeSchedules(
        _client("scheduler"),
        group_name=settings().schedule_group_name,
        role_arn=settings().scheduler_role_arn,
        dead_letter_arn=settings().schedule_dead_letter_arn,
    )


@cache
def event_publisher() -> EventBridgePublisher:
    from callscribe.adapters.aws.eventbridge import EventBridgePublisher

    return EventBridgePublisher(_client("events"), settings().event_bus_name)


@cache
def audio() -> TwilioAudioSource:
    from callscribe.adapters.twilio.media import TwilioAudioSource

    return TwilioAudioSource(
        secrets(),
        _stream_client(),
        secret_name=settings().twilio_api_key_parameter_name,
        account_sid=settings().twilio_account_sid,
        api_url=settings().twilio_api_url,
        bucket_name=settings().bucket_name,
    )


@cache
def guard_dialing() -> GuardDialing:
    from callscribe.domain.dialing.phone_numbers import country_of
    from callscribe.domain.dialing.rules import DialingRules
    from callscribe.use_cases.guard_dialing import GuardDialing

    rules = DialingRules(
        countries=settings().allowed_countries,
        home=country_of(settings().default_from_number),
        max_calls_per_destination=settings().max_calls_per_destination,
        max_calls_per_caller=settings().max_calls_per_caller,
        max_calls_per_day=settings().max_calls_per_day,
        max_concurrent_calls=settings().max_calls_at_once,
        quiet=settings().quiet_hours,
    )
    return GuardDialing(
        store=store(), calls=store(), rules=rules, telemetry=telemetry(), clock=clock
    )


@cache
def manage_dialing() -> ManageDialing:
    from callscribe.use_cases.manage_dialing import ManageDialing

    return ManageDialing(store=store(), telemetry=telemetry(), clock=clock)


@cache
def place_call() -> PlaceCall:
    from callscribe.domain.call_requests import CallDefaults
    from callscribe.use_cases.place_call import PlaceCall

    return PlaceCall(
        store=store(),
        keys=store(),
        telephony=telephony(),
        schedules=schedules(),
        guard=guard_dialing(),
        telemetry=telemetry(),
        clock=clock,
        deadlines=deadlines(),
        defaults=CallDefaults(
            from_number=settings().default_from_number or None,
            speech_models=settings().speech_models,
            language=settings().default_language,
            consent=settings().consent,
        ),
        retention=retention(),
        new_id=new_id,
        public_base_url=settings().public_base_url,
    )


@cache
def finish_recording() -> FinishRecording:
    from callscribe.use_cases.finish_recording import FinishRecording

    return FinishRecording(
        store=store(),
        transcriber=transcriber(),
        documents=documents(),
        queue=queue(),
        event_publisher=event_publisher(),
        telemetry=telemetry(),
        clock=clock,
        deadlines=deadlines(),
        delete_vendor_copies=settings().vendor_copies == "delete",
    )


@cache
def process_recording() -> ProcessRecording:
    from callscribe.use_cases.process_recording import ProcessRecording

    webhook_secret_name = settings().assemblyai_webhook_secret_parameter_name
    return ProcessRecording(
        store=store(),
        telephony=telephony(),
        audio=audio(),
        transcriber=transcriber(),
        track=track_call(),
        finish=finish_recording(),
        telemetry=telemetry(),
        clock=clock,
        deadlines=deadlines(),
        webhook_secret=lambda: secrets().value(webhook_secret_name, "webhook_secret"),
    )


@cache
def read_calls() -> ReadCalls:
    from callscribe.adapters.assemblyai.documents import read_transcript
    from callscribe.use_cases.read_calls import ReadCalls

    return ReadCalls(
        store=store(),
        documents=documents(),
        read_transcript=read_transcript,
        links=documents(),
        clock=clock,
    )


@cache
def redrive() -> Redrive:
    from callscribe.use_cases.redrive import Redrive

    return Redrive(
        store=store(),
        queue=queue(),
        letters=dead_letters(),
        telemetry=telemetry(),
        clock=clock,
        deadlines=deadlines(),
    )


@cache
def request_erasure() -> RequestErasure:
    from callscribe.use_cases.request_erasure import RequestErasure

    return RequestErasure(
        store=store(),
        telemetry=telemetry(),
        clock=clock,
        deadlines=deadlines(),
        retention=retention(),
    )


@cache
def erase_call() -> EraseCall:
    from callscribe.use_cases.erase_call import EraseCall

    return EraseCall(
        store=store(),
        telephony=telephony(),
        transcriber=transcriber(),
        objects=documents(),
        telemetry=telemetry(),
        clock=clock,
        deadlines=deadlines(),
    )


@cache
def scheduled_calls() -> ScheduledCalls:
    from callscribe.use_cases.scheduled_calls import ScheduledCalls

    return ScheduledCalls(store=store(), telemetry=telemetry(), clock=clock)


@cache
def import_recordings() -> ImportRecordings:
    from callscribe.use_cases.import_recordings import ImportRecordings

    return ImportRecordings(sweeps=store(), keys=store(), clock=clock, new_id=new_id)


@cache
def reconcile() -> Reconcile:
    from callscribe.adapters.vendor_shares import VendorShares
    from callscribe.use_cases.overdue.calls import AdvanceCall
    from callscribe.use_cases.overdue.deferral import DeferEntry
    from callscribe.use_cases.overdue.entries import AdvanceOverdue
    from callscribe.use_cases.overdue.recordings import AdvanceRecording
    from callscribe.use_cases.reconcile import Reconcile
    from callscribe.use_cases.sweep_vendors import SweepVendors

    vendors = VendorShares(telemetry(), clock)
    twilio = vendors.of("Twilio", telephony())
    assemblyai = vendors.of("AssemblyAI", transcriber())
    finish = replace(finish_recording(), transcriber=assemblyai)
    sweep = SweepVendors(
        store=store(),
        sweeps=store(),
        telephony=twilio,
        transcriber=assemblyai,
        queue=queue(),
        track=track_call(),
        finish=finish,
        telemetry=telemetry(),
        clock=clock,
        adoption=settings().adoption,
        bucket_name=settings().bucket_name,
        # whichever URL was given out when: the custom domain's, and the API's own
        base_urls=(
            public_base_url(settings().public_base_url, settings().api_url),
            settings().api_url,
        ),
    )
    erase = replace(erase_call(), telephony=twilio, transcriber=assemblyai)
    overdue = AdvanceOverdue(
        store=store(),
        calls=AdvanceCall(
            store=store(),
            telephony=twilio,
            queue=queue(),
            place=replace(place_call(), telephony=twilio),
            track=track_call(),
            finish=finish,
            erase=erase,
            vendors=vendors,
            telemetry=telemetry(),
            clock=clock,
            deadlines=deadlines(),
        ),
        recordings=AdvanceRecording(
            store=store(),
            telephony=twilio,
            queue=queue(),
            finish=finish,
            erase=erase,
            telemetry=telemetry(),
            clock=clock,
            deadlines=deadlines(),
        ),
        deferral=DeferEntry(store=store(), clock=clock),
        telemetry=telemetry(),
        clock=clock,
    )
    return Reconcile(
        leases=store(),
        overdue=overdue,
        redrive=redrive(),
        sweep=sweep,
        vendors=vendors,
        telemetry=telemetry(),
        clock=clock,
    )
