"""What a caller may ask for in ``POST /calls``, checked whole before a phone rings."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from callscribe.domain.calls import MODES
from callscribe.domain.consent import ConsentRules
from callscribe.domain.dialing.phone_numbers import phone_number_error
from callscribe.domain.errors import FieldError, InvalidInputError
from callscribe.domain.json_values import HALF_A_CHARACTER, is_encodable, printable
from callscribe.domain.request_fields import read_time, unknown_fields
from callscribe.domain.retention import Retention
from callscribe.domain.scripts import GOODBYE, LANGUAGE
from callscribe.domain.times import parse_timestamp

MAX_SAY_CHARACTERS = 3000
MAX_SHORT_CHARACTERS = 500
# the languages that Twilio's `alice` speaks; its other voices have some more
LANGUAGES = tuple(
    "ca-ES da-DK de-DE en-AU en-CA en-GB en-IN en-US es-ES es-MX fi-FI fr-CA fr-FR it-IT ja-JP ko-KR "
    "nb-NO nl-NL pl-PL pt-BR pt-PT ru-RU sv-SE zh-CN zh-HK zh-TW".split()
)
_VOICE = re.compile(r"[A-Za-z]{2,20}(\.[A-Za-z0-9-]{1,60})?")
MAX_METADATA_ENTRIES = 20
MAX_METADATA_CHARACTERS = 500
# Twilio hangs up after four hours
MAX_SECONDS = 4 * 3600

# of a message, or of a whole call with all its listening
DEFAULT_MAX_LENGTH_SECONDS = {"message": 120, "call": 3600}

DEFAULT_SAY = {
    "message": "Hello, this is callscribe. Please leave your message after the tone.",
    "call": "Hello, this is callscribe. This call is recorded.",
}


CheckOptions = Callable[[object], Sequence[FieldError]]


@dataclass(frozen=True, slots=True, kw_only=True)
class CallDefaults:
    """What the stack says where a request says nothing."""

    from_number: str | None = None
    language: str = LANGUAGE
    consent: ConsentRules = field(default_factory=ConsentRules)


@dataclass(frozen=True, slots=True, kw_only=True)
class CallRequest:
    """A checked request. ``max_length_seconds`` bounds the recording, ``place_at`` is RFC 3339."""

    to_number: str
    from_number: str
    mode: str
    say: str
    goodbye: str
    language: str
    voice: str | None
    consent: dict[str, Any] | None
    own_announcement: str | None
    pause_seconds: int
    max_length_seconds: int
    transcription: dict[str, Any]
    metadata: dict[str, str]
    place_at: str | None


class _Checker:
    """Collects every error of a request, so that a caller fixes them in one go."""

    def __init__(self, body: Mapping[str, Any]) -> None:
        self.body = body
        self.errors: list[FieldError] = []

    def fail(self, field: str, message: str) -> None:
        self.errors.append(FieldError(field, message))

    def integer(self, field: str, default: int, low: int, high: int) -> int:
        value = self.body.get(field, default)
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            self.fail(field, f"must be a whole number of seconds from {low} to {high}")
            return default
        return value

    def number(self, field: str, default: str | None) -> str:
        value = self.body.get(field, default)
        if value is None:
            self.fail(field, "is missing: give a phone number in E.164, for example +14155550100")
        elif message := phone_number_error(value):
            ours = field not in self.body
            self.fail(field, f"is missing, and DefaultFromNumber {message}" if ours else message)
        else:
            return str(value)
        return ""


def check_call_request(
    body: object, *, defaults: CallDefaults, check_options: CheckOptions
) -> CallRequest:
    """Checks the JSON body of ``POST /calls``: its form, which is the same at any time.

    ``check_options`` says what the transcription vendor will not take of ``transcription``.

    Raises:
        InvalidInputError: with every field that is wrong, and how to fix it.
    """
    if not isinstance(body, dict):
        raise InvalidInputError([FieldError("body", "must be a JSON object")])
    check = _Checker(body)
    check.errors += unknown_fields(body, sorted(_FIELDS))
    mode = body.get("mode", "message")
    if mode not in MODES:
        check.fail("mode", f"must be one of {', '.join(MODES)}")
        mode = "message"
    language = _one_of(check, "language", LANGUAGES, defaults.language)
    request = CallRequest(
        to_number=check.number("to", None),
        from_number=check.number("from", defaults.from_number),
        mode=mode,
        say=_spoken(check, "say", body.get("say", DEFAULT_SAY[mode]), MAX_SAY_CHARACTERS),
        goodbye=_spoken(check, "goodbye", body.get("goodbye", GOODBYE), MAX_SHORT_CHARACTERS),
        language=language,
        voice=_voice(check),
        consent=_consent(check, defaults.consent, language),
        own_announcement=_own_announcement(check),
        pause_seconds=check.integer("pause_seconds", 15, 1, 600),
        max_length_seconds=check.integer(
            "max_length_seconds", DEFAULT_MAX_LENGTH_SECONDS[mode], 1, MAX_SECONDS
        ),
        transcription=_transcription(check, check_options),
        metadata=_metadata(check),
        place_at=read_time(body, "place_at", check.errors),
    )
    if check.errors:
        raise InvalidInputError(check.errors)
    return request


_FIELDS = {
    "to",
    "from",
    "mode",
    "say",
    "goodbye",
    "language",
    "voice",
    "consent",
    "pause_seconds",
    "max_length_seconds",
    "transcription",
    "metadata",
    "place_at",
}


def _spoken(check: _Checker, field: str, text: object, most: int) -> str:
    """A text that Twilio can say."""
    if not isinstance(text, str) or not text.strip():
        check.fail(field, "must be a string that is not empty")
    elif len(text) > most:
        check.fail(field, f"has {len(text)} characters; {most} at most")
    elif any(ord(character) < 32 and character not in "\n\t" for character in text):
        check.fail(field, "holds control characters, which cannot be spoken: remove them")
    elif any(
        not is_encodable(character) or ord(character) in (0xFFFE, 0xFFFF) for character in text
    ):
        check.fail(field, "holds characters that XML cannot carry: remove them")
    else:
        return text
    return ""


def _one_of(check: _Checker, field: str, known: Sequence[str], default: str) -> str:
    value = check.body.get(field, default)
    if value not in known:
        check.fail(field, f"must be one of {', '.join(known)}")
        return default
    return str(value)


def _voice(check: _Checker) -> str | None:
    voice = check.body.get("voice")
    if voice is not None and not (isinstance(voice, str) and _VOICE.fullmatch(voice)):
        check.fail("voice", "must be a voice of Twilio's, such as Polly.Joanna")
        return None
    return voice


def _consent(check: _Checker, rules: ConsentRules, language: str) -> dict[str, Any] | None:
    """A request may ask for more consent than the stack does, never for less."""
    asked = check.body.get("consent", {})
    if not isinstance(asked, dict):
        check.fail(
            "consent", 'must be an object such as {"announcement": "This call is recorded."}'
        )
        return None
    for error in unknown_fields(asked, ("announcement", "key_press")):
        check.fail(f"consent.{error.field}", error.message)
    announcement, key_press = asked.get("announcement"), asked.get("key_press", False)
    if announcement is not None:
        _spoken(check, "consent.announcement", announcement, MAX_SHORT_CHARACTERS)
    if not isinstance(key_press, bool):
        check.fail("consent.key_press", "must be true or false")
        return None
    return rules.for_call(announcement, key_press=key_press, language=language)


def _own_announcement(check: _Checker) -> str | None:
    asked = check.body.get("consent")
    text = asked.get("announcement") if isinstance(asked, dict) else None
    return text if isinstance(text, str) else None


def _transcription(check: _Checker, check_options: CheckOptions) -> dict[str, Any]:
    options = check.body.get("transcription", {})
    errors = check_options(options)
    check.errors.extend(errors)
    return {} if errors else dict(options)


def _metadata(check: _Checker) -> dict[str, str]:
    metadata = check.body.get("metadata", {})
    if not isinstance(metadata, dict):
        check.fail("metadata", "must be an object of strings")
        return {}
    if len(metadata) > MAX_METADATA_ENTRIES:
        check.fail("metadata", f"has {len(metadata)} entries; {MAX_METADATA_ENTRIES} at most")
    rules: list[tuple[Callable[[Any, Any], bool], str]] = [
        # the table takes no empty name in a map
        (lambda name, _: bool(name), "has an empty name: give it one"),
        (lambda _, value: isinstance(value, str), "must be a string"),
        (
            lambda name, value: len(name) + len(str(value)) <= MAX_METADATA_CHARACTERS,
            f"is too long: {MAX_METADATA_CHARACTERS} characters at most, name and value",
        ),
        (lambda name, value: is_encodable(name + str(value)), HALF_A_CHARACTER),
    ]
    for name, value in metadata.items():
        for holds, message in rules:
            if not holds(name, value):
                check.fail(f"metadata.{printable(name)}", message)
                break
    return dict(metadata)


def check_place_at(request: CallRequest, now: datetime, retention: Retention) -> None:
    """Whether ``place_at`` can still be kept. Apart from the form: a repeated request passes that.

    Raises:
        InvalidInputError
    """
    if request.place_at is None:
        return
    lead = retention.max_lead
    if not now < parse_timestamp(request.place_at) <= now + lead:
        message = (
            f"must lie in the future, at most {lead.days} days ahead (RetentionDays, or a year)"
        )
        raise InvalidInputError([FieldError("place_at", message)])
