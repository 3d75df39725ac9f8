"""AssemblyAI's options as a caller may set them, held to what the vendor takes today.

A mistake is refused before anybody's phone rings. Sources: AssemblyAI's OpenAPI description 1.3.4, its
documentation and SDK 1.8.2 as of November 2026.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from typing import Any

from callscribe.domain.languages import LANGUAGE_CODES
from callscribe.domain.option_checks import (
    Check,
    boolean,
    fields,
    integer,
    list_of,
    mapping_of,
    number,
    one_of,
    one_word,
    phrase,
    text,
)
from callscribe.domain.pii_policies import PII_POLICIES
from callscribe.domain.problems import FieldError, InvalidInputError

SPEECH_MODELS = ("universal-3-5-pro", "universal-2", "assemblyai-stt-3-7")

_KEYTERMS_LIMIT = {"universal-2": 200}
_MOST_KEYTERMS = 1000

OPTIONS: dict[str, Check] = {
    "keyterms_prompt": list_of(phrase(6), at_most=_MOST_KEYTERMS),
    "keyterms_prompt_options": fields({"keyterms_match_strength": one_of(("high", "standard"))}),
    "prompt": phrase(1500),
    "custom_spelling": list_of(
        fields({"from": list_of(text, at_least=1), "to": one_word}, required=("from", "to"))
    ),
    "language_code": one_of(LANGUAGE_CODES),
    "language_codes": list_of(one_of(LANGUAGE_CODES), at_least=1, at_most=2),
    "language_detection": boolean,
    "language_confidence_threshold": number(0, 1),
    "language_detection_options": fields(
        {
            "expected_languages": list_of(one_of({*LANGUAGE_CODES, "all"}), at_least=1),
            "fallback_language": one_of({*LANGUAGE_CODES, "auto"}),
            "code_switching": boolean,
            "code_switching_confidence_threshold": number(0, 1),
            "localization": list_of(one_of(("en_au", "en_uk")), at_most=1),
            "on_low_language_confidence": one_of(("error", "fallback")),
        }
    ),
    "speaker_labels": boolean,
    "speaker_options": fields(
        {"min_speakers_expected": integer(1), "max_speakers_expected": integer(1)}
    ),
    "multichannel": boolean,
    "punctuate": boolean,
    "format_text": boolean,
    "disfluencies": boolean,
    "filter_profanity": boolean,
    "redact_pii": boolean,
    "redact_pii_policies": list_of(one_of(PII_POLICIES), at_least=1),
    "redact_pii_sub": one_of(
        ("hash", "entity_name"), hints={"entity_type": "is called entity_name today: write that"}
    ),
    "redact_pii_audio": boolean,
    "redact_pii_audio_quality": one_of(("mp3", "wav")),
    "redact_pii_audio_options": fields(
        {
            "return_redacted_no_speech_audio": boolean,
            "override_audio_redaction_method": one_of(("silence",)),
        }
    ),
    "redact_pii_return_unredacted": boolean,
    "redact_static_entities": mapping_of(list_of(text, at_least=1)),
    "sentiment_analysis": boolean,
    "entity_detection": boolean,
    "auto_highlights": boolean,
    "iab_categories": boolean,
    "content_safety": boolean,
    "content_safety_confidence": integer(25, 100),
    "audio_start_from": integer(0),
    "audio_end_at": integer(1),
    "speech_threshold": number(0, 1),
    "speech_understanding": fields({"request": mapping_of(mapping_of(lambda _v, _p: iter(())))}),
    "domain": one_of(("medical-v1",)),
    "temperature": number(0, 1),
    "remove_audio_tags": one_of(("all", "speaker")),
}

# what the application itself fills in
OWNED = (
    "audio_url",
    "webhook_url",
    "webhook_auth_header_name",
    "webhook_auth_header_value",
)

REPLACED: dict[str, str] = {
    "speech_model": "use speech_models, a list in the order of preference",
    "word_boost": "use keyterms_prompt",
    "boost_param": "use keyterms_prompt_options.keyterms_match_strength",
    "dual_channel": "use multichannel; it is set anyway where a recording has two channels",
    "speakers_expected": "use speaker_options.min_speakers_expected and max_speakers_expected",
    "auto_chapters": "AssemblyAI offers its LLM Gateway instead",
    "summarization": "use speech_understanding.request.summarization",
    "summary_model": "use speech_understanding.request.summarization",
    "summary_type": "use speech_understanding.request.summarization",
    "topics": "it has no effect any more: leave it out",
    "custom_topics": "it has no effect any more: leave it out",
    "language_model": "use speech_models",
    "acoustic_model": "use speech_models",
}


def check_transcription_options(
    options: object, *, default_speech_models: Sequence[str]
) -> dict[str, Any]:
    """The options as they are, once all of them hold. ``default_speech_models`` are the stack's.

    Raises:
        InvalidInputError: with every option that is wrong, and how to mend it.
    """
    if not isinstance(options, dict):
        raise InvalidInputError([FieldError("transcription", "must be an object of options")])
    table = {**OPTIONS, "speech_models": _speech_models(default_speech_models)}
    errors = [error for name, value in options.items() for error in _check(table, name, value)]
    if not errors:
        # the rules between options may rely on each being of its type
        errors = list(_contradictions(options, default_speech_models))
    if errors:
        raise InvalidInputError(errors)
    return dict(options)


def _check(table: Mapping[str, Check], name: str, value: Any) -> Iterator[FieldError]:
    path = f"transcription.{name}"
    if name in table:
        yield from table[name](value, path)
    elif name in OWNED:
        yield FieldError(path, "is filled in by callscribe: leave it out")
    elif name in REPLACED:
        yield FieldError(path, f"is deprecated by AssemblyAI: {REPLACED[name]}")
    else:
        close = get_close_matches(name, table, n=1)
        hint = f"did you mean {close[0]}?" if close else "docs/api.md lists them all"
        yield FieldError(path, f"is no option of AssemblyAI's: {hint}")


def _speech_models(configured: Sequence[str]) -> Check:
    retired = "is being retired by AssemblyAI: use universal-3-5-pro"
    known = {*SPEECH_MODELS, *configured}
    return list_of(one_of(known, hints={"universal-3-pro": retired}), at_least=1)


Options = Mapping[str, Any]
_Rule = tuple[Callable[[Options], bool], str, str]


def _contradictions(options: Options, configured: Sequence[str]) -> Iterator[FieldError]:
    for broken, name, message in _RULES:
        if broken(options):
            yield FieldError(f"transcription.{name}", message)
    yield from _too_many_keyterms(options, configured)


def _too_many_keyterms(options: Options, configured: Sequence[str]) -> Iterator[FieldError]:
    """The first model's limit counts: it is the one that is used unless it cannot be."""
    model = (options.get("speech_models") or list(configured) or [""])[0]
    limit = _KEYTERMS_LIMIT.get(model, _MOST_KEYTERMS)
    count = len(options.get("keyterms_prompt") or ())
    if count > limit:
        message = f"has {count} phrases; {model} takes {limit} at most"
        yield FieldError("transcription.keyterms_prompt", message)


def _needs(name: str, other: str, *, by_default: bool = False) -> _Rule:
    state = "must not be false" if by_default else "must be true"

    def broken(options: Options) -> bool:
        return bool(options.get(name)) and not options.get(other, by_default)

    return broken, name, f"needs {other}: it {state}"


def _exclusive(name: str, other: str) -> _Rule:
    def broken(options: Options) -> bool:
        return bool(options.get(name)) and bool(options.get(other))

    return broken, name, f"and {other} exclude each other: leave one out"


def _speakers_reversed(options: Options) -> bool:
    speakers = options.get("speaker_options") or {}
    low = speakers.get("min_speakers_expected", 1)
    return bool(speakers.get("max_speakers_expected", low) < low)


def _ends_before_start(options: Options) -> bool:
    end = options.get("audio_end_at")
    return end is not None and end <= options.get("audio_start_from", 0)


def _names_nobody(options: Options) -> bool:
    request = (options.get("speech_understanding") or {}).get("request") or {}
    has_speakers = options.get("speaker_labels") or options.get("multichannel")
    return "speaker_identification" in request and not has_speakers


def _without_english(options: Options) -> bool:
    codes = options.get("language_codes")
    return codes is not None and not any(code.startswith("en") for code in codes)


_RULES: tuple[_Rule, ...] = (
    _needs("speaker_labels", "punctuate", by_default=True),
    _needs("sentiment_analysis", "punctuate", by_default=True),
    _needs("redact_pii", "format_text", by_default=True),
    _needs("speaker_options", "speaker_labels"),
    _needs("language_confidence_threshold", "language_detection"),
    _needs("language_detection_options", "language_detection"),
    _needs("redact_pii_policies", "redact_pii"),
    _needs("redact_pii_sub", "redact_pii"),
    _needs("redact_pii_audio", "redact_pii"),
    _needs("redact_pii_return_unredacted", "redact_pii"),
    _needs("redact_static_entities", "redact_pii"),
    _needs("redact_pii_audio_quality", "redact_pii_audio"),
    _needs("redact_pii_audio_options", "redact_pii_audio"),
    _needs("content_safety_confidence", "content_safety"),
    _needs("keyterms_prompt_options", "keyterms_prompt"),
    _exclusive("language_code", "language_detection"),
    _exclusive("language_code", "language_codes"),
    _exclusive("language_codes", "language_detection"),
    (
        lambda o: bool(o.get("redact_pii")) and not o.get("redact_pii_policies"),
        "redact_pii",
        "needs redact_pii_policies: name what is to be redacted",
    ),
    (_without_english, "language_codes", "must include en"),
    (
        _speakers_reversed,
        "speaker_options.max_speakers_expected",
        "must not be below min_speakers_expected",
    ),
    (_ends_before_start, "audio_end_at", "must be after audio_start_from (milliseconds)"),
    (
        _names_nobody,
        "speech_understanding.request.speaker_identification",
        "needs speaker_labels or multichannel",
    ),
)
