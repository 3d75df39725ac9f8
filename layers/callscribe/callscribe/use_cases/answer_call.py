"""What Twilio is told to do when somebody picks up."""

from __future__ import annotations

from dataclasses import dataclass, replace

from callscribe.domain.callback_urls import CallbackUrls
from callscribe.domain.calls import GONE
from callscribe.domain.scripts import Script, empty_script, opening_script
from callscribe.ports import CallStore, Telemetry
from callscribe.use_cases.track_call import CallNews, TrackCall


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerCall:
    store: CallStore
    track: TrackCall
    telemetry: Telemetry
    inbound_say: str

    def opening(self, call_id: str) -> Script:
        """The script of a call that we placed; an unknown or finished call is hung up."""
        call = self.store.get_call(call_id)
        if call is None or call.base_url is None:
            self.telemetry.count("CallbackForUnknownCall")
            return empty_script()
        return opening_script(call, CallbackUrls(call.base_url))

    def inbound(self, news: CallNews, *, base_url: str) -> Script:
        """Somebody calls one of our numbers: the call is adopted, its caller leaves a message."""
        call = self.track.adopt(news, base_url=base_url, mode="message")
        if call.status in GONE:
            return empty_script()
        asked = replace(call, mode="message", say=call.say or self.inbound_say)
        return opening_script(asked, CallbackUrls(base_url))
