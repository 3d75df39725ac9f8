"""Which transcription options go together, on which model."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from callscribe.domain.errors import FieldError
from callscribe.domain.languages import is_english
from callscribe.domain.pii_policies import ENGLISH_POLICIES

MOST_KEYTERMS = 1000
_KEYTERMS_LIMIT = {"universal-2": 200}


@dataclass(frozen=True, slots=True)
class Options:
    """``values`` are right by themselves, ``wrong`` names those that are not.

    ``models`` are the ones that will be asked for; empty where they are not known.
    """

    values: Mapping[str, Any]
    wrong: frozenset[str]
    models: Sequence[str]

    def has(self, name: str) -> bool:
        """Given, and not switched off; zero is a value."""
        value = self.values.get(name)
        return value is not None and value is not False

    def lacks(self, name: str) -> bool:
        """Neither given nor tried: what is wrong has had its error."""
        return not self.has(name) and name not in self.wrong

    @property
    def only_universal_2(self) -> bool:
        return set(self.models) == {"universal-2"}

    @property
    def not_english(self) -> bool:
        language = self.values.get("language_code")
        return language is not None and not is_english(language)


Errors = Iterator[FieldError]

# the first is refused by AssemblyAI, or has no effect, without the second
_NEEDS = (
    ("content_safety_confidence", "content_safety"),
    ("language_confidence_threshold", "language_detection"),
    ("language_detection_options", "language_detection"),
    ("redact_pii_audio", "redact_pii"),
    ("redact_pii_audio_options", "redact_pii_audio"),
    ("redact_pii_audio_quality", "redact_pii_audio"),
    ("redact_pii_policies", "redact_pii"),
    ("redact_pii_return_unredacted", "redact_pii"),
    ("redact_pii_sub", "redact_pii"),
    ("redact_static_entities", "redact_pii"),
    ("speaker_options", "speaker_labels"),
)
# the second is true by itself
_NEEDS_DEFAULT = (
    ("redact_pii", "format_text"),
    ("sentiment_analysis", "punctuate"),
    ("speaker_labels", "punctuate"),
)
_EXCLUSIVE = (
    ("language_code", "language_detection"),
    ("language_code", "language_codes"),
    ("language_codes", "language_detection"),
)
_NOT_ON_UNIVERSAL_2 = ("language_codes", "prompt", "remove_audio_tags", "temperature")


def contradictions(options: Options) -> Errors:
    for rule in (_pairs, _redaction, _models, _keyterms, _languages, _ranges, _understanding):
        yield from rule(options)


def _pairs(options: Options) -> Errors:
    for name, other in _NEEDS:
        if options.has(name) and options.lacks(other):
            yield _error(name, f"needs {other}: it must be true")
    for name, other in _NEEDS_DEFAULT:
        if options.has(name) and options.values.get(other) is False:
            yield _error(name, f"needs {other}: it must not be false")
    for name, other in _EXCLUSIVE:
        if options.has(name) and options.has(other):
            yield _error(name, f"and {other} exclude each other: leave one out")


def _redaction(options: Options) -> Errors:
    if options.has("redact_pii") and options.lacks("redact_pii_policies"):
        yield _error("redact_pii", "needs redact_pii_policies: name what is to be redacted")


def _models(options: Options) -> Errors:
    for name in _NOT_ON_UNIVERSAL_2:
        if options.only_universal_2 and options.has(name):
            yield _error(
                name, "does nothing on universal-2: use universal-3-5-pro, or leave it out"
            )
    if (
        "universal-3-pro" in options.models
        and options.has("prompt")
        and options.has("keyterms_prompt")
    ):
        message = "and keyterms_prompt exclude each other on universal-3-pro: leave one out"
        yield _error("prompt", message)


def _keyterms(options: Options) -> Errors:
    """The first model's limit counts: it is the one that is used unless it cannot be."""
    if options.has("keyterms_prompt_options") and options.lacks("keyterms_prompt"):
        yield _error("keyterms_prompt_options", "needs keyterms_prompt: add it")
    terms = options.values.get("keyterms_prompt", ())
    model = options.models[0] if options.models else ""
    limit = _KEYTERMS_LIMIT.get(model, MOST_KEYTERMS)
    if len(terms) > limit:
        yield _error("keyterms_prompt", f"has {len(terms)} phrases; {model} takes {limit} at most")
    if not options.only_universal_2:
        return
    if terms and options.not_english:
        yield _error("keyterms_prompt", "works in English only on universal-2: leave it out")
    for position, term in enumerate(terms):
        # AssemblyAI accepts and ignores it, which nobody can want
        if not 5 <= len(term) <= 50:
            message = "must have 5 to 50 characters: universal-2 ignores other terms"
            yield _error(f"keyterms_prompt[{position}]", message)


def _languages(options: Options) -> Errors:
    if "en" not in (options.values.get("language_codes") or ("en",)):
        yield _error("language_codes", "must include en")
    if options.not_english and options.has("sentiment_analysis"):
        yield _error("sentiment_analysis", "works in English only: leave it out")
    for position, policy in enumerate(options.values.get("redact_pii_policies", ())):
        if options.not_english and policy in ENGLISH_POLICIES:
            yield _error(f"redact_pii_policies[{position}]", f"{policy} works in English only")
    detection = options.values.get("language_detection_options", {})
    path = "language_detection_options.code_switching"
    if detection.get("code_switching") and set(options.models) == {"universal-3-5-pro"}:
        yield _error(path, "works on universal-2 only: add it to speech_models")
    if "code_switching_confidence_threshold" in detection and not detection.get("code_switching"):
        yield _error(f"{path}_confidence_threshold", "needs code_switching: it must be true")


def _ranges(options: Options) -> Errors:
    end = options.values.get("audio_end_at")
    if end is not None and end <= options.values.get("audio_start_from", 0):
        yield _error("audio_end_at", "must be after audio_start_from (milliseconds)")
    speakers = options.values.get("speaker_options", {})
    low = speakers.get("min_speakers_expected", 1)
    if speakers.get("max_speakers_expected", low) < low:
        path = "speaker_options.max_speakers_expected"
        yield _error(path, "must not be below min_speakers_expected")


def _understanding(options: Options) -> Errors:
    request = options.values.get("speech_understanding", {}).get("request", {})
    path = "speech_understanding.request"
    if "speaker_identification" in request:
        who = f"{path}.speaker_identification"
        if options.lacks("speaker_labels") and options.lacks("multichannel"):
            yield _error(who, "needs speaker_labels or multichannel: set one of them to true")
        # one channel leaves only speaker_labels to name (transcript_requests)
        if options.values.get("punctuate") is False:
            yield _error(who, "needs punctuate: it must not be false")
    formatting = request.get("custom_formatting")
    for name in formatting if isinstance(formatting, dict) else ():
        if name in options.values.get("redact_pii_policies", ()):
            message = "is redacted by redact_pii_policies: format it or redact it, not both"
            yield _error(f"{path}.custom_formatting.{name}", message)


def _error(name: str, message: str) -> FieldError:
    return FieldError(f"transcription.{name}", message)
