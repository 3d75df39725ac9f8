"""What Twilio is asked for when it is to place a call."""

from __future__ import annotations

from typing import Any

from callscribe.adapters.twilio.callbacks import retried
from callscribe.domain.callback_urls import CallbackUrls
from callscribe.domain.calls import Call
from callscribe.domain.consent import is_gated


def call_parameters(call: Call, fallback_url: str) -> dict[str, Any]:
    """The parameters of the library's ``calls.create``.

    ``fallback_url`` is asked when a call's own URL fails for all its 15 seconds; empty: the same URL
    once more, which has 15 of its own.
    """
    urls = CallbackUrls(call.base_url or "")
    opening = retried(urls.opening(call.call_id))
    parameters: dict[str, Any] = {
        "to": call.to_number,
        "from_": call.from_number,
        "url": opening,
        "method": "POST",
        "fallback_url": fallback_url or opening,
        "fallback_method": "POST",
        "status_callback": retried(urls.call_status(call.call_id)),
        "status_callback_event": ["initiated", "ringing", "answered", "completed"],
        "status_callback_method": "POST",
    }
    if call.mode != "call":
        return parameters
    parameters["time_limit"] = call.max_length_seconds
    # with a key to be pressed first, recording begins in the script instead
    return parameters if is_gated(call.consent) else parameters | _recording_parameters(call, urls)


def _recording_parameters(call: Call, urls: CallbackUrls) -> dict[str, Any]:
    return {
        "record": True,
        "recording_channels": "dual",
        "recording_status_callback": retried(urls.recording_complete(call.call_id)),
        "recording_status_callback_method": "POST",
        # one value, separated by a space (Twilio: RecordingStatusCallbackEvent)
        "recording_status_callback_event": ["completed absent"],
        "trim": "do-not-trim",
    }
