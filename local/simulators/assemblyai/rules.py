"""AssemblyAI's rules, shared by its two doubles: this simulator and simulation/assemblyai.py."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

# it waits ten seconds for a webhook's answer, ten times, and never again after a 4xx
WEBHOOK_TIMEOUT_SECONDS, WEBHOOK_ATTEMPTS, WEBHOOK_PAUSE_SECONDS = 10, 10, 10
MAX_PAGE_SIZE = 200
NOT_FOUND_STATUS, NOT_FOUND = 400, "Transcript lookup error, transcript id not found"
TOO_SHORT = "Audio duration is too short."
ITS_OWN_FAULT = "Server error, developers have been alerted"
_DELETED_URL = "http://deleted_by_user"


def timestamp(moment: datetime) -> str:
    """Its times are UTC and have no offset."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%f")


def webhook_body(transcript: Mapping[str, Any]) -> dict[str, Any]:
    return {"transcript_id": transcript["id"], "status": transcript["status"]}


def is_delivered(status: int | None) -> bool:
    """Whether a webhook that was answered so is not tried again."""
    return status is not None and (200 <= status < 300 or 400 <= status < 500)


def deleted(transcript: Mapping[str, Any]) -> dict[str, Any]:
    """It keeps id and status and blanks the rest."""
    return {
        **dict.fromkeys(transcript),
        "id": transcript["id"],
        "status": transcript["status"],
        "text": "Deleted by user.",
        "audio_url": _DELETED_URL,
        "webhook_url": _DELETED_URL,
    }


def listed(transcript: Mapping[str, Any], created: str) -> dict[str, Any]:
    """What its list shows of a transcript: not where the webhook goes."""
    shown = {name: transcript[name] for name in ("id", "status", "audio_url", "error")}
    return {**shown, "created": created}
