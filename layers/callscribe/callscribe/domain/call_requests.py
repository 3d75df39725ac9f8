"""What a caller may ask for in ``POST /calls``, checked whole before anybody's phone rings."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import phonenumbers

from callscribe.domain.calls import MODES
from callscribe.domain.option_checks import printable
from callscribe.domain.problems import FieldError, InvalidInputError
from callscribe.domain.times import from_text, to_text
from callscribe.domain.transcription_options import check_transcription_options

MAX_SAY_CHARACTERS = 3000
MAX_METADATA_ENTRIES = 20
MAX_METADATA_CHARACTERS = 500
# Twilio hangs up after four hours
MAX_SECONDS = 4 * 3600
MAX_AHEAD = timedelta(days=365)

# of a message, or of a whole call with all its listening
DEFAULT_MAX_LENGTH_SECONDS = {"message": 120, "call": 3600}

DEFAULT_SAY = {
    "message": "Hello, this is callscribe. Please leave your message after the tone.",
    "call": "Hello, this is callscribe. This call is recorded.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class CallRequest:
    """A checked request. ``max_length_seconds`` bounds the recording, ``place_at`` is RFC 3339."""

    to_number: str
    from_number: str
    mode: str
    say: str
    pause_seconds: int
    max_length_seconds: int
    transcription: dict[str, Any]
    metadata: dict[str, str]
    place_at: str | None

    def fingerprint(self) -> str:
        """Equal for equal requests: what an Idempotency-Key is held to."""
        parts = [getattr(self, name) for name in self.__slots__]
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


class _Checker:
    """Collects every error of a request, so that a caller mends them in one go."""

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
            self.fail(field, message)
        else:
            return str(value)
        return ""


def check_call_request(
    body: object,
    *,
    default_from_number: str | None,
    speech_models: Sequence[str],
    now: datetime,
) -> CallRequest:
    """Checks the JSON body of ``POST /calls``.

    Raises:
        InvalidInputError: with every field that is wrong, and how to mend it.
    """
    if not isinstance(body, dict):
        raise InvalidInputError([FieldError("body", "must be a JSON object")])
    check = _Checker(body)
    for name in sorted(set(map(str, body)) - _FIELDS):
        check.fail(printable(name), f"is not known; the fields are {', '.join(sorted(_FIELDS))}")
    mode = body.get("mode", "message")
    if mode not in MODES:
        check.fail("mode", f"must be one of {', '.join(MODES)}")
        mode = "message"
    request = CallRequest(
        to_number=check.number("to", None),
        from_number=check.number("from", default_from_number or None),
        mode=mode,
        say=_say(check, mode),
        pause_seconds=check.integer("pause_seconds", 15, 1, 600),
        max_length_seconds=check.integer(
            "max_length_seconds", DEFAULT_MAX_LENGTH_SECONDS[mode], 1, MAX_SECONDS
        ),
        transcription=_transcription(check, speech_models),
        metadata=_metadata(check),
        place_at=_place_at(check, now),
    )
    if check.errors:
        raise InvalidInputError(check.errors)
    return request


_FIELDS = {
    "to",
    "from",
    "mode",
    "say",
    "pause_seconds",
    "max_length_seconds",
    "transcription",
    "metadata",
    "place_at",
}


def phone_number_error(value: object) -> str | None:
    """What is wrong with a phone number; None for a number that exists in its country's plan."""
    if not isinstance(value, str):
        return "must be a text such as +14155550100"
    if not (value.startswith("+") and value[1:].isascii() and value[1:].isdigit()):
        return "must be in E.164: a plus sign, the country code and the number, digits only"
    # E.164 allows 15 digits at most
    if not 8 <= len(value) <= 16:
        return "must have 7 to 15 digits after the plus sign"
    try:
        parsed = phonenumbers.parse(value)
    except phonenumbers.NumberParseException:
        return "has a country code that does not exist"
    if not phonenumbers.is_valid_number(parsed):
        return "does not exist in the numbering plan of its country: check the digits"
    return None


def _say(check: _Checker, mode: str) -> str:
    say = check.body.get("say", DEFAULT_SAY[mode])
    if not isinstance(say, str) or not say.strip():
        check.fail("say", "must be a text that is not empty")
    elif len(say) > MAX_SAY_CHARACTERS:
        check.fail("say", f"has {len(say)} characters; {MAX_SAY_CHARACTERS} at most")
    elif any(ord(character) < 32 and character not in "\n\t" for character in say):
        check.fail("say", "holds control characters, which cannot be spoken: remove them")
    elif any(
        0xD800 <= ord(character) < 0xE000 or ord(character) in (0xFFFE, 0xFFFF) for character in say
    ):
        check.fail("say", "holds characters that XML cannot carry: remove them")
    else:
        return say
    return ""


def _transcription(check: _Checker, speech_models: Sequence[str]) -> dict[str, Any]:
    try:
        return check_transcription_options(
            check.body.get("transcription", {}), default_speech_models=speech_models
        )
    except InvalidInputError as error:
        check.errors.extend(error.errors)
        return {}


def _metadata(check: _Checker) -> dict[str, str]:
    metadata = check.body.get("metadata", {})
    if not isinstance(metadata, dict):
        check.fail("metadata", "must be an object of texts")
        return {}
    if len(metadata) > MAX_METADATA_ENTRIES:
        check.fail("metadata", f"has {len(metadata)} entries; {MAX_METADATA_ENTRIES} at most")
    rules: list[tuple[Callable[[Any, Any], bool], str]] = [
        (lambda _, value: isinstance(value, str), "must be a text"),
        (
            lambda name, value: len(name) + len(str(value)) <= MAX_METADATA_CHARACTERS,
            f"is too long: {MAX_METADATA_CHARACTERS} characters at most, name and value",
        ),
        (lambda name, value: _encodable(name + str(value)), "holds half a character (surrogate)"),
    ]
    for name, value in metadata.items():
        for holds, message in rules:
            if not holds(name, value):
                check.fail(f"metadata.{printable(name)}", message)
                break
    return dict(metadata)


def _encodable(text: str) -> bool:
    return not any(0xD800 <= ord(character) < 0xE000 for character in text)


def _place_at(check: _Checker, now: datetime) -> str | None:
    value = check.body.get("place_at")
    if value is None:
        return None
    try:
        moment = from_text(value)
    except (TypeError, ValueError):
        check.fail("place_at", "must be an RFC 3339 time with offset, such as 2027-01-31T09:00:00Z")
        return None
    if not now < moment <= now + MAX_AHEAD:
        check.fail("place_at", "must lie in the future, at most a year ahead")
        return None
    return to_text(moment)
