"""What is said and recorded in a call, verb by verb. Every script ends."""

from __future__ import annotations

from dataclasses import dataclass

from callscribe.domain.callback_urls import CallbackUrls
from callscribe.domain.calls import Call

GOODBYE = "Thank you. Goodbye."


@dataclass(frozen=True, slots=True)
class Say:
    text: str


@dataclass(frozen=True, slots=True)
class Pause:
    seconds: int


@dataclass(frozen=True, slots=True)
class Record:
    """``action`` is where Twilio goes on afterwards.

    Without one it asks for the same document again and records for ever (Twilio: <Record> action).
    """

    action: str
    recording_status_callback: str
    max_length_seconds: int


@dataclass(frozen=True, slots=True)
class Hangup:
    pass


Script = tuple[Say | Pause | Record | Hangup, ...]


def opening_script(call: Call, urls: CallbackUrls) -> Script:
    """What happens when the phone is picked up."""
    say = Say(call.say or "")
    if call.mode == "call":
        # the whole call is recorded from outside (Calls API, Record=true): the script only speaks
        # and listens
        return (say, Pause(call.pause_seconds or 1), Say(GOODBYE), Hangup())
    record = Record(
        action=urls.recorded(call.call_id),
        recording_status_callback=urls.recording_complete(call.call_id),
        max_length_seconds=call.max_length_seconds or 120,
    )
    # the hang-up is reached when nobody spoke: an empty recording falls through to the next verb
    return (say, record, Hangup())


def closing_script() -> Script:
    """What follows a <Record>: never another one, so that no call can loop."""
    return (Say(GOODBYE), Hangup())


def empty_script() -> Script:
    """For a call that nobody knows: hang up rather than leave the person in silence."""
    return (Hangup(),)
