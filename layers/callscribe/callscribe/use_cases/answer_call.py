"""What Twilio is told to do when the callee picks up, and after they pressed a key."""

from __future__ import annotations

from dataclasses import dataclass, replace

from callscribe.domain.callback_urls import CallbackUrls
from callscribe.domain.calls import ERASED_STATUSES, STATUSES, Call
from callscribe.domain.consent import Consent, ConsentRules, announced, answered
from callscribe.domain.errors import RetryLaterError
from callscribe.domain.scripts import (
    Script,
    closing_script,
    empty_script,
    opening_script,
    script_after_consent,
)
from callscribe.domain.times import Clock
from callscribe.ports.storage import CallStore
from callscribe.ports.telemetry import Telemetry
from callscribe.ports.telephony import CallStatusUpdate
from callscribe.use_cases.ledger import Ledger
from callscribe.use_cases.track_call import TrackCall

_NOT_GONE = frozenset(STATUSES) - ERASED_STATUSES


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerCall:
    """The script for each step of a call. Raises RetryLaterError (all methods)."""

    store: CallStore
    ledger: Ledger
    track: TrackCall
    telemetry: Telemetry
    clock: Clock
    inbound_say: str
    inbound_language: str
    inbound_consent: ConsentRules

    def opening(self, call_id: str, *, recorded: str | None = None) -> Script:
        """The script of a call that we placed; an unknown or finished call is hung up.

        ``recorded`` is the call whose message was left already, where Twilio falls back on the beginning
        of a script because it did not get the end: its caller is not asked for another message.

        Raises RetryLaterError: what is announced could not be noted, so it is not said yet.
        """
        if recorded:
            return self.closing(recorded)
        call = self._call(call_id)
        if call is None:
            return empty_script()
        if call.consent is not None:
            call = self._noted(call, announced(call.consent, self.clock))
        return opening_script(call, CallbackUrls(call.base_url or ""))

    def after_consent(self, call_id: str, digits: str) -> Script:
        """The rest of the script after "1", else a polite end. Raises RetryLaterError."""
        call = self._call(call_id)
        if call is None:
            return empty_script()
        if call.consent is not None:
            call = self._noted(call, answered(call.consent, digits, self.clock))
            self.telemetry.count("ConsentAnswered")
        return script_after_consent(call, CallbackUrls(call.base_url or ""))

    def closing(self, call_id: str) -> Script:
        """What is said after the message was recorded; an unknown call is hung up."""
        return closing_script(self.store.get_call(call_id))

    def inbound(
        self, news: CallStatusUpdate, *, base_url: str, recorded: str | None = None
    ) -> Script:
        """One of our numbers is called: the call is adopted, its caller leaves a message; ``recorded``
        as in ``opening``. Raises RetryLaterError."""
        if recorded:
            return self.closing(recorded)
        call = self.track.adopt(news, base_url=base_url, mode="message")
        if call.status in ERASED_STATUSES:
            return empty_script()
        language = call.language or self.inbound_language
        asked = replace(
            call,
            mode="message",
            say=call.say or self.inbound_say,
            language=language,
            base_url=base_url,
        )
        consent = call.consent or self.inbound_consent.for_call(
            None, key_press=False, language=language
        )
        if consent is not None:
            asked = self._noted(call, announced(consent, self.clock), asked)
        return opening_script(asked, CallbackUrls(base_url))

    def _call(self, call_id: str) -> Call | None:
        """A call with a script; None for one that is unknown, or that was erased."""
        call = self.store.get_call(call_id)
        if call is None or call.base_url is None:
            self.telemetry.count("CallbackForUnknownCall")
            return None
        return call

    def _noted(self, call: Call, consent: Consent, asked: Call | None = None) -> Call:
        """The call with its consent as it now stands in the table: said only once it is written."""
        wanted = replace(asked or call, consent=consent)
        if consent == call.consent:
            return wanted
        written = self.ledger.save(call, wanted, only_from=_NOT_GONE, unchanged=["consent"])
        if written is None:
            raise RetryLaterError("another answer was just written", seconds=1)
        return written
