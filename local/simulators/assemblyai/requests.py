"""What the simulator accepts in ``POST /v2/transcript``: AssemblyAI's rules, written independently.

The application checks options before they get here; this is the vendor's side of the same facts, so
that a mistake of the application's is refused here too.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

MODELS = ("universal-3-5-pro", "universal-2", "assemblyai-stt-3-7", "universal-3-pro")

_BOOLEANS = (
    "auto_highlights content_safety disfluencies entity_detection filter_profanity format_text "
    "iab_categories language_detection multichannel punctuate redact_pii redact_pii_audio "
    "redact_pii_return_unredacted sentiment_analysis speaker_labels auto_chapters summarization"
).split()
_TEXTS = (
    "audio_url language_code prompt webhook_url webhook_auth_header_name "
    "webhook_auth_header_value domain redact_pii_audio_quality redact_pii_sub"
).split()
_LISTS = "custom_spelling keyterms_prompt language_codes redact_pii_policies speech_models".split()
_NUMBERS = (
    "audio_end_at audio_start_from content_safety_confidence language_confidence_threshold "
    "speech_threshold temperature speakers_expected"
).split()
_OBJECTS = (
    "keyterms_prompt_options language_detection_options redact_pii_audio_options "
    "redact_static_entities speaker_options speech_understanding"
).split()
_OTHERS = ["remove_audio_tags", "summary_model", "summary_type"]
_KNOWN = {*_BOOLEANS, *_TEXTS, *_LISTS, *_NUMBERS, *_OBJECTS, *_OTHERS}
# deprecated since 2025 and rejected by the current models
_REJECTED = ("word_boost", "boost_param", "dual_channel", "speech_model")

_TYPES: tuple[tuple[list[str], tuple[type, ...], str], ...] = (
    (_BOOLEANS, (bool,), "a Boolean"),
    (_TEXTS, (str,), "a String"),
    (_LISTS, (list,), "a List"),
    (_NUMBERS, (int, float), "a Number"),
    (_OBJECTS, (dict,), "an Object"),
)


def refusal(request: object) -> str | None:
    """AssemblyAI's ``error`` for a request it answers 400; None for one it takes."""
    if not isinstance(request, dict):
        return "Invalid JSON payload"
    if not request.get("audio_url"):
        return "audio_url is required"
    for name in request:
        if name in _REJECTED or name not in _KNOWN:
            return f"{name} is not a valid parameter"
    return _wrong_type(request) or _contradiction(request)


def _wrong_type(request: Mapping[str, Any]) -> str | None:
    for names, kinds, wanted in _TYPES:
        for name in names:
            value = request.get(name)
            if value is None:
                continue
            if not isinstance(value, kinds) or (bool not in kinds and isinstance(value, bool)):
                return f"{name} must be {wanted}"
    return None


def _contradiction(request: Mapping[str, Any]) -> str | None:
    models = request.get("speech_models")
    if models is not None and (not models or any(model not in MODELS for model in models)):
        names = ", ".join(f'"{name}"' for name in MODELS)
        return f'"speech_models" must be a non-empty list containing one or more of: {names}'
    if request.get("speaker_options") and request.get("speakers_expected"):
        return "Both speaker_options and speakers_expected can not be used in the same request."
    if request.get("redact_pii_return_unredacted") and not request.get("redact_pii"):
        return "`redact_pii_return_unredacted` can only be set to True if `redact_pii` is True"
    if request.get("language_code") and request.get("language_detection"):
        return "language_code and language_detection can not be used in the same request."
    understanding = (request.get("speech_understanding") or {}).get("request") or {}
    has_speakers = request.get("speaker_labels") or request.get("multichannel")
    if "speaker_identification" in understanding and not has_speakers:
        return "speaker_labels or multichannel required"
    return None
