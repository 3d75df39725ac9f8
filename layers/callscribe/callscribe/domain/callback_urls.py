"""The URLs that the vendors call us back on, all below one public base URL."""

from __future__ import annotations

from dataclasses import dataclass


def public_base_url(configured: str, own: str) -> str:
    """What URLs that are given out begin with: the parameter PublicBaseUrl, or else the API's own URL.

    Asked at the moment when they are given out: for a call that was scheduled, when it is placed.
    """
    return configured.rstrip("/") or own.rstrip("/")


@dataclass(frozen=True, slots=True)
class CallbackUrls:
    """``base_url`` has no trailing slash. No queries: proxies reorder what Twilio signs."""

    base_url: str

    def opening(self, call_id: str) -> str:
        return f"{self.base_url}/twiml/{call_id}"

    def recorded(self, call_id: str) -> str:
        return f"{self.base_url}/twiml/{call_id}/recorded"

    def consent(self, call_id: str) -> str:
        return f"{self.base_url}/twiml/{call_id}/consent"

    def call_status(self, call_id: str) -> str:
        return f"{self.base_url}/call-status/{call_id}"

    def recording_complete(self, call_id: str) -> str:
        return f"{self.base_url}/recording-complete/{call_id}"

    def transcript_complete(self, call_id: str, recording_sid: str) -> str:
        return f"{self.base_url}/transcript-complete/{call_id}/{recording_sid}"
