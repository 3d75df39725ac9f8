"""`make simulate-stack`: hundreds of calls at once through the whole local stack, over HTTP.

The same template, handlers and processes as `make local`, with the simulators' fault control switched
on and handler processes killed with SIGKILL at random. Twilio, AssemblyAI and AWS are simulated.
"""

from __future__ import annotations

import argparse
import json
import random
import secrets
import signal
import sys
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event, Thread
from typing import Any

import requests
from boto3.dynamodb.types import TypeDeserializer
from botocore.credentials import Credentials

from callscribe.domain.calls import CALL_TERMINAL
from callscribe.domain.recordings import RECORDING_TERMINAL, ids_of_audio
from callscribe.domain.times import format_timestamp
from cli.client import ApiClient, ApiError
from local.environments import FunctionError
from local.options import Options
from local.stack import LocalStack
from simulation.checks import PROMISES, Finding

_CLIENTS = 16
# which simulator's operation meets which fault, how likely, and what the rule says besides
_FAULTS: tuple[tuple[str, str, str, float, dict[str, Any]], ...] = (
    ("twilio", "calls.create", "drop_after", 0.06, {}),
    ("twilio", "calls.create", "status", 0.03, {"status": 500}),
    ("twilio", "calls.fetch", "status", 0.1, {"status": 503}),
    ("twilio", "calls.list", "status", 0.1, {"status": 429}),
    ("twilio", "recordings.list", "drop_before", 0.1, {}),
    ("twilio", "media.get", "status", 0.1, {"status": 404}),
    ("twilio", "media.get", "drop_before", 0.05, {}),
    ("twilio", "callback.status", "lose", 0.15, {}),
    ("twilio", "callback.status", "reorder", 0.15, {}),
    ("twilio", "callback.recording", "lose", 0.15, {}),
    ("twilio", "callback.recording", "repeat", 0.15, {}),
    ("twilio", "callback.recording", "delay", 0.1, {"seconds": 5}),
    ("assemblyai", "transcripts.create", "drop_after", 0.08, {}),
    ("assemblyai", "transcripts.create", "status_after", 0.04, {"status": 500}),
    ("assemblyai", "transcripts.create", "status", 0.08, {"status": 429}),
    ("assemblyai", "transcripts.get", "status", 0.1, {"status": 500}),
    ("assemblyai", "transcripts.list", "status", 0.1, {"status": 503}),
    ("assemblyai", "audio.download", "status", 0.05, {}),
    ("assemblyai", "webhook", "lose", 0.2, {}),
    ("assemblyai", "webhook", "repeat", 0.15, {}),
    ("assemblyai", "webhook", "reorder", 0.1, {}),
)
# no attempt takes longer once the faults have ceased: an older claim is abandoned
_ABANDONED_AFTER = timedelta(seconds=90)
_SETTLING_SECONDS = 1200
_CHAOS_AFTERWARDS_SECONDS = 15
_TERMINAL = {*CALL_TERMINAL, *RECORDING_TERMINAL}
_deserialize = TypeDeserializer().deserialize


class Run:
    """One stack, its calls, and what became of them."""

    def __init__(self, stack: LocalStack, *, calls: int, seed: str) -> None:
        assert stack.twilio is not None  # noqa: S101 - the options ask for both simulators
        assert stack.assemblyai is not None  # noqa: S101
        self.stack = stack
        self.twilio, self.assemblyai = stack.twilio, stack.assemblyai
        self.calls = calls
        # for the kills alone: threads draw random numbers in no fixed order
        self._kill_random = random.Random(f"{seed}/kills")
        connection = stack.connection
        self.api = ApiClient(
            connection.api_url,
            Credentials(connection.access_key_id, connection.secret_access_key),
            connection.region,
        )
        self._aws = stack.ministack.client
        self._table = connection.table_name
        self._outputs = stack.deployment.outputs
        self.killed: Counter[str] = Counter()
        self.faults: Counter[str] = Counter()
        self.reconciliations = 0
        self.call_ids: dict[str, str] = {}
        # minutes become seconds where only the queue's patience is waited for
        self._aws("sqs").set_queue_attributes(
            QueueUrl=self._outputs["RecordingsQueueUrl"], Attributes={"VisibilityTimeout": "45"}
        )

    def chaos(self) -> None:
        """All calls at once, with faults, kills and reconciliations all the time."""
        for simulator, operation, fault, probability, more in _FAULTS:
            rule = {"operation": operation, "fault": fault, "probability": probability} | more
            url = getattr(self, simulator).url
            answer = requests.post(f"{url}/_faults", json=rule | {"times": None}, timeout=10)
            answer.raise_for_status()
        with self._killing(), ThreadPoolExecutor(_CLIENTS) as clients:
            for phone, call_id in clients.map(self._place, range(self.calls)):
                self.call_ids[phone] = call_id
            self._wait_for_calls()
            # workers and webhooks are killed as well, not only what the calls themselves need
            time.sleep(_CHAOS_AFTERWARDS_SECONDS)
        for faults in (self.twilio.faults, self.assemblyai.faults):
            for fired in faults.rules():
                self.faults[f"{fired.operation} {fired.fault}"] += fired.fired
            faults.clear()

    def drain(self) -> None:
        """Deadlines are pulled into the past, and reconciliation runs, until nothing is left."""
        # of a run that was killed: it would end by itself, six minutes later
        lease = {"call_id": {"S": "leases"}, "item": {"S": "reconcile"}}
        self._aws("dynamodb").delete_item(TableName=self._table, Key=lease)
        deadline = time.monotonic() + _SETTLING_SECONDS
        while time.monotonic() < deadline:
            self._pull_deadlines()
            self._reconcile()
            if not self._left():
                return
            time.sleep(3)

    def check(self) -> list[Finding]:
        items = self._items()
        recordings = {i["recording_sid"]: i for i in items if "recording_sid" in i}
        calls = {i["call_id"]: i for i in items if i["item"] == "CALL"}
        return [
            *self._check_calls(calls),
            *self._check_recordings(recordings),
            *self._check_bucket(recordings),
            *(Finding("queue", "-", left) for left in self._left()),
        ]

    def _place(self, number: int) -> tuple[str, str]:
        """A client that asks until it has an answer, always with the same key."""
        phone = f"+1415555{number:04}"
        behavior = ("answers", "answers", "busy")[number % 3]
        person = {"number": phone, "behavior": behavior, "ring_seconds": 1}
        requests.post(f"{self.twilio.url}/_sim/phones", json=person, timeout=10)
        request = {"to": phone, "mode": ("message", "call")[number % 2]}
        for _ in range(40):
            try:
                placed = self.api.place_call(request, idempotency_key=phone)
                return phone, str(placed["call_id"])
            except (ApiError, requests.RequestException) as error:
                if isinstance(error, ApiError) and error.status < 429:
                    return phone, ""
                time.sleep(0.3)
        return phone, ""

    @contextmanager
    def _killing(self) -> Iterator[None]:
        """Kills every process of a function, one function after the other, and reconciles."""
        stop = Event()

        def kill() -> None:
            while not stop.wait(self._kill_random.uniform(0.05, 0.4)):
                name = self._kill_random.choice(sorted(self.stack.pools))
                killed = self.stack.pools[name].kill_all(signal.SIGKILL)
                if killed:
                    self.killed[name] += killed

        def reconcile() -> None:
            while not stop.wait(4):
                self._reconcile()

        threads = [Thread(target=kill), Thread(target=reconcile)]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            stop.set()
            for thread in threads:
                thread.join()

    def _reconcile(self) -> None:
        self.reconciliations += 1
        try:
            self.stack.invoke("ReconcileFunction", {"source": "simulate-stack"})
        except FunctionError:
            return  # it was killed: the next one goes on

    def _wait_for_calls(self) -> None:
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline:
            calls = list(self.twilio.account.calls.values())
            if all(call.ended_at is not None for call in calls):
                return
            time.sleep(0.5)

    def _pull_deadlines(self) -> None:
        """What waits is due; an abandoned claim is made an old one."""
        now = datetime.now(UTC)
        past, young = (
            format_timestamp(now - timedelta(minutes=30)),
            format_timestamp(now - _ABANDONED_AFTER),
        )
        for item in self._items():
            if "due_at" not in item:
                continue
            values = {"due_at": past}
            for name in ("claimed_at", "submitted_at"):
                if item["status"] not in _TERMINAL and past < item.get(name, "") < young:
                    values[name] = past
            if item.get("created_at", "") > young:
                continue
            client = self._aws("dynamodb")
            # it may have advanced since it was read
            with suppress(client.exceptions.ConditionalCheckFailedException):
                client.update_item(
                    TableName=self._table,
                    Key={"call_id": {"S": item["call_id"]}, "item": {"S": item["item"]}},
                    UpdateExpression="SET " + ", ".join(f"{name} = :{name}" for name in values),
                    ConditionExpression="attribute_exists(due_at)",
                    ExpressionAttributeValues={f":{n}": {"S": v} for n, v in values.items()},
                )

    def _left(self) -> list[str]:
        """What is not done yet, in words."""
        left = []
        for item in self._items():
            if "recording_sid" in item and item["status"] not in RECORDING_TERMINAL:
                left.append(f"recording {item['recording_sid']} is {item['status']}")
            elif item["item"] == "CALL" and (
                item["status"] not in CALL_TERMINAL or "due_at" in item
            ):
                left.append(f"call {item['call_id']} is {item['status']}")
        for output in ("RecordingsQueueUrl", "RecordingsDeadLetterQueueUrl"):
            names = ("", "NotVisible", "Delayed")
            counts = self._aws("sqs").get_queue_attributes(
                QueueUrl=self._outputs[output],
                AttributeNames=[f"ApproximateNumberOfMessages{name}" for name in names],
            )["Attributes"]
            if sum(map(int, counts.values())):
                left.append(f"{output}: {counts}")
        return left

    def _check_calls(self, calls: dict[str, dict[str, Any]]) -> Iterator[Finding]:
        dialed = Counter(call.to_number for call in self.twilio.account.calls.values())
        sids = {call.get("call_sid") for call in calls.values()}
        for phone, times in dialed.items():
            if times > 1:
                yield Finding("dialed-once", phone[-4:], f"{times} times")
        for sid, call in self.twilio.account.calls.items():
            if sid not in sids:
                yield Finding("placed", call.to_number[-4:], f"{sid} is not known here")
        for phone, call_id in self.call_ids.items():
            item = calls.get(call_id, {})
            if not dialed[phone] and not item.get("error_code"):
                yield Finding("placed", phone[-4:], f"neither dialed nor refused: {call_id}")
            if item and item["status"] not in CALL_TERMINAL:
                yield Finding("terminal", phone[-4:], f"the call is {item['status']}")

    def _check_recordings(self, items: dict[str, dict[str, Any]]) -> Iterator[Finding]:
        done: Counter[str] = Counter()
        shown = requests.get(f"{self.assemblyai.url}/_sim/transcripts", timeout=30).json()
        for entry in shown["transcripts"]:
            ids = ids_of_audio(str(entry["transcript"]["audio_url"]))
            if ids and entry["transcript"]["status"] == "completed":
                done[ids[1]] += 1
        for sid in self.twilio.account.recordings:
            item = items.get(sid)
            if item is None:
                yield Finding("mapped", sid, "has no item")
                continue
            if item["status"] not in RECORDING_TERMINAL:
                yield Finding("terminal", sid, item["status"])
            elif item["status"] != "completed" and not item.get("error_code"):
                yield Finding("terminal", sid, f"{item['status']} without a reason")
            if done[sid] > 1:
                yield Finding("billed-once", sid, f"transcribed {done[sid]} times")
            if item["status"] == "completed" and not self.api.get_transcript(
                item["call_id"], "txt"
            ):
                yield Finding("transcript", sid, "cannot be read")

    def _check_bucket(self, items: dict[str, dict[str, Any]]) -> Iterator[Finding]:
        keys = ("audio_key", "peaks_key", "transcript_key")
        named = {item.get(key) for item in items.values() for key in keys}
        pages = self._aws("s3").get_paginator("list_objects_v2")
        for page in pages.paginate(Bucket=self._outputs["BucketName"]):
            for entry in page.get("Contents", []):
                if entry["Key"] not in named:
                    yield Finding("orphan", "-", entry["Key"])

    def _items(self) -> list[dict[str, Any]]:
        """The calls and recordings (a hook behind the scenes may scan)."""
        pages = self._aws("dynamodb").get_paginator("scan").paginate(TableName=self._table)
        items = [
            {name: _deserialize(value) for name, value in item.items()}
            for page in pages
            for item in page["Items"]
        ]
        return [item for item in items if item["item"][:4] in ("CALL", "RECO")]


def main() -> int:
    """0 where every promise held, 1 where one was broken."""
    parser = argparse.ArgumentParser(prog="python -m simulation.stack", description=__doc__)
    parser.add_argument("--calls", type=int, default=300)
    parser.add_argument("--seed", default=secrets.token_hex(4), help="of the faults and the kills")
    parser.add_argument("--json", metavar="FILE", help="the report as JSON")
    options = parser.parse_args()
    print(
        f"SIMULATED calls through the whole local stack, {options.calls} of them, processes killed "
        f"at random. seed {options.seed}",
        flush=True,
    )
    begin = time.monotonic()
    folder = Path(".local") / "simulate-stack"
    with LocalStack(
        Options(speed=50, seed=int.from_bytes(options.seed.encode()) % 2**31, work_folder=folder)
    ) as stack:
        run = Run(stack, calls=options.calls, seed=options.seed)
        run.chaos()
        drained = time.monotonic()
        print(f"  {len(run.call_ids)} requests under chaos: {drained - begin:.0f} s", flush=True)
        run.drain()
        findings = run.check()
        recordings = len(run.twilio.account.recordings)
        run.api.close()
    report = {
        "simulated": True,
        "seed": options.seed,
        "calls": options.calls,
        "recordings": recordings,
        "killed": dict(run.killed),
        "faults": dict(run.faults),
        "reconciliations": run.reconciliations,
        "seconds": round(time.monotonic() - begin, 1),
        "findings": [asdict(finding) for finding in findings],
    }
    for finding in findings[:20]:
        print(f"  BROKEN  {PROMISES[finding.promise]}: {finding.label}: {finding.detail}")
    print(f"  faults: {sum(run.faults.values())}  {dict(run.faults)}")
    print(f"  processes killed: {sum(run.killed.values())}  {dict(run.killed)}")
    if options.json:
        Path(options.json).write_text(json.dumps(report, indent=1) + "\n")
    print(
        f"{'BROKEN' if findings else 'every promise held'}: {options.calls} simulated calls, "
        f"{recordings} recordings, {run.reconciliations} reconciliations, {report['seconds']} s, "
        f"seed {options.seed}"
    )
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
