"""Scripts as TwiML, written by Twilio's library, so that no text can become markup."""

from __future__ import annotations

from twilio.twiml.voice_response import VoiceResponse

from callscribe.domain.scripts import Hangup, Pause, Record, Say, Script


def render_twiml(script: Script) -> str:
    """The XML document for a script."""
    response = VoiceResponse()
    for verb in script:
        match verb:
            case Say(text):
                response.say(text)
            case Pause(seconds):
                response.pause(length=seconds)
            case Record():
                response.record(
                    action=verb.action,
                    method="POST",
                    max_length=verb.max_length_seconds,
                    # a pause for thought must not end a message
                    timeout=10,
                    play_beep=True,
                    # trimming would move the transcript's times off the call's clock
                    trim="do-not-trim",
                    recording_status_callback=verb.recording_status_callback,
                    recording_status_callback_method="POST",
                    recording_status_callback_event="completed absent",
                )
            case Hangup():
                response.hangup()
    return str(response)
