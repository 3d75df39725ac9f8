"""The body of AssemblyAI's ``POST /v2/transcript`` for one recording."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


def build_transcript_request(
    options: Mapping[str, Any],
    *,
    audio_url: str,
    webhook_url: str,
    webhook_secret_header: tuple[str, str],
    speech_models: Sequence[str],
    channels: int,
) -> dict[str, Any]:
    """The caller's checked options with what the application knows.

    ``speech_models`` is always sent, because AssemblyAI's default moves. Two channels are transcribed
    apart unless the caller said no; of one channel nothing can be told apart, whatever was asked.
    """
    header_name, header_value = webhook_secret_header
    request = {
        "speech_models": list(speech_models),
        **options,
        "audio_url": audio_url,
        "webhook_url": webhook_url,
        # AssemblyAI sends neither when one is empty, without a word
        "webhook_auth_header_name": header_name,
        "webhook_auth_header_value": header_value,
    }
    if channels > 1:
        request.setdefault("multichannel", True)
    elif request.pop("multichannel", False) and _identifies_speakers(options):
        # AssemblyAI refuses it without channels or labels that the names can go to
        request["speaker_labels"] = True
    return request


def _identifies_speakers(options: Mapping[str, Any]) -> bool:
    understanding = options.get("speech_understanding") or {}
    return "speaker_identification" in understanding.get("request", {})
