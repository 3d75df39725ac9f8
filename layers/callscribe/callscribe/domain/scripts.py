"""What is said and recorded in a call, verb by verb. Every script ends."""

from __future__ import annotations

from dataclasses import dataclass

from callscribe.domain.callback_urls import CallbackUrls
from callscribe.domain.calls import Call
from callscribe.domain.consent import is_gated

GOODBYE = "Thank you. Goodbye."
LANGUAGE = "en-US"


@dataclass(frozen=True, slots=True)
class Say:
    text: str
    language: str = LANGUAGE
    voice: str | None = None


@dataclass(frozen=True, slots=True)
class Pause:
    seconds: int


@dataclass(frozen=True, slots=True)
class Record:
    """A message. ``next_url`` is asked for what follows it, ``recording_url`` told what became of the
    recording."""

    next_url: str
    recording_url: str
    max_length_seconds: int


@dataclass(frozen=True, slots=True)
class StartRecording:
    """The rest of the call, on two channels, while the script goes on."""

    recording_url: str


@dataclass(frozen=True, slots=True)
class Gather:
    """One key, pressed while ``say`` is spoken or shortly after; ``next_url`` is told, also of none."""

    say: Say
    next_url: str


@dataclass(frozen=True, slots=True)
class Hangup:
    pass


Script = tuple[Say | Pause | Record | StartRecording | Gather | Hangup, ...]


def opening_script(call: Call, urls: CallbackUrls) -> Script:
    """What happens when the phone is picked up: the announcement first, where there is one."""
    if call.consent is None:
        return _main_script(call, urls)
    announcement = _say(call, call.consent["announcement"])
    if is_gated(call.consent):
        # everything else is in the answer to the key
        return (Gather(announcement, urls.consent(call.call_id)), Hangup())
    return (announcement, *_main_script(call, urls))


def script_after_consent(call: Call, urls: CallbackUrls) -> Script:
    """What follows the key: all that was held back, or a polite end."""
    if call.consent is None or call.consent["status"] != "given":
        return closing_script(call)
    if call.mode == "call":
        return (StartRecording(urls.recording_complete(call.call_id)), *_main_script(call, urls))
    return _main_script(call, urls)


def closing_script(call: Call | None) -> Script:
    """What follows a recording: never another one, so that no call can loop."""
    return (_say(call, (call and call.goodbye) or GOODBYE), Hangup())


def empty_script() -> Script:
    """For an unknown call: hang up rather than leave the person in silence."""
    return (Hangup(),)


def _main_script(call: Call, urls: CallbackUrls) -> Script:
    say = _say(call, call.say or "")
    if call.mode == "call":
        # recorded from the beginning, or from the consent on: the script only speaks and listens
        return (say, Pause(call.pause_seconds or 1), *closing_script(call))
    record = Record(
        next_url=urls.recorded(call.call_id),
        recording_url=urls.recording_complete(call.call_id),
        max_length_seconds=call.max_length_seconds or 120,
    )
    # the hang-up is reached when the callee was silent: an empty recording falls through to the next verb
    return (say, record, Hangup())


def _say(call: Call | None, text: str) -> Say:
    if call is None:
        return Say(text)
    return Say(text, call.language or LANGUAGE, call.voice)
