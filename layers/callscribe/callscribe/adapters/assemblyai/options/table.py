"""AssemblyAI's options as a caller may set them, as data.

Sources: AssemblyAI's OpenAPI description 1.3.4, its documentation and SDK 1.8.2 as of November 2026.
"""

from __future__ import annotations

from callscribe.adapters.assemblyai.options.names import LANGUAGE_CODES, PII_POLICIES
from callscribe.adapters.assemblyai.options.values import (
    Check,
    anything,
    boolean,
    fields,
    list_of,
    map_of,
    nullable,
    number,
    one_of,
    text,
)

SPEECH_MODELS = frozenset({"universal-3-5-pro", "universal-2", "assemblyai-stt-3-7"})
RETIRED_MODELS = {"universal-3-pro": "is being retired by AssemblyAI: use universal-3-5-pro"}
_RENAMED_SUBSTITUTIONS = {"entity_type": "is called entity_name today: write that"}
# AssemblyAI takes ten hours of audio
_MAX_MS = 10 * 3600 * 1000
# no limit is documented; more do not fit on a phone call
_SPEAKERS = number(1, 100, whole=True)
_TEXTS = list_of(text(), low=1)

_SWITCHES = (
    "language_detection speaker_labels multichannel punctuate format_text disfluencies "
    "filter_profanity redact_pii redact_pii_audio redact_pii_return_unredacted sentiment_analysis "
    "entity_detection auto_highlights iab_categories content_safety"
).split()

OPTIONS: dict[str, Check] = {
    **dict.fromkeys(_SWITCHES, boolean),
    "keyterms_prompt": list_of(text(max_words=6), high=1000),
    "keyterms_prompt_options": fields({"keyterms_match_strength": one_of(("high", "standard"))}),
    "prompt": text(max_words=1500),
    "custom_spelling": list_of(
        fields({"from": _TEXTS, "to": text(max_words=1)}, required=("from", "to"))
    ),
    "language_code": nullable(one_of(LANGUAGE_CODES)),
    "language_codes": nullable(list_of(one_of(LANGUAGE_CODES), low=1, high=2)),
    "language_confidence_threshold": number(0, 1),
    "language_detection_options": fields(
        {
            "expected_languages": list_of(one_of({*LANGUAGE_CODES, "all"}), low=1),
            "fallback_language": one_of({*LANGUAGE_CODES, "auto"}),
            "code_switching": boolean,
            "code_switching_confidence_threshold": number(0, 1),
            "localization": list_of(one_of(("en_au", "en_uk")), high=1),
            "on_low_language_confidence": one_of(("error", "fallback")),
        }
    ),
    "speaker_options": fields(
        {"min_speakers_expected": _SPEAKERS, "max_speakers_expected": _SPEAKERS}
    ),
    "redact_pii_policies": list_of(one_of(PII_POLICIES), low=1),
    "redact_pii_sub": nullable(one_of(("hash", "entity_name"), _RENAMED_SUBSTITUTIONS)),
    "redact_pii_audio_quality": one_of(("mp3", "wav")),
    "redact_pii_audio_options": fields(
        {
            "return_redacted_no_speech_audio": boolean,
            "override_audio_redaction_method": one_of(("silence",)),
        }
    ),
    "redact_static_entities": map_of(_TEXTS),
    "content_safety_confidence": number(25, 100, whole=True),
    "audio_start_from": number(0, _MAX_MS, whole=True),
    "audio_end_at": number(1, _MAX_MS, whole=True),
    "speech_threshold": nullable(number(0, 1)),
    # tasks keep appearing: what they hold is left to AssemblyAI
    "speech_understanding": fields({"request": map_of(anything)}, required=("request",)),
    "domain": nullable(one_of(("medical-v1",))),
    "temperature": number(0, 1),
    "remove_audio_tags": nullable(one_of(("all", "speaker"))),
}

# what the application itself fills in
OWNED = ("audio_url", "webhook_url", "webhook_auth_header_name", "webhook_auth_header_value")

_SUMMARIES = "use speech_understanding.request.summarization"
REPLACED: dict[str, str] = {
    "speech_model": "use speech_models, a list in the order of preference",
    "word_boost": "use keyterms_prompt",
    "boost_param": "use keyterms_prompt_options.keyterms_match_strength",
    "dual_channel": "use multichannel; it is set anyway where a recording has two channels",
    "speakers_expected": "use speaker_options.min_speakers_expected and max_speakers_expected",
    "auto_chapters": "AssemblyAI offers its LLM Gateway instead",
    **dict.fromkeys(("summarization", "summary_model", "summary_type"), _SUMMARIES),
    **dict.fromkeys(("topics", "custom_topics"), "it has no effect any more: leave it out"),
    **dict.fromkeys(("language_model", "acoustic_model"), "use speech_models"),
}


def speech_models(configured: tuple[str, ...]) -> Check:
    """Those that AssemblyAI has, and the stack's own, which may be newer."""
    return list_of(one_of(SPEECH_MODELS.union(configured), RETIRED_MODELS), low=1)
