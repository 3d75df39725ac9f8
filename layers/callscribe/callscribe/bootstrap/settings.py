"""The environment that template.yaml gives a function, typed; docs/configuration.md has every line.

A field is named like the template's parameter, or like the resource, that its variable carries.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Generic, TypeVar, overload

from callscribe.domain.adoption import WAYS, AdoptionRules, read_adoption
from callscribe.domain.consent import ConsentRules
from callscribe.domain.deadlines import read_deadlines
from callscribe.domain.retention import Retention
from callscribe.domain.whole_numbers import read_whole_number

if TYPE_CHECKING:
    from callscribe.domain.call_requests import CallDefaults
    from callscribe.domain.dialing.quiet_hours import QuietHours
    from callscribe.domain.dialing.rules import DialingRules

T = TypeVar("T")


class SettingError(Exception):
    """A parameter of the template has a value that it cannot have, or a function lacks a variable."""


class Setting(Generic[T]):
    """A variable of the environment, named like the field: parsed and checked once, when first read.

    ``source``: the template's parameter or resource, which the error names. ``read`` raises ValueError
    with what must be changed. ``missing``: the value in a function that is not given the variable,
    because nothing that it does needs it.
    """

    def __init__(self, source: str, read: Callable[[str], T], *, missing: T | None = None) -> None:
        self.source = source
        self._read = read
        self._missing = missing

    def __set_name__(self, owner: type, name: str) -> None:
        self.field = name
        self.variable = name.upper()

    @overload
    def __get__(self, settings: None, owner: type) -> Setting[T]: ...
    @overload
    def __get__(self, settings: Settings, owner: type) -> T: ...
    def __get__(self, settings: Settings | None, owner: type) -> Setting[T] | T:
        if settings is None:
            return self
        # found there from now on, before this descriptor
        value = vars(settings)[self.field] = self._value(settings.environment)
        return value

    def _value(self, environment: Mapping[str, str]) -> T:
        text = environment.get(self.variable)
        if text is None and self._missing is not None:
            return self._missing
        if text is None:
            raise SettingError(
                f"{self.source} is not known to this function: give it {self.variable} in template.yaml"
            )
        try:
            return self._read(text)
        except ValueError as error:
            raise SettingError(f"{self.source} {error}") from error


def _text(text: str) -> str:
    return text.strip()


def _required(text: str) -> str:
    if not text.strip():
        raise ValueError("must not be empty")
    return text.strip()


def _whole_number(least: int, most: int | None = None) -> Callable[[str], int]:
    bounds = f"from {least} to {most}" if most else f"of at least {least}"

    def read(text: str) -> int:
        number = read_whole_number(text)
        if number is None or not least <= number <= (most or number):
            raise ValueError(f"must be a whole number {bounds}, not {text!r}")
        return number

    return read


def _one_of(*choices: str) -> Callable[[str], str]:
    def read(text: str) -> str:
        if text not in choices:
            raise ValueError(f"must be one of {', '.join(choices)}, not {text!r}")
        return text

    return read


def _yes(text: str) -> bool:
    return _one_of("yes", "no")(text) == "yes"


def _names(text: str) -> tuple[str, ...]:
    names = tuple(name.strip() for name in text.split(",") if name.strip())
    if not names:
        raise ValueError("must name at least one, separated by commas")
    return names


# phonenumbers is slow to import, and most functions need none of it
def _countries(text: str) -> frozenset[str]:
    from callscribe.domain.dialing.rules import read_countries  # noqa: PLC0415

    return read_countries(text)


def _quiet_hours(text: str) -> QuietHours | None:
    from callscribe.domain.dialing.quiet_hours import read_quiet_hours  # noqa: PLC0415

    return read_quiet_hours(text)


@dataclass(frozen=True)
class Settings:
    """None is read at import. A function has only those it needs, and checks them at its first event.

    Raises (attribute access):
        SettingError: names the template's parameter and what is wrong with its value.
    """

    environment: Mapping[str, str] = field(default_factory=lambda: os.environ)

    twilio_account_sid = Setting("TwilioAccountSid", _required)
    twilio_api_url = Setting("TwilioApiUrl", _required)
    # `transcribe` asks Twilio, but places no calls
    twiml_fallback_url = Setting("TwimlFallbackUrl", _text, missing="")
    default_from_number = Setting("DefaultFromNumber", _text)
    default_language = Setting("DefaultLanguage", _required)
    inbound_say = Setting("InboundSay", _required)
    consent_announcement = Setting("ConsentAnnouncement", _text)
    consent_key_press = Setting("ConsentKeyPress", _yes)
    allowed_countries = Setting("AllowedCountries", _countries)
    max_calls_per_destination = Setting("MaxCallsPerDestination", _whole_number(1))
    max_calls_per_caller = Setting("MaxCallsPerCaller", _whole_number(1))
    max_calls_per_day = Setting("MaxCallsPerDay", _whole_number(1))
    max_calls_at_once = Setting("MaxCallsAtOnce", _whole_number(1, 1000))
    quiet_hours = Setting("QuietHours", _quiet_hours)
    # in the order of preference, never AssemblyAI's moving default; only `transcribe` submits
    speech_models = Setting[tuple[str, ...]]("SpeechModels", _names, missing=())
    audio_transfer = Setting("AudioTransfer", _one_of("presigned", "upload"), missing="presigned")
    assemblyai_api_url = Setting("AssemblyAIApiUrl", _required)
    public_base_url = Setting("PublicBaseUrl", _text)
    deadlines = Setting("Deadlines", read_deadlines)
    retention_days = Setting("RetentionDays", _whole_number(7, 36_500))
    adopt_recordings = Setting("AdoptRecordings", _one_of(*WAYS))
    adopt_numbers = Setting("AdoptNumbers", _text)
    vendor_copies = Setting("VendorCopies", _one_of("keep", "delete"))

    calls_table_name = Setting("CallsTable", _required)
    bucket_name = Setting("Bucket", _required)
    recordings_queue_url = Setting("RecordingsQueue", _required)
    dead_letter_queue_url = Setting("RecordingsDeadLetterQueue", _required)
    event_bus_name = Setting("EventBus", _required)
    # `reconcile` places calls whose schedule did not fire, and makes no schedule itself
    schedule_group_name = Setting("ScheduledCallsGroup", _required, missing="")
    scheduler_role_arn = Setting("ScheduledCallsRole", _required, missing="")
    schedule_dead_letter_arn = Setting("InvocationsDeadLetterQueue", _required, missing="")
    api_url = Setting("HttpApi", _required)
    stack_name = Setting("AWS::StackName", _required)

    @cached_property
    def twilio_api_key_parameter_name(self) -> str:
        """Of the API key that requests to Twilio are made with."""
        return self._parameter_name("twilio-api-key")

    @cached_property
    def twilio_auth_token_parameter_name(self) -> str:
        """Of the token that Twilio signs callbacks with."""
        return self._parameter_name("twilio-auth-token")

    @cached_property
    def assemblyai_api_key_parameter_name(self) -> str:
        """Of the API key that requests to AssemblyAI are made with."""
        return self._parameter_name("assemblyai-api-key")

    @cached_property
    def assemblyai_webhook_secret_parameter_name(self) -> str:
        """Of the secret that AssemblyAI's webhooks carry."""
        return self._parameter_name("assemblyai-webhook-secret")

    def _parameter_name(self, secret: str) -> str:
        # one variable for all of them: Lambda limits the whole environment to 4 KB
        return f"/callscribe/{self.stack_name}/{secret}"

    @cached_property
    def retention(self) -> Retention:
        """How long calls are kept."""
        return Retention(self.retention_days)

    @cached_property
    def consent(self) -> ConsentRules:
        """What every call announces before it is recorded."""
        return ConsentRules(
            announcement=self.consent_announcement, key_press=self.consent_key_press
        )

    def check(self) -> None:
        """Reads whatever this function is given: a value that cannot be is refused before any event.

        Raises SettingError.
        """
        for setting in vars(type(self)).values():
            if isinstance(setting, Setting) and setting.variable in self.environment:
                getattr(self, setting.field)
        if "ADOPT_NUMBERS" in self.environment:
            _ = self.adoption

    @cached_property
    def adoption(self) -> AdoptionRules:
        """Which recordings of the account are this stack's."""
        try:
            return read_adoption(self.adopt_recordings, self.adopt_numbers)
        except ValueError as error:
            raise SettingError(f"AdoptNumbers: {error}") from error

    @cached_property
    def dialing_rules(self) -> DialingRules:
        """Who may be called, when, and how often."""
        from callscribe.domain.dialing.phone_numbers import country_of  # noqa: PLC0415
        from callscribe.domain.dialing.rules import DialingRules  # noqa: PLC0415

        return DialingRules(
            countries=self.allowed_countries,
            home=country_of(self.default_from_number),
            max_calls_per_destination=self.max_calls_per_destination,
            max_calls_per_caller=self.max_calls_per_caller,
            max_calls_per_day=self.max_calls_per_day,
            max_concurrent_calls=self.max_calls_at_once,
            quiet=self.quiet_hours,
        )

    @cached_property
    def call_defaults(self) -> CallDefaults:
        """What a request for a call need not say."""
        from callscribe.domain.call_requests import CallDefaults  # noqa: PLC0415

        return CallDefaults(
            from_number=self.default_from_number or None,
            language=self.default_language,
            consent=self.consent,
        )
