"""Twilio in virtual time: calls, recordings, callbacks that are signed for real. All simulated.

The rules are those of docs/simulators.md; the HTTP of the real simulator is left out, the time is not.
"""

from __future__ import annotations

import io
import re
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any, TypeVar

from callscribe.adapters.twilio.errors import explain_answer
from callscribe.adapters.twilio.resources import read_call, read_recording
from callscribe.adapters.wav import CheckedWav
from callscribe.domain.calls import Call
from callscribe.domain.errors import (
    RetryLaterError,
    VendorError,
    VendorOutcomeUnknownError,
    VendorRateLimitedError,
)
from callscribe.domain.times import format_timestamp
from callscribe.ports.storage import StoredAudio
from callscribe.ports.telephony import CallStatusUpdate, RecordingStatusUpdate
from callscribe.ports.vendors import Page
from local.simulators.twilio import rules
from local.simulators.twilio.audio import write_wav
from local.speech.clips import RATE
from simulation.api import ACCOUNT_SID, Api
from simulation.fault_injector import CALLBACK_FAULTS, FaultInjector, arrivals
from simulation.lambdas import NO_CALL, Lambdas, cut_page
from simulation.plans import FOREIGN, Plan
from simulation.scheduler import Scheduler

T = TypeVar("T")
Entry = TypeVar("Entry", "SimulatedCall", "SimulatedRecording")

OUR_NUMBER, OTHERS_NUMBER = "+15005550006", "+15005550007"
# Twilio's own clock is ahead of AWS's
_CLOCK_AHEAD = timedelta(seconds=20)
# a list is eventually consistent
_LIST_LAG_SECONDS = 400.0
# a call that has just ended is shown without its duration at first
_DURATION_LAG_SECONDS = 300.0
# of a hundred recordings so many are not ready when the call's end is looked after
_SLOW_PERCENT = 8
_CALL_SECONDS, _RECORDING_SECONDS = 20, 12
_SOURCE = "OutboundAPI"
_UNFINISHED = ("processing", "stopped")


@dataclass(slots=True)
class SimulatedCall:
    sid: str
    plan: Plan
    direction: str
    url: str
    status_callback: str
    recording_callback: str
    from_start: bool
    created: datetime
    seen_from: float
    status: str = "queued"
    started: datetime | None = None
    ended: datetime | None = None
    deleted: bool = False
    sequence: int = 0


@dataclass(slots=True)
class SimulatedRecording:
    sid: str
    call: SimulatedCall
    status: str
    channels: int
    created: datetime
    seen_from: float
    callback: str = ""
    fetched: int = 0
    deleted: bool = False

    @property
    def loudness(self) -> int:
        """Of its sound, as a peak shows it; another recording's mostly differs."""
        return int(self.sid[2:6], 16) % 120 * 2

    def wav(self) -> bytes:
        """A quarter of a second of one even sound, on each channel."""
        sound = struct.pack("<h", self.loudness // 2 << 8) * (RATE // 4)
        return write_wav((sound,) * self.channels)


@dataclass(slots=True)
class Twilio:
    """Implements ``ports.Telephony`` and ``ports.AudioSource`` for handlers, and lives by itself."""

    scheduler: Scheduler
    lambdas: Lambdas
    injector: FaultInjector
    api: Api
    note: Callable[..., None]
    bucket: dict[str, Any]
    plans: dict[str, Plan] = field(default_factory=dict)
    calls: dict[str, SimulatedCall] = field(default_factory=dict)
    recordings: dict[str, SimulatedRecording] = field(default_factory=dict)
    labels: dict[str, str] = field(default_factory=dict)
    # what another stack does with a recording
    on_foreign: Callable[[str], None] = lambda _: None

    # what the application asks

    def place_call(self, call: Call) -> CallStatusUpdate:
        plan = self.plans[call.to_number or ""]

        def act() -> CallStatusUpdate:
            if plan.kind == "refused":
                raise _error(rules.not_valid(plan.phone))
            root = f"{call.base_url}/"
            placed = self._new_call(
                plan,
                "outbound-api",
                url=f"{root}twiml/{call.call_id}",
                status_callback=f"{root}call-status/{call.call_id}",
                recording_callback=f"{root}recording-complete/{call.call_id}",
                from_start=call.mode == "call",
            )
            self.note("Twilio dials", entity=plan.label, call_sid=placed.sid)
            self.scheduler.spawn(lambda: self._live(placed), after=1)
            return self._shown(placed)

        return self.lambdas.vendor("Twilio", plan.label, "calls.create", act)

    def get_call(self, call_sid: str) -> CallStatusUpdate:
        def act() -> CallStatusUpdate:
            return self._shown(_there(self.calls.get(call_sid)))

        return self._ask(call_sid, "calls.fetch", act)

    def find_calls(self, *, to_number: str, from_number: str, since: str) -> list[CallStatusUpdate]:
        def act() -> list[CallStatusUpdate]:
            return [
                self._shown(call)
                for call in self._listed(self.calls)
                if call.plan.phone == to_number and format_timestamp(call.created) >= since
            ]

        assert from_number  # noqa: S101 - asked by both numbers
        return self._ask(to_number, "calls.list", act)

    def get_recording(self, recording_sid: str) -> RecordingStatusUpdate:
        def act() -> RecordingStatusUpdate:
            return self._told(_there(self.recordings.get(recording_sid)))

        return self._ask(recording_sid, "recordings.fetch", act)

    def list_recordings(self, call_sid: str) -> list[RecordingStatusUpdate]:
        def act() -> list[RecordingStatusUpdate]:
            return [
                self._told(recording)
                for recording in self._listed(self.recordings)
                if recording.call.sid == call_sid
            ]

        return self._ask(call_sid, "recordings.list", act)

    def delete_recording(self, recording_sid: str) -> None:
        def act() -> None:
            recording = _there(self.recordings.get(recording_sid))
            if recording.status in rules.UNFINISHED:
                raise _error(rules.NOT_ENDED)
            recording.deleted = True

        self._ask(recording_sid, "recordings.delete", act)

    def delete_call(self, call_sid: str) -> None:
        def act() -> None:
            call = _there(self.calls.get(call_sid))
            if call.ended is None:
                raise _error(rules.NOT_ENDED)
            call.deleted = True

        self._ask(call_sid, "calls.delete", act)

    def page_recordings(
        self, since: str, until: str, cursor: str | None
    ) -> Page[RecordingStatusUpdate]:
        def act() -> Page[RecordingStatusUpdate]:
            found = [
                self._told(recording)
                for recording in self._listed(self.recordings)
                if since <= format_timestamp(recording.created) <= until
            ]
            return cut_page(found, cursor)

        return self._ask(NO_CALL, "recordings.page", act)

    def page_ended_calls(
        self, since: str, until: str, cursor: str | None
    ) -> Page[CallStatusUpdate]:
        def act() -> Page[CallStatusUpdate]:
            found = [
                self._shown(call)
                for call in self._listed(self.calls)
                if call.ended is not None and since <= format_timestamp(call.ended) <= until
            ]
            return cut_page(found, cursor)

        return self._ask(NO_CALL, "calls.page", act)

    def copy(self, recording_sid: str, *, channels: int | None, key: str) -> StoredAudio:
        """The audio, straight into the bucket; a broken copy leaves nothing there (S3's promise)."""

        def act() -> StoredAudio:
            recording = self.recordings.get(recording_sid)
            if recording is None or recording.deleted or recording.status != "completed":
                raise RetryLaterError("Twilio does not have the audio yet", seconds=30)
            recording.fetched += 1
            self.bucket[key] = f"audio of {recording_sid}"
            audio = CheckedWav(io.BytesIO(recording.wav()), ends_by_closing=True)
            audio.read()
            return StoredAudio(
                size_bytes=audio.size_bytes, channels=audio.channels, peaks=audio.peaks
            )

        assert channels != 0  # noqa: S101 - at least one is asked for
        label = self.labels.get(recording_sid, recording_sid)
        try:
            return self.lambdas.vendor("Twilio", label, "media.copy", act, seconds=(1, 90))
        except (VendorRateLimitedError, VendorOutcomeUnknownError) as error:
            raise RetryLaterError("the audio's download broke off", seconds=15) from error

    # what happens by itself

    def receive(self, plan: Plan) -> None:
        """A call from outside to one of our numbers."""
        call = self._new_call(
            plan,
            "inbound",
            url=f"{self.api.base_url}/twiml",
            status_callback=f"{self.api.base_url}/call-status",
            recording_callback="",
            from_start=False,
        )
        self.scheduler.spawn(lambda: self._live(call))

    def appear(self, plan: Plan) -> None:
        """Another application's call, recorded; its recording callback may point here."""
        tells = plan.kind == "foreign"
        callback = f"{self.api.base_url}/recording-complete" if tells else ""
        call = self._new_call(
            plan,
            "outbound-api",
            url="",
            status_callback="",
            recording_callback=callback,
            from_start=True,
        )

        def live() -> None:
            call.started = self._clock()
            self.scheduler.pause(plan.talks_seconds)
            self._record(call, callback, 2)
            call.status, call.ended = "completed", self._clock()

        self.scheduler.spawn(live)

    def _live(self, call: SimulatedCall) -> None:
        plan = call.plan
        if call.direction == "outbound-api":
            for status in ("initiated", "ringing"):
                self._becomes(call, status)
                self.scheduler.pause(2)
        unanswered = rules.NOT_ANSWERED[plan.number % len(rules.NOT_ANSWERED)]
        ends = unanswered if plan.kind == "unanswered" else "completed"
        if ends == "completed":
            call.started = self._clock()
            self._becomes(call, "in-progress")
            self._talk(call)
        call.ended = self._clock()
        self._becomes(call, ends)

    def _talk(self, call: SimulatedCall) -> None:
        answer = self.api.tell_twilio(call.plan.label, call.url, self._form(call))
        self.scheduler.pause(call.plan.talks_seconds)
        callbacks = re.findall(r'recordingStatusCallback="([^"#]+)', answer or "")
        if call.from_start:
            callbacks.append(call.recording_callback)
        for callback in callbacks:
            for _ in range(2 if call.plan.kind == "two-recordings" else 1):
                self._record(call, callback, 2 if call.from_start else 1)

    def _record(self, call: SimulatedCall, callback: str, channels: int) -> None:
        number = sum(r.call is call for r in self.recordings.values())
        sid = "RE" + _hexadecimal(f"{call.sid}/{number}", self.injector)
        lag = self.injector.number(f"{sid}/lag", 0, _LIST_LAG_SECONDS)
        recording = SimulatedRecording(
            sid,
            call,
            _UNFINISHED[self.injector.number(f"{sid}/stopped") < 0.5],
            channels,
            self._clock(),
            self.scheduler.now + lag,
            callback,
        )
        self.recordings[sid] = recording
        self.labels[sid] = call.plan.label
        slow = self.injector.number(f"{sid}/slow", 0, 100) < _SLOW_PERCENT
        ready = self.injector.number(f"{sid}/ready", *((900, 2400) if slow else (1, 20)))
        self.scheduler.after(ready, lambda: self._finish(recording))

    def _finish(self, recording: SimulatedRecording) -> None:
        recording.status = "absent" if recording.call.plan.kind == "absent" else "completed"
        if recording.call.plan.kind in FOREIGN and recording.status == "completed":
            self.on_foreign(recording.sid)
        self.note("Twilio recorded", entity=recording.call.plan.label, recording_sid=recording.sid)
        if not recording.callback:
            return
        form = rules.recording_form(
            account_sid=ACCOUNT_SID,
            call_sid=recording.call.sid,
            recording_sid=recording.sid,
            status=recording.status,
            channels=recording.channels,
            started_at=recording.created,
            source=_SOURCE,
            seconds=_RECORDING_SECONDS,
        )
        self._tell(recording.call.plan.label, "callback.recording", recording.callback, form)

    def _becomes(self, call: SimulatedCall, status: str) -> None:
        call.status = status
        if call.status_callback:
            form = self._form(call)
            form |= rules.progress(status, self._clock(), call.sequence, _CALL_SECONDS)
            call.sequence += 1
            self._tell(call.plan.label, "callback.status", call.status_callback, form)

    def _tell(self, label: str, operation: str, url: str, form: Mapping[str, str]) -> None:
        """Sends a callback, with whatever befalls it on the way."""
        fault = self.injector.draw(label, operation, CALLBACK_FAULTS)
        if fault is not None:
            self.note(fault, request=operation, entity=label)
        spread = self.injector.number(f"{label}/{operation}/{form.get('CallStatus')}/{fault}")
        for seconds in arrivals(fault, spread):
            self.scheduler.spawn(lambda: self.api.tell_twilio(label, url, form), after=seconds)

    def _new_call(self, plan: Plan, direction: str, **urls: Any) -> SimulatedCall:
        number = sum(call.plan is plan for call in self.calls.values())
        sid = "CA" + _hexadecimal(f"{plan.number}/{number}", self.injector)
        self.labels[sid] = plan.label
        lag = self.injector.number(f"{sid}/lag", 0, _LIST_LAG_SECONDS)
        created = self._clock()
        call = SimulatedCall(
            sid, plan, direction, created=created, seen_from=self.scheduler.now + lag, **urls
        )
        self.calls[sid] = call
        return call

    def _form(self, call: SimulatedCall) -> dict[str, str]:
        outbound = call.direction == "outbound-api"
        return rules.call_form(
            call_sid=call.sid,
            status=call.status,
            to_number=call.plan.phone if outbound else OUR_NUMBER,
            from_number=OUR_NUMBER if outbound else call.plan.phone,
            direction=call.direction,
        )

    def _shown(self, call: SimulatedCall) -> CallStatusUpdate:
        return read_call(
            SimpleNamespace(
                sid=call.sid,
                status=rules.shown_status(call.status),
                to=call.plan.phone,
                _from=OTHERS_NUMBER if call.plan.kind == "other-stack" else OUR_NUMBER,
                direction=call.direction,
                date_created=call.created,
                start_time=call.started,
                end_time=call.ended,
                duration=str(_CALL_SECONDS) if self.knows_duration(call) else None,
            )
        )

    def knows_duration(self, call: SimulatedCall) -> bool:
        """Of a call that was answered, and a moment after its end."""
        if call.started is None or call.ended is None:
            return False
        lag = self.injector.number(f"{call.sid}/duration", 0, _DURATION_LAG_SECONDS)
        return self._clock() >= call.ended + timedelta(seconds=lag)

    def _told(self, recording: SimulatedRecording) -> RecordingStatusUpdate:
        return read_recording(
            SimpleNamespace(
                sid=recording.sid,
                call_sid=recording.call.sid,
                status=recording.status,
                channels=recording.channels,
                date_created=recording.created,
                start_time=recording.created,
                duration=str(_RECORDING_SECONDS) if recording.status == "completed" else "-1",
                source=_SOURCE,
                error_code=rules.ABSENT_CODE if recording.status == "absent" else None,
            )
        )

    def _listed(self, entries: Mapping[str, Entry]) -> list[Entry]:
        """What Twilio's lists show by now."""
        now = self.scheduler.now
        return [one for one in entries.values() if not one.deleted and one.seen_from <= now]

    def _ask(self, entity: str, operation: str, act: Callable[[], T]) -> T:
        plan = self.plans.get(entity)
        label = plan.label if plan else self.labels.get(entity, entity)
        return self.lambdas.vendor("Twilio", label, operation, act)

    def _clock(self) -> datetime:
        return self.scheduler.time() + _CLOCK_AHEAD


def _there(entry: Entry | None) -> Entry:
    if entry is None or entry.deleted:
        raise _error(rules.not_found(""))
    return entry


def _error(refusal: rules.Refusal) -> VendorError:
    return explain_answer(refusal.status, refusal.code)


def _hexadecimal(name: str, injector: FaultInjector) -> str:
    return f"{int(injector.number(f'sid/{name}') * 2**52):013x}".ljust(32, "0")
