"""AssemblyAI's options as a caller may set them, held to what the vendor takes today.

A mistake is refused before anybody's phone rings. Sources: AssemblyAI's OpenAPI description 1.3.4, its
documentation and SDK 1.8.2 as of November 2026.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from itertools import islice
from typing import Any

from callscribe.domain.errors import FieldError, InvalidInputError
from callscribe.domain.languages import LANGUAGE_CODES
from callscribe.domain.option_checks import (
    Check,
    anything,
    boolean,
    fields,
    integer,
    list_of,
    mapping_of,
    nullable,
    number,
    one_of,
    one_word,
    phrase,
    printable,
    storable,
    text,
)
from callscribe.domain.pii_policies import PII_POLICIES
from callscribe.domain.transcription_rules import MOST_KEYTERMS, Options, contradictions

SPEECH_MODELS = ("universal-3-5-pro", "universal-2", "assemblyai-stt-3-7")

# a body full of mistakes must not make an answer that Lambda cannot return
MAX_ERRORS = 100
# AssemblyAI takes ten hours of audio
_MAX_MS = 10 * 3600 * 1000
# no limit is documented; more do not fit on a phone call
_MAX_SPEAKERS = 100

OPTIONS: dict[str, Check] = {
    "keyterms_prompt": list_of(phrase(6), at_most=MOST_KEYTERMS),
    "keyterms_prompt_options": fields({"keyterms_match_strength": one_of(("high", "standard"))}),
    "prompt": phrase(1500),
    "custom_spelling": list_of(
        fields({"from": list_of(text, at_least=1), "to": one_word}, required=("from", "to"))
    ),
    "language_code": nullable(one_of(LANGUAGE_CODES)),
    "language_codes": nullable(list_of(one_of(LANGUAGE_CODES), at_least=1, at_most=2)),
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
        {
            "min_speakers_expected": integer(1, _MAX_SPEAKERS),
            "max_speakers_expected": integer(1, _MAX_SPEAKERS),
        }
    ),
    "multichannel": boolean,
    "punctuate": boolean,
    "format_text": boolean,
    "disfluencies": boolean,
    "filter_profanity": boolean,
    "redact_pii": boolean,
    "redact_pii_policies": list_of(one_of(PII_POLICIES), at_least=1),
    "redact_pii_sub": nullable(
        one_of(
            ("hash", "entity_name"),
            hints={"entity_type": "is called entity_name today: write that"},
        )
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
    "audio_start_from": integer(0, _MAX_MS),
    "audio_end_at": integer(1, _MAX_MS),
    "speech_threshold": nullable(number(0, 1)),
    # tasks keep appearing: what they hold is left to AssemblyAI
    "speech_understanding": fields({"request": mapping_of(anything)}, required=("request",)),
    "domain": nullable(one_of(("medical-v1",))),
    "temperature": number(0, 1),
    "remove_audio_tags": nullable(one_of(("all", "speaker"))),
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
    """A copy of the options, once all of them hold. ``default_speech_models`` are the stack's.

    Raises:
        InvalidInputError: with every option that is wrong (up to 100), and how to mend it.
    """
    if not isinstance(options, dict):
        raise InvalidInputError([FieldError("transcription", "must be an object of options")])
    errors = list(islice(_all_errors(options, default_speech_models), MAX_ERRORS))
    if errors:
        raise InvalidInputError(errors)
    return copy.deepcopy(options)


def _all_errors(options: Mapping[str, Any], configured: Sequence[str]) -> Iterator[FieldError]:
    table = {**OPTIONS, "speech_models": _speech_models(configured)}
    wrong = set()
    for name, value in options.items():
        for error in _check(table, name, value):
            wrong.add(name)
            yield error
    # the rules between options may rely on each being of its type
    right = {name: value for name, value in options.items() if name not in wrong}
    models = () if "speech_models" in wrong else right.get("speech_models", configured)
    yield from contradictions(Options(right, frozenset(wrong), models))


def _check(table: Mapping[str, Check], name: str, value: Any) -> Iterator[FieldError]:
    path = f"transcription.{printable(name)}"
    if name in table:
        unstorable = list(islice(storable(value, path), MAX_ERRORS))
        yield from unstorable or table[name](value, path)
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
