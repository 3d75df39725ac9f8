"""The body of AssemblyAI's ``POST /v2/transcript`` for one recording."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from callscribe.adapters.assemblyai.webhook import WEBHOOK_SECRET_HEADER
from callscribe.domain.transcription_jobs import TranscriptionRequest


def build_transcript_request(
    wanted: TranscriptionRequest, *, speech_models: Sequence[str]
) -> dict[str, Any]:
    """The caller's checked options with what the application knows.

    ``speech_models`` is always sent, because AssemblyAI's default moves. Two channels are transcribed
    apart unless the caller said no; of one channel nothing can be told apart, whatever was asked.
    """
    request = {
        "speech_models": list(speech_models),
        **wanted.options,
        "audio_url": wanted.audio.url,
        "webhook_url": wanted.callback_url,
        # AssemblyAI silently sends neither when one is empty
        "webhook_auth_header_name": WEBHOOK_SECRET_HEADER,
        "webhook_auth_header_value": wanted.callback_secret,
    }
    if wanted.channels > 1:
        request.setdefault("multichannel", True)
    elif request.pop("multichannel", False) and _identifies_speakers(wanted.options):
        # AssemblyAI refuses it without channels or labels that the names can go to
        request["speaker_labels"] = True
    return request


def _identifies_speakers(options: Mapping[str, Any]) -> bool:
    understanding = options.get("speech_understanding") or {}
    return "speaker_identification" in understanding.get("request", {})
