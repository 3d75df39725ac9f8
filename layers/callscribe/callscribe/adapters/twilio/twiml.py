"""Scripts as TwiML, written by Twilio's library, so that no text can become markup."""

from __future__ import annotations

from typing import Any

from twilio.twiml.voice_response import Start, VoiceResponse

from callscribe.adapters.twilio.callbacks import retried
from callscribe.domain.scripts import (
    LANGUAGE,
    Gather,
    Hangup,
    Pause,
    Record,
    Say,
    Script,
    StartRecording,
)

# how long a person may think after the last word, before they are told goodbye
_KEY_SECONDS = 10
_RECORDED: dict[str, str] = {
    # trimming would move the transcript's times off the call's clock
    "trim": "do-not-trim",
    "recording_status_callback_method": "POST",
    "recording_status_callback_event": "completed absent",
}


def render_twiml(script: Script) -> str:
    """The XML document for a script."""
    response = VoiceResponse()
    for verb in script:
        match verb:
            case Say():
                _say(response, verb)
            case Pause(seconds):
                response.pause(length=seconds)
            case Record():
                _record(response, verb)
            case StartRecording(recording_url):
                _start_recording(response, recording_url)
            case Gather():
                _gather(response, verb)
            case Hangup():
                response.hangup()
    return str(response)


def _record(response: Any, verb: Record) -> None:
    response.record(
        # without one Twilio asks for the same document again, and records indefinitely
        action=retried(verb.next_url),
        method="POST",
        max_length=verb.max_length_seconds,
        # a pause for thought must not end a message
        timeout=10,
        play_beep=True,
        recording_status_callback=retried(verb.recording_url),
        **_RECORDED,
    )


def _start_recording(response: Any, recording_url: str) -> None:
    start = Start()
    callback = retried(recording_url)
    start.recording(channels="dual", recording_status_callback=callback, **_RECORDED)
    response.append(start)


def _gather(response: Any, verb: Gather) -> None:
    gather = response.gather(
        input="dtmf",
        num_digits=1,
        timeout=_KEY_SECONDS,
        action=retried(verb.next_url),
        method="POST",
        # that no key is pressed is an answer too
        action_on_empty_result=True,
    )
    _say(gather, verb.say)


def _say(parent: Any, verb: Say) -> None:
    """Twilio's own default is en-US; its default voice does not speak every language, `alice` does."""
    spoken = {"voice": verb.voice} if verb.voice else {}
    if verb.language != LANGUAGE:
        spoken = {"voice": verb.voice or "alice", "language": verb.language}
    parent.say(verb.text, **spoken)
