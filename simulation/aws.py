"""AWS as the use cases see it through ``ports``: in memory, at least once, eventually consistent."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, TypeVar, cast

from callscribe.adapters.aws.eventbridge import detail
from callscribe.adapters.aws.sqs import read_status_update, write_status_update
from callscribe.domain.calls import Call
from callscribe.domain.differences import differing, field_names, to_write
from callscribe.domain.recordings import RECORDING_TERMINAL, Recording
from callscribe.domain.sweeps import Sweep
from callscribe.domain.times import parse_timestamp
from callscribe.ports.messaging import DeadLetter
from callscribe.ports.storage import Entry
from callscribe.ports.telephony import RecordingStatusUpdate
from local.template import RESOURCES, function
from simulation.fault_injector import DELIVERY_FAULTS, SCHEDULE_FAULTS, FaultInjector
from simulation.lambdas import NO_CALL, Lambdas
from simulation.memory_store import MemoryCallStore, changed
from simulation.scheduler import Scheduler

T = TypeVar("T")

_QUEUE = RESOURCES["RecordingsQueue"]["Properties"]
VISIBILITY_SECONDS = _QUEUE["VisibilityTimeout"]
MAX_RECEIVES = _QUEUE["RedrivePolicy"]["maxReceiveCount"]
# half a minute is SQS's default
_LETTER_VISIBILITY_SECONDS = RESOURCES["RecordingsDeadLetterQueue"]["Properties"].get(
    "VisibilityTimeout", 30
)
SCHEDULE_TRIES = 1 + function("dial")["EventInvokeConfig"]["MaximumRetryAttempts"]
# the order of statuses, written down apart from the application's own; ends are as far as it goes
_ORDER = {"scheduled": 0, "placing": 1, "unknown": 2, "queued": 3, "initiated": 4, "ringing": 5}
_ORDER |= {"in-progress": 6, "completed": 7, "busy": 7, "no-answer": 7, "failed": 7, "canceled": 7}
_ORDER |= {"erasing": 8, "erased": 9}
# a global secondary index shows a write a moment later
_INDEX_LAG_SECONDS = 2.0
# that of changes mostly as well, and sometimes much later: share of writes, and seconds at most
_SLOW_INDEXING, _SLOW_INDEX_LAG_SECONDS = 0.1, 25.0
# DynamoDB takes days; what is hidden meanwhile must not be missed
_EXPIRY_SECONDS = 600.0
_LOST = "never_reached_twilio"


class SimulatedTable:
    """The in-memory table behind requests that fail, with an index that lags."""

    def __init__(
        self,
        inner: MemoryCallStore,
        lambdas: Lambdas,
        scheduler: Scheduler,
        injector: FaultInjector,
        label: Callable[[str], str],
        labels: dict[str, str],
    ) -> None:
        self.inner = inner
        self._injector = injector
        # by call_id: from when on the index of changes shows which state, in the order of the writes
        self._shown: dict[str, list[tuple[float, Call]]] = {}
        self._labels = labels
        # of each story the call_id that its client's key stands for
        self.call_ids: dict[str, str] = {}
        self._lambdas = lambdas
        self._scheduler = scheduler
        self._label = label
        self._indexed_at: dict[str, float] = {}
        self._next_expiry = 0.0
        # (call_id or recording_sid, what happened) of every write that went back
        self.backwards: list[tuple[str, str]] = []
        # (call_id, when) of every conclusion that Twilio never got a call
        self.never_arrived: list[tuple[str, datetime]] = []

    def save(
        self,
        before: Entry | None,
        after: Entry | None,
        *,
        only_from: Collection[str] = (),
        unchanged: Collection[str] = (),
    ) -> bool:
        """A write under the name of what it does, so that faults may be ordered for one of them."""
        entry = after or before
        kind = "call" if isinstance(entry, Call) else "recording"
        name = entry.call_id if isinstance(entry, Call) else getattr(entry, "recording_sid", "")
        act = partial(self._save, before, after, only_from=only_from, unchanged=unchanged)
        if after is None:
            return self._ask(name, f"table.remove_{kind}", act)
        verb = "add" if before is None else "change"
        written = to_write(before, after) if before else field_names(after)
        wanted = {field: getattr(after, field) for field in written}
        return self._write(name, f"table.{verb}_{kind}", act, partial(self._stands, after), wanted)

    def _save(self, before: Any, after: Any, **conditions: Any) -> bool:
        if isinstance(after, Call):
            self._index(after.call_sid)
        stood = self._stands(before or after)
        saved = self.inner.save(before, after, **conditions)
        if saved and stood and after and before:
            self._judge(stood, after)
        if saved:
            self._index_change((before or after).call_id)
        return saved

    def _stands(self, entry: Call | Recording) -> Call | Recording | None:
        if isinstance(entry, Call):
            return self.inner.get_call(entry.call_id)
        return self.inner.get_recording(entry.call_id, entry.recording_sid)

    def _judge(self, stood: Call | Recording, after: Call | Recording) -> None:
        """Statuses only go forward, and only where the table of transitions lets them."""
        name = after.call_id if isinstance(after, Call) else after.recording_sid
        if isinstance(after, Call) and (stood.error_code, after.error_code) == (None, _LOST):
            self.never_arrived.append((name, self._scheduler.time()))
        if stood.status == after.status:
            return
        if not (_is_forward(stood, after) and stood.may_become(cast(Any, after.status))):
            self.backwards.append((name, f"{stood.status} became {after.status}"))

    def bind_key(self, digest: str, wanted: str, *, now: int, expires_at: int) -> str:
        def act() -> str:
            stands_for = self.inner.bind_key(digest, wanted, now=now, expires_at=expires_at)
            self._labels[stands_for] = self._lambdas.label()
            self.call_ids[self._lambdas.label()] = stands_for
            return stands_for

        return self._ask(NO_CALL, "table.bind_key", act)

    def find_call_id(self, call_sid: str) -> str | None:
        def act() -> str | None:
            late = self._indexed_at.get(call_sid, 0) > self._scheduler.now
            return None if late else self.inner.find_call_id(call_sid)

        return self._ask(call_sid, "table.find_call_id", act)

    def list_changed(self, *, after: tuple[str, str], until: str, limit: int) -> list[Call]:
        def act() -> list[Call]:
            shown = (self._show(call_id) for call_id in self._shown)
            live = [call for call in shown if call is not None and call.call_id in self.inner.calls]
            return changed(live, after=after, until=until)[:limit]

        return self._ask(NO_CALL, "table.list_changed", act)

    def _show(self, call_id: str) -> Call | None:
        """The state of a call that the index of changes has by now; None while it has none."""
        states = self._shown[call_id]
        while len(states) > 1 and states[1][0] <= self._scheduler.now:
            states.pop(0)
        at, call = states[0]
        return call if at <= self._scheduler.now else None

    def _index_change(self, call_id: str) -> None:
        """An index gets the writes of one item in their order, each a moment later."""
        call = self.inner.calls.get(call_id)
        if call is None:
            return
        states = self._shown.setdefault(call_id, [])
        name = f"{call_id}/index/{call.updated_at}/{call.status}/{call.due_at}"
        is_slow = self._injector.number(name) < _SLOW_INDEXING
        most = _SLOW_INDEX_LAG_SECONDS if is_slow else _INDEX_LAG_SECONDS
        at = self._scheduler.now + self._injector.number(f"{name}/lag", 0, most)
        states.append((max([at, *(before for before, _ in states[-1:])]), call))

    def save_sweep(self, before: Sweep | None, after: Sweep) -> bool:
        act = partial(self.inner.save_sweep, before, after)
        read = partial(self.inner.get_sweep, after.sweep_id)
        written = differing(before, after) if before else field_names(after)
        wanted = {field: getattr(after, field) for field in written}
        verb = "change" if before else "add"
        return self._write(NO_CALL, f"table.{verb}_sweep", act, read, wanted)

    def __getattr__(self, method: str) -> Any:
        """Everything that the doubles need not look into: one request, named after what it concerns."""
        act = getattr(self.inner, method)

        def ask(*arguments: Any, **options: Any) -> Any:
            entity = _entity(method, *arguments)
            return self._ask(entity, f"table.{method}", lambda: _read(act(*arguments, **options)))

        return ask

    def _ask(self, entity: str, operation: str, act: Callable[[], T]) -> T:
        if self._scheduler.now >= self._next_expiry:
            self._next_expiry = self._scheduler.now + _EXPIRY_SECONDS
            self.inner.expire()
        return self._lambdas.aws(self._label(entity), operation, act)

    def _write(
        self,
        entity: str,
        operation: str,
        act: Callable[[], bool],
        read: Callable[[], object],
        wanted: Mapping[str, Any],
    ) -> bool:
        """A conditional write. Repeated, it is told from another's by what stands, as by the adapter."""

        def again() -> bool:
            stands = read()
            done = stands is not None and all(
                (getattr(stands, name) or None) == (value or None) for name, value in wanted.items()
            )
            return act() or done

        return self._lambdas.aws(self._label(entity), operation, act, again)

    def _index(self, call_sid: str | None) -> None:
        if call_sid is not None:
            self._indexed_at.setdefault(call_sid, self._scheduler.now + _INDEX_LAG_SECONDS)


def _entity(method: str, *arguments: Any) -> str:
    if method in ("get_call", "get_call_with_recordings", "list_shares", "remove_shares"):
        return str(arguments[0])
    if method == "get_recording":
        return str(arguments[1])
    return str(arguments[0].call_id) if method == "acquire_slot" else NO_CALL


def _read(result: Any) -> Any:
    """A list that is read page by page is read here at once."""
    return iter(list(result)) if isinstance(result, Iterator) else result


def _is_forward(before: Call | Recording, after: Call | Recording) -> bool:
    """Our own conclusion that a call never arrived gives way to what Twilio says; a recording ends
    once, unless an operator asks for another try."""
    if isinstance(before, Recording) or isinstance(after, Recording):
        retries = getattr(after, "retries", 0) - getattr(before, "retries", 0)
        return before.status not in RECORDING_TERMINAL or retries > 0
    concluded = before.status == "failed" and before.call_sid is None
    return concluded or _ORDER[before.status] <= _ORDER[after.status]


@dataclass(slots=True)
class Message:
    body: str
    visible_at: float
    receives: int = 0


class SimulatedQueue:
    """Both queues and the event source mapping. Implements ``RecordingsQueue`` and ``DeadLetters``."""

    def __init__(
        self,
        scheduler: Scheduler,
        lambdas: Lambdas,
        injector: FaultInjector,
        label: Callable[[str], str],
    ) -> None:
        self._scheduler = scheduler
        self._lambdas = lambdas
        self._injector = injector
        self._label = label
        self._ids = itertools.count(1)
        self.messages: dict[str, Message] = {}
        self.letters: dict[str, Message] = {}
        # recordings of which a message was ever kept; what to do when one is called done
        self.kept: set[str] = set()
        self.on_done: Callable[[str], None] = lambda _: None

    def holds(self, recording_sid: str) -> bool:
        """Whether there is a message of it in either queue."""
        waiting = (*self.messages.values(), *self.letters.values())
        return any(recording_sid in message.body for message in waiting)

    def put(self, notice: RecordingStatusUpdate, *, delay_seconds: int = 0) -> None:
        act = partial(self.add, write_status_update(notice), delay_seconds)
        self._lambdas.aws(self._label(notice.recording_sid), "queue.put", act)

    def add(self, body: str, delay_seconds: int = 0) -> None:
        message_id = f"message-{next(self._ids)}"
        self.kept.add(read_status_update(body).recording_sid)
        self.messages[message_id] = Message(body, self._scheduler.now + delay_seconds)
        self._scheduler.after(delay_seconds + 0.05, lambda: self._deliver(message_id))

    def retry_in(self, receipt_handle: str, seconds: int) -> None:
        def act() -> None:
            message = self.messages.get(receipt_handle)
            if message is not None:
                message.visible_at = self._scheduler.now + seconds
                self._scheduler.at(message.visible_at, lambda: self._deliver(receipt_handle))

        message = self.messages.get(receipt_handle)
        entity = self._entity(message.body) if message else NO_CALL
        self._lambdas.aws(entity, "queue.retry_in", act)

    def _deliver(self, message_id: str) -> None:
        message = self.messages.get(message_id)
        if message is None or message.visible_at > self._scheduler.now:
            return
        message.receives += 1
        if message.receives > MAX_RECEIVES:
            self.letters[message_id] = self.messages.pop(message_id)
            return
        message.visible_at = self._scheduler.now + VISIBILITY_SECONDS
        self._scheduler.at(message.visible_at, lambda: self._deliver(message_id))
        self._invoke(message_id, message)
        entity = self._entity(message.body)
        if self._injector.draw(entity, "queue.deliver", DELIVERY_FAULTS):
            later = self._injector.number(f"{entity}/doubled/{message.receives}", 0.01, 0.5)
            self._scheduler.after(later, lambda: self._invoke(message_id, message))

    def _invoke(self, message_id: str, message: Message) -> None:
        record = {
            "messageId": message_id,
            "receiptHandle": message_id,
            "body": message.body,
            "attributes": {"ApproximateReceiveCount": str(message.receives)},
        }

        def done(answer: Any) -> None:
            if answer is not None and not answer["batchItemFailures"]:
                processed = self.messages.pop(message_id, None)
                if processed is not None:
                    self.on_done(read_status_update(processed.body).recording_sid)

        label = self._entity(message.body)
        self._lambdas.invoke("transcribe", {"Records": [record]}, done, label=label)

    def take(self, limit: int) -> list[DeadLetter]:
        def act() -> list[DeadLetter]:
            taken: list[DeadLetter] = []
            for handle, letter in list(self.letters.items()):
                if letter.visible_at <= self._scheduler.now and len(taken) < limit:
                    letter.visible_at = self._scheduler.now + _LETTER_VISIBILITY_SECONDS
                    taken.append(DeadLetter(notice=read_status_update(letter.body), handle=handle))
            return taken

        return self._lambdas.aws(NO_CALL, "dead-letters.take", act)

    def remove(self, letter: DeadLetter) -> None:
        act = partial(self.letters.pop, letter.handle, None)
        self._lambdas.aws(NO_CALL, "dead-letters.remove", act)

    def put_letter(self, body: str, *, reason: str, receives: int) -> None:
        assert reason  # noqa: S101 - the operator needs to know why
        handle = f"letter-{next(self._ids)}"
        act = partial(self.letters.update, {handle: Message(body, 0, receives)})
        self._lambdas.aws(self._entity(body), "dead-letters.put", act)

    def _entity(self, body: str) -> str:
        return self._label(read_status_update(body).recording_sid)


class SimulatedDeadLetters:
    """``put`` means another thing for either queue, so each has its face."""

    def __init__(self, queue: SimulatedQueue) -> None:
        self.take = queue.take
        self.remove = queue.remove
        self.put = queue.put_letter


class SimulatedBucket:
    """Implements ``Documents``, ``AudioLinks`` and ``StoredObjects``; ``objects`` lie in it."""

    def __init__(self, lambdas: Lambdas, label: Callable[[str], str]) -> None:
        self._lambdas = lambdas
        self._label = label
        self.objects: dict[str, Any] = {}

    def put(self, key: str, document: Mapping[str, Any]) -> None:
        act = partial(self.objects.update, {key: dict(document)})
        self._lambdas.aws(self._label(_recording_of(key)), "bucket.put", act)

    def get(self, key: str) -> dict[str, Any]:
        found: dict[str, Any] = self._lambdas.aws(
            self._label(_recording_of(key)), "bucket.get", lambda: self.objects[key]
        )
        return found

    def erase(self, call_id: str) -> int:
        def act() -> int:
            keys = [key for key in self.objects if key.split("/")[1] == call_id]
            for key in keys:
                del self.objects[key]
            return len(keys)

        return self._lambdas.aws(self._label(call_id), "bucket.erase", act)

    def presigned_url(self, key: str, *, seconds: int) -> str:
        return f"https://bucket.s3.amazonaws.com/{key}?X-Amz-Expires={seconds}"


class SimulatedEventPublisher:
    """``sent`` are the details of the events, in order."""

    def __init__(self, lambdas: Lambdas, label: Callable[[str], str]) -> None:
        self._lambdas = lambdas
        self._label = label
        self.sent: list[dict[str, object]] = []

    def publish(self, call: Call, recording: Recording) -> None:
        act = partial(self.sent.append, detail(call, recording))
        self._lambdas.aws(self._label(recording.recording_sid), "events.put", act)


class SimulatedSchedules:
    """One-time schedules: asynchronous invocations, tried again twice, and now and then lost."""

    def __init__(
        self,
        scheduler: Scheduler,
        lambdas: Lambdas,
        injector: FaultInjector,
        label: Callable[[str], str],
    ) -> None:
        self._scheduler = scheduler
        self._lambdas = lambdas
        self._injector = injector
        self._label = label
        self._names: set[str] = set()

    def place_call_at(self, call_id: str, place_at: str, *, target_arn: str) -> None:
        assert target_arn  # noqa: S101 - a schedule needs one

        def act() -> None:
            if call_id not in self._names:
                self._names.add(call_id)
                self._create(call_id, place_at)

        self._lambdas.aws(self._label(call_id), "schedules.create", act)

    def _create(self, call_id: str, place_at: str) -> None:
        fault = self._injector.draw(self._label(call_id), "schedules.fire", SCHEDULE_FAULTS)
        if fault == "lost":
            return
        seconds = (parse_timestamp(place_at) - self._scheduler.time()).total_seconds()
        for _ in range(2 if fault == "doubled" else 1):
            self._scheduler.after(seconds, lambda: self._fire(call_id, SCHEDULE_TRIES))

    def _fire(self, call_id: str, tries_left: int) -> None:
        def done(answer: Any) -> None:
            if answer is None and tries_left > 1:
                self._scheduler.after(60, lambda: self._fire(call_id, tries_left - 1))

        self._lambdas.invoke("dial", {"call_id": call_id}, done, label=self._label(call_id))


class SimulatedSecrets:
    """What the verifier and the worker read; every tenth read is an environment's first: a request."""

    def __init__(self, lambdas: Lambdas, values: Mapping[str, Mapping[str, str]]) -> None:
        self._lambdas = lambdas
        self._values = values
        self._reads = itertools.count()

    def read(self, arn: str, *, fresh: bool = False) -> dict[str, str]:
        if not fresh and next(self._reads) % 10:
            return dict(self._values[arn])
        return self._lambdas.aws(NO_CALL, "secrets.read", lambda: dict(self._values[arn]))

    def value(self, arn: str, key: str, *, fresh: bool = False) -> str:
        return self.read(arn, fresh=fresh)[key]


def _recording_of(key: str) -> str:
    """What a key of the bucket belongs to: audio/CALL/RE….wav, transcripts/CALL/RE…/…"""
    return key.split("/")[2].partition(".")[0]
