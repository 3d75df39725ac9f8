"""The use cases of one environment, put together from its settings and its gateways.

Each is made when a handler first asks for it: a function's environment holds only what its role may
touch, and its cold start pays for nothing else.
"""

from __future__ import annotations

from functools import cache, cached_property
from typing import TYPE_CHECKING

from callscribe.adapters.assemblyai.webhook import AssemblyAIWebhooks
from callscribe.adapters.twilio.callbacks import TwilioCallbacks
from callscribe.bootstrap.gateways import AwsGateways
from callscribe.bootstrap.operation import Operation
from callscribe.bootstrap.settings import Settings
from callscribe.use_cases.answer_call import AnswerCall
from callscribe.use_cases.receive_recording import ReceiveRecording
from callscribe.use_cases.track_call import TrackCall

if TYPE_CHECKING:
    from callscribe.use_cases.dial_call import DialCall
    from callscribe.use_cases.erase_call import EraseCall
    from callscribe.use_cases.finish_recording import FinishRecording
    from callscribe.use_cases.guard_dialing import GuardDialing
    from callscribe.use_cases.handle_recording_messages import HandleRecordingMessages
    from callscribe.use_cases.place_call import PlaceCall
    from callscribe.use_cases.process_recording import ProcessRecording
    from callscribe.use_cases.reconcile import Reconcile

# Imports inside functions: a callback's cold start pays for no use case but its own
# ruff: noqa: PLC0415


class Application(Operation):
    """All use cases; those of the callbacks, the worker and `reconcile` are here."""

    @cached_property
    def twilio_callbacks(self) -> TwilioCallbacks:
        return TwilioCallbacks(
            self.gateways.secrets,
            account_sid=self.settings.twilio_account_sid,
            public_base_url=self.settings.public_base_url,
            auth_token_name=self.settings.twilio_auth_token_parameter_name,
        )

    @cached_property
    def assemblyai_webhooks(self) -> AssemblyAIWebhooks:
        return AssemblyAIWebhooks(
            self.gateways.secrets,
            secret_name=self.settings.assemblyai_webhook_secret_parameter_name,
        )

    @cached_property
    def track_call(self) -> TrackCall:
        return TrackCall(
            store=self.gateways.store,
            ledger=self.ledger,
            telemetry=self.telemetry,
            clock=self.gateways.clock,
            retention=self.settings.retention,
        )

    @cached_property
    def answer_call(self) -> AnswerCall:
        return AnswerCall(
            store=self.gateways.store,
            ledger=self.ledger,
            track=self.track_call,
            telemetry=self.telemetry,
            clock=self.gateways.clock,
            inbound_say=self.settings.inbound_say,
            inbound_language=self.settings.default_language,
            inbound_consent=self.settings.consent,
        )

    @cached_property
    def receive_recording(self) -> ReceiveRecording:
        return ReceiveRecording(queue=self.gateways.queue, telemetry=self.telemetry)

    @cached_property
    def guard_dialing(self) -> GuardDialing:
        from callscribe.use_cases.guard_dialing import GuardDialing

        return GuardDialing(
            store=self.gateways.store,
            calls=self.gateways.store,
            rules=self.settings.dialing_rules,
            telemetry=self.telemetry,
            clock=self.gateways.clock,
        )

    @cached_property
    def dial_call(self) -> DialCall:
        from callscribe.use_cases.dial_call import DialCall

        return DialCall(
            store=self.gateways.store,
            ledger=self.ledger,
            telephony=self.gateways.telephony,
            telemetry=self.telemetry,
            clock=self.gateways.clock,
        )

    @cached_property
    def place_call(self) -> PlaceCall:
        from callscribe.use_cases.place_call import PlaceCall

        return PlaceCall(
            store=self.gateways.store,
            ledger=self.ledger,
            keys=self.gateways.store,
            dial=self.dial_call,
            schedules=self.gateways.schedules,
            guard=self.guard_dialing,
            telemetry=self.telemetry,
            clock=self.gateways.clock,
            deadlines=self.settings.deadlines,
            defaults=self.settings.call_defaults,
            transcription_options=self.gateways.transcription_options,
            retention=self.settings.retention,
            new_id=self.gateways.new_id,
            public_base_url=self.settings.public_base_url,
        )

    @cached_property
    def finish_recording(self) -> FinishRecording:
        from callscribe.use_cases.finish_recording import FinishRecording

        return FinishRecording(
            store=self.gateways.store,
            ledger=self.ledger,
            transcriber=self.gateways.transcriber,
            documents=self.gateways.documents,
            queue=self.gateways.queue,
            event_publisher=self.gateways.event_publisher,
            telemetry=self.telemetry,
            clock=self.gateways.clock,
            deadlines=self.settings.deadlines,
            delete_vendor_copies=self.settings.vendor_copies == "delete",
        )

    @cached_property
    def process_recording(self) -> ProcessRecording:
        from callscribe.use_cases.process_recording import ProcessRecording

        secret_name = self.settings.assemblyai_webhook_secret_parameter_name
        return ProcessRecording(
            store=self.gateways.store,
            ledger=self.ledger,
            telephony=self.gateways.telephony,
            audio=self.gateways.audio,
            documents=self.gateways.documents,
            transcriber=self.gateways.transcriber,
            track=self.track_call,
            finish=self.finish_recording,
            telemetry=self.telemetry,
            clock=self.gateways.clock,
            deadlines=self.settings.deadlines,
            webhook_secret=lambda: self.gateways.secrets.value(secret_name, "webhook_secret"),
        )

    @cached_property
    def handle_recording_messages(self) -> HandleRecordingMessages:
        from callscribe.use_cases.handle_recording_messages import HandleRecordingMessages

        return HandleRecordingMessages(
            process=self.process_recording.process,
            queue=self.gateways.queue,
            dead_letters=self.gateways.dead_letters,
            telemetry=self.telemetry,
        )

    @cached_property
    def erase_call(self) -> EraseCall:
        from callscribe.use_cases.erase_call import EraseCall

        return EraseCall(
            store=self.gateways.store,
            shares=self.gateways.store,
            ledger=self.ledger,
            telephony=self.gateways.telephony,
            transcriber=self.gateways.transcriber,
            objects=self.gateways.documents,
            telemetry=self.telemetry,
            clock=self.gateways.clock,
            deadlines=self.settings.deadlines,
        )

    @cached_property
    def reconcile(self) -> Reconcile:
        from callscribe.bootstrap.reconciliation import Reconciliation

        return Reconciliation(
            settings=self.settings,
            gateways=self.gateways,
            ledger=self.ledger,
            place_call=self.place_call,
            track_call=self.track_call,
            finish_recording=self.finish_recording,
            erase_call=self.erase_call,
            redrive=self.redrive,
        ).use_case


@cache
def process_application() -> Application:
    """The one of this process, made at its first event. Raises SettingError."""
    settings = Settings()
    settings.check()
    return Application(settings, AwsGateways(settings))
