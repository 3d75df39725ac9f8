"""A simulated call from dialing to hang-up: rings, asks for TwiML, carries it out, records."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from datetime import timedelta
from urllib.parse import urljoin

from local.simulators.tasks import Tasks
from local.simulators.twilio import audio
from local.simulators.twilio.callbacks import Answer, Callbacks
from local.simulators.twilio.rules import (
    ABSENT_CODE,
    ENDED,
    call_form,
    media_url,
    progress,
    recording_form,
)
from local.simulators.twilio.state import (
    Account,
    Call,
    Phone,
    Recording,
    Running,
    new_sid,
)
from local.simulators.twilio.twiml import Document, DocumentError, Verb, parse
from local.speech.clips import load_clips

# paid accounts have no documented cap on hops; a loop must end here all the same
MAX_HOPS = 50
# the callee needs a moment before answering a question
_THINKING_MS = 500
_BEEP = "beep"
_MIN_RECORDING_MS = 1000
_MAX_CALL_SECONDS = 4 * 3600
# "We are sorry, an application error has occurred. Goodbye."
_ERROR_MESSAGE_MS = 4000


class HungUpError(Exception):
    """Ends the script: the callee, the caller or Twilio hung up."""


class Engine:
    """Carries out calls. ``speed`` seconds of a call pass in one real second."""

    def __init__(
        self,
        account: Account,
        callbacks: Callbacks,
        tasks: Tasks,
        *,
        speed: float,
        media_ready_after_seconds: float,
    ) -> None:
        self._account = account
        self._callbacks = callbacks
        self._tasks = tasks
        self.speed = speed
        self._media_ready_after_seconds = media_ready_after_seconds

    def dial(self, call: Call) -> None:
        """Carries out an outbound call, on the thread it is called on."""
        phone = self._account.phone(call.to_number)
        self._status(call, "initiated")
        if phone.behavior == "fails":
            self._end(call, "failed")
            return
        self._status(call, "ringing")
        patience = float(call.parameter("Timeout") or 60)
        rings = phone.ring_seconds if phone.behavior != "no-answer" else patience
        if not self._wait(call, min(rings, patience)):
            self._end(call, "canceled")
        elif phone.behavior == "busy":
            self._end(call, "busy")
        elif phone.behavior == "no-answer" or phone.ring_seconds > patience:
            self._end(call, "no-answer")
        else:
            self._talk(call, phone, call.parameter("Url"))

    def receive(self, call: Call, voice_url: str) -> None:
        """Carries out an inbound call."""
        call.status = "ringing"
        self._talk(call, self._account.phone(call.from_number), voice_url)

    def _talk(self, call: Call, phone: Phone, url: str) -> None:
        call.answered_at = call.now()
        self._status(call, "in-progress")
        self._begin_whole_call(call)
        try:
            if phone.behavior == "hangs-up":
                self._pass(call, 1000)
                raise HungUpError
            self._follow(call, phone, url)
        except HungUpError:
            pass
        for running in call.running:
            both = (call.person, call.application)
            self._finish_recording(
                call,
                running.recording,
                both,
                running.begin_ms,
                callback=running.callback,
                events=running.events,
            )
        self._end(call, "completed")

    def _follow(self, call: Call, phone: Phone, url: str) -> None:
        form = self._voice_form(call)
        for _ in range(MAX_HOPS):
            following = self._document(call, phone, url, form)
            if following is None:
                return
            url, form = following
        self._account.notify(
            call.sid, 11215, f"Too many redirects: over {MAX_HOPS} documents, a loop"
        )

    def _document(
        self, call: Call, phone: Phone, url: str, form: Mapping[str, str]
    ) -> tuple[str, dict[str, str]] | None:
        """Fetches and carries out one document; where to go on, or None at its end."""
        try:
            document = self._fetch(call, url, form)
        except DocumentError as error:
            document, url = self._fall_back(call, url, form, error)
        for code, message in document.warnings:
            self._account.notify(call.sid, code, message)
        for verb in document.verbs:
            following = self._carry_out(call, phone, verb, url)
            if following is not None:
                return urljoin(url.split("#", 1)[0], following[0]), following[1]
        return None

    def _fetch(self, call: Call, url: str, form: Mapping[str, str]) -> Document:
        """Raises DocumentError, already noted in the account, for what is no document."""
        answer = self._callbacks.ask(url, form, operation="callback.twiml")
        call.callbacks.append({"operation": "twiml", "url": url, "status": answer.status})
        try:
            if answer.status is None or answer.status >= 300:
                raise DocumentError(11200, f"HTTP retrieval failure: {answer.status} {url}")
            call.documents.append(answer.body.decode(errors="replace"))
            return parse(answer.body, answer.content_type)
        except DocumentError as error:
            self._account.notify(call.sid, error.code, str(error))
            raise

    def _fall_back(
        self, call: Call, url: str, form: Mapping[str, str], error: DocumentError
    ) -> tuple[Document, str]:
        """The fallback's document and URL; without one the person hears so, and is hung up on."""
        fallback = call.parameter("FallbackUrl")
        try:
            if not fallback:
                raise error
            failed = {"ErrorCode": str(error.code), "ErrorUrl": url}
            return self._fetch(call, fallback, {**form, **failed}), fallback
        except DocumentError:
            call.executed.append("(error message)")
            self._pass(call, _ERROR_MESSAGE_MS)
            raise HungUpError from error

    def _carry_out(
        self, call: Call, phone: Phone, verb: Verb, url: str
    ) -> tuple[str, dict[str, str]] | None:
        call.executed.append(verb.name)
        match verb.name:
            case "Say" | "Play":
                for _ in range(max(1, int(verb.attributes.get("loop", "1") or 1))):
                    self._play(call, audio.spoken(verb.text))
            case "Pause":
                self._pause(call, phone, float(verb.attributes.get("length", "1")))
            case "Record":
                return self._record(call, phone, verb, url)
            case "Gather":
                return self._gather(call, phone, verb, url)
            case "Start":
                for child in verb.children:
                    self._begin_running(call, child)
            case "Redirect":
                return verb.text or url, self._voice_form(call)
            case _:
                raise HungUpError
        return None

    def _record(self, call: Call, phone: Phone, verb: Verb, url: str) -> tuple[str, dict[str, str]]:
        attributes = verb.attributes
        if attributes.get("playBeep", "true") == "true":
            self._play(call, load_clips()[_BEEP].pcm)
        recording = self._begin_recording(call, "RecordVerb", 1)
        begin_ms = call.clock_ms
        speech = self._speech(phone, "callee_message")
        call.person.put(begin_ms, speech)
        longest_ms = int(attributes.get("maxLength", "3600")) * 1000
        silence_ms = int(attributes.get("timeout", "5")) * 1000
        length_ms = min(longest_ms, audio.duration_ms(speech) + silence_ms)
        if attributes.get("trim", "trim-silence") == "trim-silence" and speech:
            self._pass(call, length_ms)
            call_end_ms = begin_ms + min(length_ms, audio.duration_ms(speech))
        else:
            self._pass(call, length_ms)
            call_end_ms = call.clock_ms
        self._finish_recording(
            call,
            recording,
            (call.person,),
            begin_ms,
            end_ms=call_end_ms,
            callback=attributes.get("recordingStatusCallback", ""),
            events=attributes.get("recordingStatusCallbackEvent", "completed"),
        )
        form = self._voice_form(call) | {
            "RecordingUrl": media_url(self._account.sid, recording.sid),
            "RecordingSid": recording.sid,
            "RecordingDuration": str(recording.duration_seconds),
            "Digits": "",
        }
        # without an action the current document is asked for again: an endless loop
        return attributes.get("action") or url, form

    def _gather(
        self, call: Call, phone: Phone, verb: Verb, url: str
    ) -> tuple[str, dict[str, str]] | None:
        for child in verb.children:
            self._carry_out(call, phone, child, url)
        digits = phone.presses[: int(verb.attributes.get("numDigits", len(phone.presses) or 1))]
        action = verb.attributes.get("action") or url
        if not digits:
            self._pass(call, int(verb.attributes.get("timeout", "5")) * 1000)
            if verb.attributes.get("actionOnEmptyResult") != "true":
                return None
        self._pass(call, 500 * len(digits))
        return action, self._voice_form(call) | {"Digits": digits}

    def _pause(self, call: Call, phone: Phone, seconds: float) -> None:
        """In a pause the person at the phone speaks, once in a call."""
        if not call.person.pieces:
            speech = self._speech(phone, "callee_dialogue")
            call.person.put(call.clock_ms + _THINKING_MS, speech)
        self._pass(call, int(seconds * 1000))

    def _play(self, call: Call, pcm: bytes) -> None:
        call.application.put(call.clock_ms, pcm)
        self._pass(call, audio.duration_ms(pcm))

    def _pass(self, call: Call, milliseconds: int) -> None:
        """Lets the call's time pass. Raises HungUpError when it ends meanwhile."""
        limit = min(int(call.parameter("TimeLimit") or _MAX_CALL_SECONDS), _MAX_CALL_SECONDS)
        left_ms = limit * 1000 - call.clock_ms
        began = time.monotonic()
        if not self._wait(call, min(milliseconds, left_ms) / 1000):
            call.clock_ms += min(milliseconds, int((time.monotonic() - began) * self.speed * 1000))
            raise HungUpError
        call.clock_ms += min(milliseconds, left_ms)
        if milliseconds > left_ms:
            raise HungUpError

    def _wait(self, call: Call, seconds: float) -> bool:
        deadline = time.monotonic() + seconds / self.speed
        while (left := deadline - time.monotonic()) > 0:
            if self._tasks.stopping.is_set():
                return False
            if call.hung_up.wait(min(left, 0.2)):
                return False
        return not call.hung_up.is_set()

    def _speech(self, phone: Phone, fitting: str) -> bytes:
        if phone.behavior == "silent":
            return b""
        return phone.pcm or load_clips()[phone.says or fitting].pcm

    def _begin_whole_call(self, call: Call) -> None:
        if call.parameter("Record").lower() != "true":
            return
        dual = call.parameter("RecordingChannels") == "dual"
        recording = self._begin_recording(call, "OutboundAPI", 2 if dual else 1)
        callback = call.parameter("RecordingStatusCallback")
        events = " ".join(call.parameters.get("RecordingStatusCallbackEvent", ["completed"]))
        call.running.append(Running(recording, 0, callback, events))

    def _begin_running(self, call: Call, verb: Verb) -> None:
        """<Start><Recording>: from here to the end of the call, on two channels by default."""
        attributes = verb.attributes
        channels = 1 if attributes.get("channels") == "mono" else 2
        recording = self._begin_recording(call, "StartCallRecordingTwiML", channels)
        callback = attributes.get("recordingStatusCallback", "")
        events = attributes.get("recordingStatusCallbackEvent", "completed")
        call.running.append(Running(recording, call.clock_ms, callback, events))

    def _begin_recording(self, call: Call, source: str, channels: int) -> Recording:
        recording = Recording(new_sid("RE"), call.sid, source, call.now())
        recording.wanted_channels = channels
        with self._account.lock:
            self._account.recordings[recording.sid] = recording
        return recording

    def _finish_recording(
        self,
        call: Call,
        recording: Recording,
        tracks: tuple[audio.Track, ...],
        begin_ms: int,
        *,
        end_ms: int | None = None,
        callback: str,
        events: str,
    ) -> None:
        end_ms = call.clock_ms if end_ms is None else end_ms
        if end_ms - begin_ms < _MIN_RECORDING_MS:
            recording.status, recording.error_code = "absent", ABSENT_CODE
            recording.duration_seconds = 0
        else:
            sound = tuple(track.render(begin_ms, end_ms) for track in tracks)
            recording.channels = sound if recording.wanted_channels == 2 else (audio.mixed(sound),)
            recording.duration_seconds = math.ceil((end_ms - begin_ms) / 1000)
            recording.ready_at = time.monotonic() + self._media_ready_after_seconds
            recording.status = "completed"
        if callback and recording.status in events.split():
            self._tell(call, callback, "callback.recording", self.recording_form(recording))

    def recording_form(self, recording: Recording) -> dict[str, str]:
        """A recording callback's fields."""
        return recording_form(
            account_sid=self._account.sid,
            call_sid=recording.call_sid,
            recording_sid=recording.sid,
            status=recording.status,
            channels=len(recording.channels or ()) or recording.wanted_channels,
            started_at=recording.started_at,
            source=recording.source,
            seconds=recording.duration_seconds,
        )

    def _end(self, call: Call, status: str) -> None:
        call.ended_at = call.now() + timedelta(milliseconds=0)
        self._status(call, status)

    def _status(self, call: Call, status: str) -> None:
        call.status = status
        event = {"in-progress": "answered"}.get(status, "completed" if status in ENDED else status)
        sequence, call.sequence = call.sequence, call.sequence + 1
        url = call.parameter("StatusCallback")
        if not url or event not in (call.parameters.get("StatusCallbackEvent") or ["completed"]):
            return
        form = self._voice_form(call)
        form |= progress(status, call.now(), sequence, call.duration_seconds)
        self._tell(call, url, "callback.status", form)

    def _tell(self, call: Call, url: str, operation: str, form: dict[str, str]) -> None:
        def done(answer: Answer) -> None:
            entry = {"operation": operation.removeprefix("callback."), "url": url}
            call.callbacks.append({**entry, "status": answer.status})

        self._callbacks.tell(url, form, operation=operation, done=done)

    def _voice_form(self, call: Call) -> dict[str, str]:
        return call_form(
            call_sid=call.sid,
            status=call.status,
            to_number=call.to_number,
            from_number=call.from_number,
            direction=call.direction,
        )
