"""The second entrance: whatever waits too long is asked for at the vendor and moved on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from callscribe.domain.calls import CALL_SID, TERMINAL, Call
from callscribe.domain.failures import Failure
from callscribe.domain.problems import CallscribeError, RetryLaterError
from callscribe.domain.recordings import TERMINAL as RECORDING_ENDED
from callscribe.domain.recordings import Recording
from callscribe.domain.times import Clock, from_text, to_text
from callscribe.ports import CallStore, RecordingsQueue, Telemetry, Telephony, Waiting
from callscribe.use_cases.finish_recording import FinishRecording, notice_of
from callscribe.use_cases.place_call import PlaceCall, failed
from callscribe.use_cases.track_call import TrackCall, news_from_twilio
from callscribe.use_cases.waiting import call_waits, recording_waits

# an overdue batch a shard and run: what is left over is still there in five minutes
BATCH = 50
# a call that three looks at Twilio do not show was never there
MAX_LOOKS = 3
# Twilio's clock and ours differ
_CLOCK_SLACK = timedelta(seconds=30)
MAX_REQUEUES = 12

_NEVER_ARRIVED = Failure(
    "never_reached_twilio",
    "Twilio has no such call: the request never arrived there, and nobody was called",
    retryable=True,
)
_GAVE_UP = Failure(
    "audio_unavailable",
    "the audio could not be read from Twilio and handed over, however often it was tried",
    retryable=True,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconcile:
    store: CallStore
    telephony: Telephony
    queue: RecordingsQueue
    place: PlaceCall
    track: TrackCall
    finish: FinishRecording
    telemetry: Telemetry
    clock: Clock

    def run(self, time_left: Callable[[], bool]) -> dict[str, int]:
        """Works off what is overdue, oldest first, while there is time.

        Returns:
            How many entries were overdue, taken up, and put off by an error.
        """
        overdue = self.store.list_overdue(to_text(self.clock()), limit=BATCH)
        overdue.sort(key=lambda waiting: waiting.due_at)
        result = {"overdue": len(overdue), "taken_up": 0, "put_off": 0}
        oldest = from_text(overdue[0].due_at) if overdue else self.clock()
        self.telemetry.count("OldestOverdueSeconds", (self.clock() - oldest).total_seconds())
        self.telemetry.count("Overdue", len(overdue))
        for waiting in overdue:
            if not time_left():
                break
            result["taken_up" if self._take_up(waiting) else "put_off"] += 1
        return result

    def _take_up(self, waiting: Waiting) -> bool:
        """One entry's trouble never stops the next one's turn."""
        try:
            if waiting.recording_sid is None:
                self._call(waiting.call_id)
            else:
                self._recording(waiting.call_id, waiting.recording_sid)
        except CallscribeError as error:
            self.telemetry.count("ReconcilePutOff")
            self.telemetry.warn(
                "put off",
                call_id=waiting.call_id,
                recording_sid=waiting.recording_sid,
                reason=f"{type(error).__name__}: {error}",
            )
            return False
        return True

    def _call(self, call_id: str) -> None:
        call = self.store.get_call(call_id)
        if call is None:
            return
        if call.status == "scheduled":
            self.place.from_schedule(call_id)
        elif call.call_sid is None:
            self._search(call)
        elif call.status in TERMINAL:
            self._check_recordings(call)
        else:
            self._ask_status(call)

    def _search(self, call: Call) -> None:
        """No answer came when it was placed: is it at Twilio? It is never dialled again."""
        since = to_text(from_text(call.claimed_at or call.created_at) - _CLOCK_SLACK)
        found = self.telephony.find_calls(
            to_number=call.to_number or "", from_number=call.from_number or "", since=since
        )
        ours = [other for other in found if self.store.find_call_id(other.call_sid) is None]
        if ours:
            oldest = min(ours, key=lambda other: other.created_at or "")
            if not self.track.apply(call.call_id, news_from_twilio(oldest)):
                self._look_later(call)
            self.telemetry.count("CallFound")
        elif call.reconcile_attempts + 1 >= MAX_LOOKS:
            changes = failed(call.call_id, _NEVER_ARRIVED, self.clock)
            self.store.change_call(
                call.call_id, changes, only_from=[call.status], expected={"call_sid": None}
            )
        else:
            self._look_later(call)

    def _ask_status(self, call: Call) -> None:
        news = news_from_twilio(self.telephony.get_call(call.call_sid or ""))
        if self.track.apply(call.call_id, news):
            self.telemetry.count("CallRepaired")
        else:
            self._look_later(call)

    def _check_recordings(self, call: Call) -> None:
        """After the end of a call every recording that Twilio has of it must be known here."""
        if not CALL_SID.fullmatch(call.call_sid or ""):
            return
        notices = self.telephony.list_recordings(call.call_sid or "")
        for notice in notices:
            if self.store.get_recording(call.call_id, notice.recording_sid) is None:
                self.telemetry.count("RecordingFound")
                self.queue.put(replace(notice, call_id=call.call_id, base_url=call.base_url))
        if any(notice.status in ("in-progress", "paused", "processing") for notice in notices):
            self._look_later(call)
            return
        self._change(
            call,
            {
                "recordings_at_twilio": len(notices),
                "waiting_for": None,
                "due_at": None,
            },
        )

    def _recording(self, call_id: str, recording_sid: str) -> None:
        call = self.store.get_call(call_id)
        recording = self.store.get_recording(call_id, recording_sid)
        if call is None or recording is None:
            return
        if recording.status in RECORDING_ENDED:
            self.finish.announce(call, recording)
        elif recording.status == "submitted":
            self.finish.ask_again(call, recording)
        elif recording.reconcile_attempts >= MAX_REQUEUES:
            self.finish.end(call, recording, "error", _GAVE_UP)
        else:
            self._requeue(recording)

    def _requeue(self, recording: Recording) -> None:
        attempts = recording.reconcile_attempts + 1
        changes = {
            "reconcile_attempts": attempts,
            **recording_waits(recording.call_id, recording.status, self.clock(), attempts),
        }
        self.queue.put(notice_of(recording))
        self.telemetry.count("RecordingRequeued")
        self.store.change_recording(
            recording.call_id, recording.recording_sid, changes, only_from=[recording.status]
        )

    def _look_later(self, call: Call) -> None:
        attempts = call.reconcile_attempts + 1
        waits = call_waits(call.call_id, call.status, self.clock(), attempts)
        if not self._change(call, {"reconcile_attempts": attempts, **waits}):
            raise RetryLaterError("the call moved meanwhile", seconds=1)

    def _change(self, call: Call, changes: dict[str, Any]) -> bool:
        return self.store.change_call(call.call_id, changes, only_from=[call.status])
