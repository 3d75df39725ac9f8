"""`make simulate-mutants`: bugs planted on purpose. The proof must fail for every one of them.

Each is one replacement in the source, carried out on a copy. docs/reliability.md lists them.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).parent.parent
_USE_CASES = "layers/callscribe/callscribe/use_cases/"
_OPTIONS = (
    "--calls",
    "3000",
    "--singles-every",
    "0",
    "--no-shrink",
    "--until-broken",
    "--quiet",
    "--workers",
    "1",
)
# more faults than usual, so that a short run meets what a long one would
_RATES = (
    "throttled=50",
    "lost-before=30",
    "lost-after=30",
    "crash-before=20",
    "crash-after=20",
    "misrouted=300",
    "doubled=200",
    "repeated=50",
)
_BROKEN = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutant:
    """``old`` stands once in ``path`` and becomes ``new``; ``what`` is the mistake in words.

    ``chaos`` False: with the usual faults, for what shows only where reconciliation gets through.
    ``seed``: another one where a bug shows only in a world of a rare kind.
    """

    what: str
    path: str
    old: str
    new: str
    chaos: bool = True
    seed: str = "mutants"


MUTANTS = (
    Mutant(
        what="a call is dialed although another request has claimed it",
        path=_USE_CASES + "place_call.py",
        old="        added = self.ledger.add(call)\n",
        new="        added = self.ledger.add(call) or call\n",
    ),
    Mutant(
        what="two requests with the same key in the same millisecond make the same claim",
        path=_USE_CASES + "place_call.py",
        old="            claim_token=self.new_id(),\n            expires_at",
        new="            expires_at",
    ),
    Mutant(
        what="a schedule that fires twice in the same millisecond makes the same claim",
        path=_USE_CASES + "place_call.py",
        old="            claim_token=self.new_id(),\n            # PublicBaseUrl",
        new="            # PublicBaseUrl",
    ),
    Mutant(
        what="an Idempotency-Key is not looked up",
        path=_USE_CASES + "place_call.py",
        old="        return self.keys.bind_key(\n",
        new="        return wanted_id or self.keys.bind_key(\n",
    ),
    Mutant(
        what="a schedule that fires twice places two calls",
        path=_USE_CASES + "place_call.py",
        old="        claimed = self.ledger.save(call, claim)\n",
        new="        claimed = self.ledger.save(call, claim) or claim\n",
    ),
    Mutant(
        what="a scheduled call is retained from its request on and may expire before it ends",
        path=_USE_CASES + "place_call.py",
        old="            expires_at=self.retention.expires_at(last),\n        )\n\n    def _base_url",
        new="            expires_at=self.retention.expires_at(now),\n        )\n\n    def _base_url",
    ),
    Mutant(
        what="a recording outlives its call",
        path=_USE_CASES + "process_recording.py",
        old="            expires_at=call.expires_at,\n",
        new="            expires_at=(call.expires_at or 0) + 86_400,\n",
    ),
    Mutant(
        what="a canceled call is dialed",
        path=_USE_CASES + "place_call.py",
        old="        claimed = self.ledger.save(call, claim)\n",
        new=(
            "        claimed = self.ledger.save(call, claim)\n"
            "        if (self.store.get_call(call_id) or call).status == CallState.CANCELED:\n"
            "            claimed = claim\n"
        ),
    ),
    Mutant(
        what="a cancellation is confirmed although the call has been placed",
        path=_USE_CASES + "scheduled_calls.py",
        old="        saved = self.ledger.save(call, wanted)\n",
        new="        saved = self.ledger.save(call, wanted) or wanted\n",
    ),
    Mutant(
        what="a scheduled call is placed however late it is",
        path=_USE_CASES + "place_call.py",
        old="        if self._is_too_late(call.place_at):\n",
        new="        if False:\n",
    ),
    Mutant(
        what="a call whose answer was lost is dialed again",
        path=_USE_CASES + "dial_call.py",
        old="            return self._kept(call, partial(self._outcome_unknown, call, error))\n",
        new="            return self._placed(call, self.telephony.place_call(call))\n",
    ),
    Mutant(
        what="a call that Twilio does not list at the first look-up is given up",
        path=_USE_CASES + "overdue/calls.py",
        old='        elif self.clock() >= claimed_at + self.deadlines["call.never-arrived"]:\n',
        new="        elif True:\n",
    ),
    Mutant(
        what="statuses may go backwards",
        path="layers/callscribe/callscribe/domain/calls.py",
        old="        return status in CALL_TRANSITIONS[self.status]\n",
        new="        return status != self.status\n",
    ),
    Mutant(
        what="a recording callback is acknowledged although it was not queued",
        path=_USE_CASES + "receive_recording.py",
        old="        self.queue.put(update)\n",
        new=(
            "        import contextlib\n"
            "        with contextlib.suppress(Exception):\n"
            "            self.queue.put(update)\n"
        ),
    ),
    Mutant(
        what="the worker acknowledges a message that it could not process",
        path=_USE_CASES + "handle_recording_messages.py",
        old="            return self.schedule_retry(message, str(error), error.seconds)\n",
        new="            return True\n",
    ),
    Mutant(
        what="two workers may both claim a submission",
        path=_USE_CASES + "process_recording.py",
        old="        claim = self.ledger.save(recording, claimed(recording, audio, self.clock()))\n",
        new=(
            "        self.ledger.save(recording, claimed(recording, audio, self.clock()))\n"
            "        claim = self._again(recording)\n"
        ),
    ),
    Mutant(
        what="claims are told apart by the number of attempts, which may repeat",
        path=_USE_CASES + "ledger.py",
        old='guards = {"claims", *unchanged}',
        new='guards = {"attempts", *unchanged}',
    ),
    Mutant(
        what="a claim without an answer is submitted again without a look-up",
        path=_USE_CASES + "process_recording.py",
        old="        if matching:\n",
        new="        if False:\n",
    ),
    Mutant(
        what="a claim is looked up while its worker may still be submitting",
        path="layers/callscribe/callscribe/domain/deadlines.py",
        old='"recording.look-up": timedelta(minutes=4)',
        new='"recording.look-up": timedelta(seconds=0)',
    ),
    Mutant(
        what="a received recording has no deadline",
        path="layers/callscribe/callscribe/domain/deadlines.py",
        old='    RecordingState.RECEIVED: "recording.received",\n',
        new="    RecordingState.RECEIVED: None,\n",
    ),
    Mutant(
        what="a claim has no deadline",
        path="layers/callscribe/callscribe/domain/deadlines.py",
        old='    RecordingState.SUBMITTING: "recording.submitting",\n',
        new="    RecordingState.SUBMITTING: None,\n",
    ),
    Mutant(
        what="a recording is completed without storing its transcript",
        path=_USE_CASES + "finish_recording.py",
        old="        self.documents.put(key, job.document)\n",
        new="",
    ),
    Mutant(
        what="the event is marked as sent before it is sent",
        path="layers/callscribe/callscribe/domain/deadlines.py",
        old='    RecordingState.COMPLETED: "recording.announce",\n',
        new="    RecordingState.COMPLETED: None,\n",
    ),
    Mutant(
        what="a webhook's transcript is accepted without checking which recording it belongs to",
        path="layers/callscribe/callscribe/domain/recordings.py",
        old="        location == recording.audio_path and ",
        new="        True or ",
    ),
    Mutant(
        what="a webhook may complete a recording that waits for another transcript",
        path=_USE_CASES + "finish_recording.py",
        old="        if recording.transcript_id not in (None, transcript_id):\n",
        new="        if False:\n",
    ),
    Mutant(
        what="an overdue recording is marked as queued again, but is not queued",
        path=_USE_CASES + "overdue/recordings.py",
        old="        self.queue.put(status_update_of(recording))\n",
        new="",
    ),
    Mutant(
        what="a call whose answer was lost is never looked up at Twilio",
        path=_USE_CASES + "overdue/calls.py",
        old="            self._search(call)\n",
        new="            self._look_later(call)\n",
    ),
    Mutant(
        what="an unknown call at Twilio is adopted although it may be our own",
        path=_USE_CASES + "track_call.py",
        old="    own = track.own_call(news)\n",
        new="    own = None\n",
    ),
    Mutant(
        what="Twilio's recordings are not swept",
        path=_USE_CASES + "sweep_vendors.py",
        old=" for kind in STANDING\n",
        new=" for kind in (SweepKind.CALLS, SweepKind.TRANSCRIPTS)\n",
    ),
    Mutant(
        what="a window does not reach back to what was unfinished when the last one passed",
        path="layers/callscribe/callscribe/domain/sweeps.py",
        old="    since = min(joins, max(unfinished, now - _MAX_REACH_BACK))\n",
        new="    since = parse_timestamp(last.until)\n",
        # one that has an outage, and adopts what is recorded elsewhere
        seed="m2",
    ),
    Mutant(
        what="a window leaves a gap after an outage of several days",
        path="layers/callscribe/callscribe/domain/sweeps.py",
        old="    since = min(joins, max(unfinished, now - _MAX_REACH_BACK))\n",
        new="    since = max(min(joins, unfinished), now - _MAX_REACH_BACK)\n",
        # one that has an outage, and adopts what is recorded elsewhere
        seed="m2",
    ),
    Mutant(
        what="a look-up's details are dropped when the status is unchanged",
        path=_USE_CASES + "track_call.py",
        old="        if call.status in ERASED_STATUSES:\n            return True\n",
        new="        if True:\n            return True\n",
    ),
    Mutant(
        what="an item that cannot be processed stays at the head of the index",
        path=_USE_CASES + "overdue/deferral.py",
        old="            if entry is not None and entry.due_at == item.due_at:\n",
        new="            if False:\n",
    ),
    Mutant(
        what="a vendor that does not answer is asked again in the same run",
        path="layers/callscribe/callscribe/adapters/vendor_shares.py",
        old="            share.silent = True\n",
        new="            share.silent = False\n",
    ),
    Mutant(
        what="an erasure does not look a second time",
        path=_USE_CASES + "erase_call.py",
        old='        if found or now < begun + self.deadlines["call.erasing"]:\n',
        new="        if False:\n",
        chaos=False,
    ),
    Mutant(
        what="an erasure leaves the links to a call",
        path=_USE_CASES + "erase_call.py",
        old="self._at_telephony, self._shared, self._items",
        new="self._at_telephony, self._items",
        chaos=False,
    ),
    Mutant(
        what="the worker processes a recording of an erased call",
        path=_USE_CASES + "process_recording.py",
        old="        if call is None or call.status in ERASED_STATUSES:\n",
        new="        if call is None:\n",
    ),
    Mutant(
        what="an unknown recording status is treated as absent",
        path="layers/callscribe/callscribe/adapters/twilio/resources.py",
        old="_RECORDING_STATES.get(status, VendorRecordingState.PROCESSING)",
        new="_RECORDING_STATES.get(status, VendorRecordingState.ABSENT)",
        chaos=False,
    ),
    Mutant(
        what="vendor copies are marked as deleted before they are deleted",
        path=_USE_CASES + "finish_recording.py",
        old="        if self.delete_vendor_copies and recording.status in DONE:\n",
        new="        if False:\n",
    ),
    Mutant(
        what="another stack's recordings are adopted",
        path="layers/callscribe/callscribe/domain/adoption.py",
        old="    return AdoptionRules(which, frozenset(listed))\n",
        new='    return AdoptionRules("account", frozenset(listed))\n',
    ),
    Mutant(
        what="another stack's transcripts are deleted as duplicates",
        path="layers/callscribe/callscribe/domain/adoption.py",
        old="    if not is_in_bucket(job.audio_location, bucket_name):\n",
        new="    if True:\n        return True\n    if not job:\n",
    ),
    Mutant(
        what="a retried recording has no deadline",
        path=_USE_CASES + "redrive.py",
        old='self.ledger.save(recording, reopened(recording), unchanged=["retries"])',
        new="self.ledger.store.save(recording, reopened(recording))",
    ),
    Mutant(
        what="a call that is adopted twice at the same moment gets two IDs",
        path=_USE_CASES + "track_call.py",
        old="        call_id = known or call_id_for_sid(news.call_sid)\n",
        new="        import uuid\n        call_id = known or uuid.uuid4().hex\n",
    ),
    Mutant(
        what="the feed of changes reaches up to the present",
        path=_USE_CASES + "follow_changes.py",
        old="MARGIN = timedelta(seconds=60)\n",
        new="MARGIN = timedelta(seconds=0)\n",
    ),
    Mutant(
        what="a cursor of changes forgets that several calls may share a moment",
        path=_USE_CASES + "follow_changes.py",
        old="            next=position_of(calls[-1]) if more",
        new="            next=(calls[-1].updated_at, _LAST_ID) if more",
    ),
    Mutant(
        what="a change of a recording does not move its call",
        path=_USE_CASES + "ledger.py",
        old="        if _is_news(before, after):\n",
        new="        if _is_news(before, after) and isinstance(after, Call):\n",
    ),
    Mutant(
        what="an Idempotency-Key belongs to a role's session instead of the role",
        path="layers/callscribe/callscribe/api/http.py",
        old="principal=principal_of(user_arn) or principal_of_id(caller_id)",
        new="principal=user_arn or caller_id",
    ),
)


def main() -> int:
    """0 where the proof failed for every mutant and held for the code as it is."""
    control = Mutant(what="nothing: the code as it is", path="", old="", new="")
    with ThreadPoolExecutor(os.cpu_count() or 2) as pool:
        results = list(pool.map(_try, (control, *MUTANTS)))
    (_, held, said), *tried = results
    print(f"{'held' if held == 0 else 'BROKEN':9} {control.what}")
    survivors = [mutant for mutant, status, _ in tried if status != _BROKEN]
    for mutant, status, words in tried:
        verdict = {_BROKEN: "caught", 0: "SURVIVED"}.get(status, "DID NOT RUN")
        print(f"{verdict:9} {mutant.what}: {words}")
    if held != 0:
        print(f"The proof does not hold for the code as it is: {said}")
        return 1
    print(f"{len(tried) - len(survivors)} of {len(tried)} planted bugs were caught")
    return 1 if survivors else 0


def _try(mutant: Mutant) -> tuple[Mutant, int, str]:
    """The simulation's exit code on a copy with the mistake in it, and its last word."""
    with TemporaryDirectory() as folder:
        copy = Path(folder)
        for name in ("functions", "layers/callscribe", "local", "simulation"):
            shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copy(ROOT / "template.yaml", copy)
        if mutant.path:
            plant(mutant, copy)
        rates = [part for rate in _RATES if mutant.chaos for part in ("--rate", rate)]
        done = subprocess.run(
            [sys.executable, "-m", "simulation", *_OPTIONS, "--seed", mutant.seed, *rates],
            cwd=copy,
            env={**os.environ, "PYTHONPATH": f"{copy}{os.pathsep}{copy / 'layers/callscribe'}"},
            capture_output=True,
            text=True,
            check=False,
        )
    broken = [
        line.split("  ", 1)[1].strip() for line in done.stdout.splitlines() if "BROKEN  " in line
    ]
    last = (done.stdout or done.stderr).strip().splitlines()[-1:]
    return mutant, done.returncode, "; ".join(broken or last)


def plant(mutant: Mutant, root: Path) -> None:
    """Raises ValueError where the place is not found once: the list has grown old."""
    path = root / mutant.path
    text = path.read_text()
    if text.count(mutant.old) != 1:
        raise ValueError(f"{mutant.path} does not have this once: {mutant.old!r}")
    path.write_text(text.replace(mutant.old, mutant.new))


if __name__ == "__main__":
    sys.exit(main())
