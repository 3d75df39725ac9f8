"""Another go for what failed: asked for by a person, or found in the dead-letter queue."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from itertools import islice

from callscribe.domain.calls import call_id_for_sid
from callscribe.domain.errors import (
    FieldError,
    InvalidInputError,
    NothingToRetryError,
)
from callscribe.domain.recordings import Recording, RecordingState, reopened
from callscribe.domain.request_fields import read_object, read_time
from callscribe.domain.times import Clock, format_timestamp
from callscribe.ports.messaging import DeadLetter, DeadLetters, RecordingsQueue
from callscribe.ports.storage import CallStore
from callscribe.ports.telemetry import Telemetry
from callscribe.use_cases.find_call import find_call
from callscribe.use_cases.finish_recording import status_update_of
from callscribe.use_cases.ledger import Ledger

# what one request handles at most; its answer says where to go on
MOST_AT_ONCE = 200
# a message of an unknown recording that fails again and again, is for a person: each round
# takes about an hour, and a vendor may be out for a day
_MAX_REDRIVES = 48
_LETTERS_A_RUN = 100
_FIELDS = ("since", "until", "reason", "kind")
# `audio`: failed before AssemblyAI had it; `transcript`: failed there
_AUDIO_REASONS = frozenset(("audio_refused", "audio_unavailable", "recording_deleted"))
_KINDS = ("audio", "transcript", "dead-letter")


@dataclass(frozen=True, slots=True)
class RefusedRetry:
    """Why a recording is not tried again."""

    recording_sid: str
    reason: str


@dataclass(frozen=True, slots=True)
class RetriedCall:
    """``retried``: the recording_sids that were put on their way again."""

    call_id: str
    retried: list[str]
    refused: list[RefusedRetry]


@dataclass(frozen=True, slots=True)
class RetriedFailures:
    """How many were put on their way again, and how many not, by reason. ``next_since``: there was more
    than one request handles, and it goes on there."""

    retried: int
    refused: dict[str, int] = field(default_factory=dict)
    next_since: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Redrive:
    """Retries what failed: one call, many by time or reason, and dead letters."""

    store: CallStore
    ledger: Ledger
    queue: RecordingsQueue
    letters: DeadLetters
    telemetry: Telemetry
    clock: Clock

    def retry_call(self, call_id_or_sid: str) -> RetriedCall:
        """Tries every failed recording of a call again.

        Raises:
            NotFoundError: no such call.
            NothingToRetryError: none of them can be helped; with the reasons.
        """
        call, recordings = find_call(self.store, call_id_or_sid)
        if not recordings:
            raise NothingToRetryError(
                f"the call is {call.status} and has no recording; a call is never dialed again "
                "under its call_id: place a new one"
            )
        answers = {r.recording_sid: self._recording(r) for r in recordings}
        retried = [sid for sid, reason in answers.items() if reason is None]
        refused = [RefusedRetry(sid, reason) for sid, reason in answers.items() if reason]
        if not retried:
            reasons = [FieldError(one.recording_sid, one.reason) for one in refused]
            raise NothingToRetryError("none of the recordings can be tried again", reasons)
        return RetriedCall(call.call_id, retried, refused)

    def retry_failed(self, body: object) -> RetriedFailures:
        """Tries again what failed in a span of time, by reason or by kind. Raises InvalidInputError."""
        since, until, matches, dead = self._asked(body)
        if dead:
            return RetriedFailures(self.dead_letters())
        refused: Counter[str] = Counter()
        retried = 0
        entries = list(islice(self.store.failures(since, until), MOST_AT_ONCE + 1))
        for entry in entries[:MOST_AT_ONCE]:
            recording = self.store.get_recording(entry.call_id, entry.recording_sid)
            if recording is None or not matches(recording.error_code or ""):
                continue
            if self._recording(recording) is None:
                retried += 1
            else:
                refused[recording.error_code or recording.status] += 1
        more = entries[MOST_AT_ONCE].failed_at if len(entries) > MOST_AT_ONCE else None
        return RetriedFailures(retried, dict(refused), more)

    def dead_letters(self) -> int:
        """Empties the dead-letter queue as far as it can be helped; how many went back.

        A recording that is in the table is carried by its deadline: its letter is only paper. An
        unreadable one stays, for a person, and so does one that keeps coming back.
        """
        back = 0
        for _ in range(_LETTERS_A_RUN // 10):
            letters = self.letters.take(10)
            for letter in letters:
                back += self._letter(letter)
            if not letters:
                break
        return back

    def _letter(self, letter: DeadLetter) -> bool:
        notice = letter.notice
        if notice is None:
            return False
        call_id = notice.call_id or self.store.find_call_id(notice.call_sid or "")
        call_id = call_id or call_id_for_sid(notice.call_sid or "")
        known = self.store.get_recording(call_id, notice.recording_sid) is not None
        if not known and notice.redrives >= _MAX_REDRIVES:
            return False
        if not known:
            self.queue.put(replace(notice, redrives=notice.redrives + 1))
            self.telemetry.count("DeadLetterRedriven")
        self.letters.remove(letter)
        return not known

    def _recording(self, recording: Recording) -> str | None:
        """None where it was put on its way again, else why not."""
        if recording.status == RecordingState.COMPLETED:
            return "it has its transcript"
        if recording.status in (RecordingState.SILENT, RecordingState.ABSENT):
            return f"{recording.error_message}: that cannot be helped"
        if recording.status != RecordingState.ERROR:
            return f"it is still under way: {recording.status}"
        if not recording.error_retryable:
            return f"{recording.error_message}: another try would end the same way"
        if not self.ledger.save(recording, reopened(recording), unchanged=["retries"]):
            return "another request is retrying it already"
        self.queue.put(status_update_of(recording))
        self.telemetry.count("RecordingRetried")
        return None

    def _asked(self, body: object) -> tuple[str, str, Callable[[str], bool], bool]:
        request, errors = read_object(body, _FIELDS, example='{"since": "2026-11-21T00:00:00Z"}')
        kind, reason = request.get("kind"), request.get("reason")
        if kind is not None and kind not in _KINDS:
            errors.append(FieldError("kind", f"must be one of {', '.join(_KINDS)}"))
        if reason is not None and not isinstance(reason, str):
            errors.append(FieldError("reason", "must be a code, such as download_error"))
        since = read_time(request, "since", errors) or ""
        until = read_time(request, "until", errors) or format_timestamp(self.clock())
        if kind != "dead-letter" and not errors and not since:
            errors.append(FieldError("since", "is missing: from when on is to be tried again?"))
        if since > until:
            errors.append(FieldError("until", "must not be before since; without it, it is now"))
        if errors:
            raise InvalidInputError(errors)

        def matches(code: str) -> bool:
            of_kind = kind is None or (code in _AUDIO_REASONS) == (kind == "audio")
            return of_kind and reason in (None, code)

        return since, until, matches, kind == "dead-letter"
