"""AssemblyAI's transcript object: as echoed when submitted, and as filled in when it is done."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from local.simulators.assemblyai.recognition import Audio, AudioError, Heard, hear, is_silent

_UNAVAILABLE = {"status": "unavailable", "results": [], "summary": {}}
# every key of a fresh transcript with its value where the request says nothing
_BLANK: dict[str, Any] = {
    "language_model": "assemblyai_default",
    "acoustic_model": "assemblyai_default",
    "language_code": "en_us",
    **dict.fromkeys(("text", "words", "utterances", "confidence", "audio_duration")),
    "punctuate": True,
    "format_text": True,
    **dict.fromkeys(("dual_channel", "multichannel", "audio_channels")),
    **dict.fromkeys(("webhook_url", "webhook_status_code", "webhook_auth_header_name")),
    **dict.fromkeys(("speed_boost", "auto_highlights_result", "audio_start_from", "audio_end_at")),
    **dict.fromkeys(("boost_param", "redact_pii_audio_quality", "redact_pii_policies")),
    **dict.fromkeys(("redact_pii_sub", "redact_pii_audio_options", "redact_pii_return_unredacted")),
    **dict.fromkeys(("speakers_expected", "speaker_options", "language_confidence")),
    **dict.fromkeys(("language_confidence_threshold", "language_detection_results")),
    **dict.fromkeys(("language_detection_options", "language_codes", "custom_spelling")),
    **dict.fromkeys(("speech_threshold", "speech_model", "speech_model_used", "entities")),
    **dict.fromkeys(("sentiment_analysis_results", "chapters", "summary", "summary_model")),
    **dict.fromkeys(("summary_type", "prompt", "temperature", "speech_understanding")),
    **dict.fromkeys(("translated_texts", "error", "content_safety_confidence")),
    **dict.fromkeys(("keyterms_prompt_options", "speech_models", "domain")),
    **dict.fromkeys(
        (
            "auto_highlights",
            "filter_profanity",
            "redact_pii",
            "redact_pii_audio",
            "speaker_labels",
            "content_safety",
            "iab_categories",
            "language_detection",
            "throttled",
            "disfluencies",
            "entity_detection",
            "sentiment_analysis",
            "auto_chapters",
            "summarization",
            "webhook_auth",
        ),
        False,
    ),
    "word_boost": [],
    "keyterms_prompt": [],
    "remove_audio_tags": "all",
    "content_safety_labels": _UNAVAILABLE,
    "iab_categories_result": _UNAVAILABLE,
}


def new_transcript(transcript_id: str, request: Mapping[str, Any]) -> dict[str, Any]:
    """The queued transcript: the request's fields echoed, the webhook's secret left out."""
    echoed = {k: v for k, v in request.items() if k != "webhook_auth_header_value"}
    if echoed.get("language_code") == "en":
        echoed["language_code"] = "en_us"
    webhook_auth = bool(request.get("webhook_auth_header_value"))
    return {
        "id": transcript_id,
        "status": "queued",
        **_BLANK,
        **echoed,
        "webhook_auth": webhook_auth,
    }


def transcribe(transcript: Mapping[str, Any], audio: Audio) -> dict[str, Any]:
    """What is filled in when it completes. Raises AudioError."""
    if transcript.get("language_detection") and all(map(is_silent, audio.channels)):
        raise AudioError("language_detection cannot be performed on files with no spoken audio.")
    if transcript.get("multichannel"):
        utterances = _by_channel(audio)
        facts = {"utterances": utterances, "audio_channels": len(audio.channels)}
    else:
        heard = hear(_one_channel(audio), audio.duration_ms)
        utterances = _by_voice(heard)
        facts = {"utterances": utterances if transcript.get("speaker_labels") else None}
    words = [word for utterance in utterances for word in utterance["words"]]
    words.sort(key=lambda word: (word["start"], word["end"]))
    if not facts.get("audio_channels") and not transcript.get("speaker_labels"):
        words = [{**word, "speaker": None} for word in words]
    _spell(words, transcript.get("custom_spelling") or ())
    models = transcript.get("speech_models") or ["universal-3-5-pro"]
    return {
        **facts,
        "status": "completed",
        "words": words,
        "text": " ".join(word["text"] for word in words),
        "confidence": _mean([word["confidence"] for word in words]),
        # rounded up, and not multiplied by the channels
        "audio_duration": math.ceil(audio.duration_ms / 1000),
        "speech_model_used": models[0],
        "language_confidence": 0.99 if transcript.get("language_detection") else None,
    }


def _by_channel(audio: Audio) -> list[dict[str, Any]]:
    """Channel and speaker are both "1", "2", as texts."""
    utterances = [
        _utterance(entry, str(number), channel=str(number))
        for number, pcm in enumerate(audio.channels, start=1)
        for entry in hear(pcm, audio.duration_ms)
        if entry.words
    ]
    return sorted(utterances, key=lambda utterance: utterance["start"])


def _by_voice(heard: Sequence[Heard]) -> list[dict[str, Any]]:
    names: dict[str, str] = {}
    utterances = []
    for entry in heard:
        voice = entry.clip.voice if entry.clip else ""
        speaker = names.setdefault(voice, chr(ord("A") + len(names)))
        if entry.words:
            utterances.append(_utterance(entry, speaker))
    return utterances


def _utterance(entry: Heard, speaker: str, *, channel: str | None = None) -> dict[str, Any]:
    voice = {"speaker": speaker, **({"channel": channel} if channel else {})}
    words = [{**word, **voice} for word in entry.words]
    return {
        "confidence": _mean([word["confidence"] for word in words]),
        "start": words[0]["start"],
        "end": words[-1]["end"],
        "text": " ".join(word["text"] for word in words),
        "words": words,
        **voice,
    }


def _one_channel(audio: Audio) -> bytes:
    """Mixed down by adding: where one is silent, the other's samples stay as they are."""
    if len(audio.channels) == 1:
        return audio.channels[0]
    views = [memoryview(channel).cast("h") for channel in audio.channels]
    mixed = (max(-32768, min(32767, sum(samples))) for samples in zip(*views, strict=True))
    return b"".join(sample.to_bytes(2, "little", signed=True) for sample in mixed)


def _spell(words: list[dict[str, Any]], rules: Sequence[Mapping[str, Any]]) -> None:
    spelling = {old.lower(): rule["to"] for rule in rules for old in rule["from"]}
    for word in words:
        bare = word["text"].rstrip(".,?!")
        if bare.lower() in spelling:
            word["text"] = spelling[bare.lower()] + word["text"][len(bare) :]


def _mean(values: Sequence[float]) -> float | None:
    return round(sum(values) / len(values), 4) if values else None
