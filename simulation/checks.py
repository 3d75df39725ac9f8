"""What must hold of a world at its end. Each finding names the promise that was broken, and where."""

from __future__ import annotations

from base64 import b64decode
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from callscribe.api.views import call_summary
from callscribe.domain.calls import CALL_TERMINAL, ENDED_STATUSES, ERASED, ERASED_STATUSES
from callscribe.domain.recordings import RECORDING_TERMINAL, Recording, audio_key, peaks_key
from callscribe.domain.transcript_status import with_outcomes
from simulation.plans import FOREIGN, PLACED, UNTOLD
from simulation.twilio import SimulatedRecording
from simulation.world import World

PROMISES = {
    "mapped": "every recording at the vendor is mapped",
    "terminal": "every call and every recording has ended, with a transcript or a named reason",
    "dialed-once": "no number is dialed twice for one request",
    "placed": "every accepted request was dialed, or its call says why not",
    "canceled": "no call is dialed whose cancellation was answered",
    "in-time": "no call is dialed after its time is over",
    "billed-once": "no recording is transcribed twice that ended well",
    "transcript": "no transcript is lost or another recording's",
    "announced": "every end was announced",
    "erased": "of a call that was erased nothing is left anywhere but its tombstone",
    "copies": "vendors' copies go once ours are stored, where that is wanted, and no sooner",
    "other-stacks": "nothing of another stack's is adopted or deleted, unless the operator chose so",
    "orphan": "nothing lies in the bucket that no item names",
    "true": "no reason is named that is not so",
    "kept": "what Twilio knows of a call or a recording is known here",
    "peaks": "the peaks of a recording are those of its own sound",
    "followed": "whoever follows the changes has seen the last state of every call that ended",
    "others": "while one vendor hangs, whatever needs only the other goes on",
    "retention": "nothing is deleted before its time, and a call goes with all its recordings",
    "forward": "no status ever goes back",
    "acknowledged": "what is acknowledged is kept or done",
    "queue": "nothing is left in a queue",
    "quiet": "nothing waits, and reconciliation finds nothing more",
    "bug": "no handler fails in an unforeseen way",
}


@dataclass(frozen=True, slots=True)
class Finding:
    promise: str
    label: str
    detail: str


def check(world: World) -> list[Finding]:
    """All findings, in no order that means anything."""
    return [
        *_calls(world),
        *_placements(world),
        *_schedules(world),
        *_conclusions(world),
        *_recordings(world),
        *_erasures(world),
        *_copies(world),
        *_other_stacks(world),
        *_bucket(world),
        *_followed(world),
        *_waiting(world),
        *(Finding("others", label, what) for label, what in world.stalled),
        *(Finding("forward", _label(world, name), what) for name, what in world.table.backwards),
        *(
            Finding("acknowledged", _label(world, name), what)
            for name, what in world.dropped
            if _label(world, name) not in world.erased
        ),
        *(Finding("bug", "-", bug.strip().splitlines()[-1]) for bug in world.lambdas.bugs),
        *(Finding("bug", "-", repr(failure)) for failure in world.failures),
        *_retention(world),
    ]


def _label(world: World, name: str) -> str:
    return world.twilio.labels.get(name, name)


def _calls(world: World) -> Iterator[Finding]:
    dialed = Counter(
        call.plan.number for call in world.twilio.calls.values() if call.plan.kind in PLACED
    )
    for number, times in dialed.items():
        if times > 1:
            yield Finding("dialed-once", f"call {number}", f"{times} times")
    for call in world.store.calls.values():
        label = world.twilio.labels.get(call.call_id) or world.twilio.labels.get(
            call.call_sid or "", call.call_id
        )
        if label in world.erased:
            continue
        if call.status not in CALL_TERMINAL:
            yield Finding("terminal", label, f"the call is {call.status}")
        elif call.status == "failed" and not (call.call_sid or call.error_code):
            yield Finding("terminal", label, "the call failed without a reason")
        at_twilio = world.twilio.calls.get(call.call_sid or "")
        if at_twilio is not None and call.status != at_twilio.status:
            yield Finding("terminal", label, f"{call.status} here, {at_twilio.status} at Twilio")
        told = at_twilio and not at_twilio.deleted and world.twilio.knows_duration(at_twilio)
        facts = (call.answered_at, call.ended_at, call.duration_seconds, call.to_number)
        if told and call.status == "completed" and None in facts:
            yield Finding("kept", label, f"of {call.call_sid} only {facts} are known")


def _placements(world: World) -> Iterator[Finding]:
    for plan in world.plans:
        accepted = any(status == 202 for status, _ in world.answers.get(plan.number, []))
        sids = {c.sid for c in world.twilio.calls.values() if c.plan is plan}
        own = world.store.get_call(world.table.call_ids.get(plan.label, ""))
        is_told = plan.label in world.erased or _says_why(world, plan.label)
        if accepted and not sids and not is_told:
            yield Finding("placed", plan.label, "accepted, but neither dialed nor refused")
        if plan.kind in PLACED and sids and (own is None or own.call_sid not in sids):
            yield Finding("placed", plan.label, "Twilio dialed, and its own call does not know it")


def _schedules(world: World) -> Iterator[Finding]:
    for call in world.twilio.calls.values():
        plan = call.plan
        if plan.label in world.canceled:
            yield Finding("canceled", plan.label, f"{call.sid} was dialed, and canceled")
        late = (call.created - world.begin).total_seconds() - plan.place_at
        # an hour, and Twilio's clock is ahead
        if plan.kind == "scheduled" and late > 3600 + 60:
            yield Finding("in-time", plan.label, f"{call.sid} was dialed {late:.0f} s late")


def _retention(world: World) -> Iterator[Finding]:
    """The last look: where a call was far ahead, time goes on until everything has expired."""
    for recording in world.store.recordings.values():
        call = world.store.calls.get(recording.call_id)
        if call is None or (
            call.expires_at != recording.expires_at and call.status not in ERASED_STATUSES
        ):
            sid = recording.recording_sid
            yield Finding("retention", _label(world, sid), f"{sid} does not go with its call")
    if not any(plan.days_ahead for plan in world.plans):
        return
    world.let_expire()
    for name in (*world.store.calls, *world.store.recordings):
        yield Finding("retention", "-", f"{name} is still there")


def _conclusions(world: World) -> Iterator[Finding]:
    for call_id, when in world.table.never_arrived:
        label = _label(world, call_id)
        if any(c.plan.label == label and c.created < when for c in world.twilio.calls.values()):
            yield Finding("true", label, "said to have never reached Twilio, which was dialing")


def _says_why(world: World, label: str) -> bool:
    return any(
        call.error_code is not None
        for call in world.store.calls.values()
        if world.twilio.labels.get(call.call_id) == label
    )


def _recordings(world: World) -> Iterator[Finding]:
    items = {r.recording_sid: r for r in world.store.recordings.values()}
    doubles = Counter(r.recording_sid for r in world.store.recordings.values())
    announced = {detail["recording_sid"] for detail in world.event_publisher.sent}
    for sid, vendor in world.twilio.recordings.items():
        label = vendor.call.plan.label
        if label in world.erased:
            continue
        item = items.get(sid)
        if item is None and not _may_be_unknown(world, vendor):
            yield Finding("mapped", label, f"{sid} has no item")
        if item is None:
            continue
        if doubles[sid] > 1:
            yield Finding("mapped", label, f"{sid} has {doubles[sid]} items")
        if item.status not in RECORDING_TERMINAL:
            yield Finding("terminal", label, f"{sid} is {item.status}")
        elif item.status != "completed" and item.error_code is None:
            yield Finding("terminal", label, f"{sid} is {item.status} without a reason")
        yield from _facts(label, item, vendor)
        if item.recording_sid not in announced:
            yield Finding("announced", label, f"{sid} ended as {item.status}")
        yield from _transcripts(world, label, item)
        if item.audio_key and _peaks(world, item) != [[vendor.loudness] * 3] * vendor.channels:
            yield Finding("peaks", label, f"{sid} has {_peaks(world, item)}")


def _facts(label: str, item: Recording, vendor: SimulatedRecording) -> Iterator[Finding]:
    facts = (item.duration_seconds, item.started_at, item.channels, item.source)
    if item.status == "completed" and None in facts:
        yield Finding("kept", label, f"of {vendor.sid} only {facts} are known")
    if item.status == "absent" and vendor.status == "completed":
        yield Finding("true", label, f"{vendor.sid} is said to be absent, and Twilio has it")


def _peaks(world: World, item: Recording) -> list[list[int]]:
    stored = world.bucket.objects.get(item.peaks_key or "", {"channels": []})
    return [list(b64decode(channel)) for channel in stored["channels"]]


def _may_be_unknown(world: World, recording: SimulatedRecording) -> bool:
    """What no callback told of, and is not this stack's by the operator's choice."""
    plan = recording.call.plan
    told = recording.sid in world.queue.kept
    return plan.kind in FOREIGN and not told and not world.adopts_from_list(plan)


def _other_stacks(world: World) -> Iterator[Finding]:
    """Another stack shares both accounts."""
    for job in world.assemblyai.others.values():
        if job.deleted:
            yield Finding("other-stacks", job.plan.label, f"its {job.transcript_id} was deleted")
    for recording in world.twilio.recordings.values():
        plan = recording.call.plan
        if plan.kind not in UNTOLD or world.adopts_from_list(plan):
            continue
        call_id = world.store.find_call_id(recording.call.sid)
        call = world.store.get_call(call_id) if call_id else None
        if call is not None and not call.imported:
            yield Finding("other-stacks", plan.label, f"its {recording.call.sid} was adopted")
        if recording.deleted and plan.label not in world.erased:
            yield Finding("other-stacks", plan.label, f"its {recording.sid} was deleted")


def _transcripts(world: World, label: str, item: Recording) -> Iterator[Finding]:
    sid = item.recording_sid
    done = [
        job
        for job in world.assemblyai.jobs.values()
        if job.recording_sid == sid and job.status == "completed"
    ]
    if len(done) > 1:
        yield Finding("billed-once", label, f"{sid} was transcribed {len(done)} times")
    if done and item.status not in ("completed", "silent"):
        yield Finding("transcript", label, f"{sid} is {item.status}, its transcript exists")
    if item.status == "completed":
        text = f"the words of {sid}"
        stored = world.bucket.objects.get(item.transcript_key or "", {})
        if item.text != text or stored.get("text") != text:
            yield Finding("transcript", label, f"{sid} reads {item.text!r}")


def _erasures(world: World) -> Iterator[Finding]:
    """Whatever is left anywhere of a call whose erasure was promised."""
    gone = {call.sid for call in world.twilio.calls.values() if call.plan.label in world.erased}
    left = [
        *(
            (call.plan.label, f"{call.sid} at Twilio")
            for call in world.twilio.calls.values()
            if call.sid in gone and not call.deleted
        ),
        *(
            (recording.call.plan.label, f"{recording.sid} at Twilio")
            for recording in world.twilio.recordings.values()
            if recording.call.sid in gone and not recording.deleted
        ),
        *(
            (job.plan.label, f"{job.transcript_id} at AssemblyAI")
            for job in world.assemblyai.jobs.values()
            if job.plan.label in world.erased and not job.deleted
        ),
        *(
            (_label(world, recording.recording_sid), f"the item of {recording.recording_sid}")
            for recording in world.store.recordings.values()
            if _label(world, recording.recording_sid) in world.erased
        ),
    ]
    for share in world.store.shares.values():
        call = world.store.calls[share.call_id]
        label = world.twilio.labels.get(call.call_id) or _label(world, call.call_sid or "")
        if label in world.erased:
            left.append((label, f"a link to {call.call_id}"))
    for call in world.store.calls.values():
        label = world.twilio.labels.get(call.call_id) or _label(world, call.call_sid or "")
        if label not in world.erased:
            continue
        if call.status != ERASED:
            left.append((label, f"the call is {call.status}"))
        if call.to_number or call.from_number or call.say or call.metadata:
            left.append((label, "the tombstone says more than it should"))
        left += [(label, key) for key in world.bucket.objects if call.call_id in key]
    for label, what in left:
        yield Finding("erased", label, what)


def _copies(world: World) -> Iterator[Finding]:
    wanted = world.vendor_copies == "delete"
    for item in world.store.recordings.values():
        label = _label(world, item.recording_sid)
        stored = item.status in ("completed", "silent")
        at_twilio = world.twilio.recordings[item.recording_sid]
        call = world.store.get_call(item.call_id)
        if stored and at_twilio.deleted != (wanted and not (call and call.imported)):
            yield Finding("copies", label, f"{item.recording_sid} at Twilio, {wanted=}")
        if item.error_code == "recording_deleted":
            yield Finding("copies", label, f"{item.recording_sid} was deleted before it was copied")
        job = world.assemblyai.jobs.get(item.transcript_id or "")
        if stored and job is not None and wanted != job.deleted:
            yield Finding("copies", label, f"{item.transcript_id} at AssemblyAI, {wanted=}")


def _bucket(world: World) -> Iterator[Finding]:
    named: set[str | None] = set()
    for item in world.store.recordings.values():
        ids = (item.call_id, item.recording_sid)
        named |= {item.transcript_key, audio_key(*ids), peaks_key(*ids)}
    for key in world.bucket.objects:
        if key not in named:
            yield Finding("orphan", "-", key)


def _followed(world: World) -> Iterator[Finding]:
    for call in world.store.calls.values():
        if call.status not in ENDED_STATUSES:
            continue
        seen = world.follower.seen.get(call.call_id)
        _, recordings = world.store.get_call_with_recordings(call.call_id) or (call, [])
        if seen != call_summary(with_outcomes(call, recordings)):
            label = world.twilio.labels.get(call.call_id) or _label(world, call.call_sid or "")
            what = f"{seen['updated_at']}: {seen['status']}" if seen else "never seen"
            yield Finding("followed", label, f"{call.updated_at}: {call.status}; {what}")


def _waiting(world: World) -> Iterator[Finding]:
    for message in world.queue.messages.values():
        yield Finding("queue", "-", f"the recordings queue: {message.body}")
    for letter in world.queue.letters.values():
        yield Finding("queue", "-", f"the dead-letter queue: {letter.body}")
    for waiting in world.store.overdue("9999"):
        if waiting.recording_sid is not None:
            label = world.twilio.labels.get(waiting.recording_sid, waiting.call_id)
            yield Finding("quiet", label, f"a recording still waits, due at {waiting.due_at}")
    for result in world.reconciled:
        if result is None or _is_incomplete(result):
            yield Finding("quiet", "-", f"a reconciliation without faults ended as {result}")
    again = world.look_again()
    if not again or _is_incomplete(again) or again["redriven"] or any(again["swept"].values()):
        yield Finding("quiet", "-", f"a third reconciliation still found something: {again}")


def _is_incomplete(result: dict[str, Any]) -> bool:
    overdue = result["overdue"]
    return bool(overdue["deferred"] or overdue["left"] or result["skipped"])
