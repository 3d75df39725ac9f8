"""What callscribe itself adds between a vendor's word and the next step; the vendors answer at once.

Through the whole local stack (HTTP, queue, processes under their roles, MiniStack), at 1, 10 and 50 calls
at once; and, step by step, in this process.
"""

from __future__ import annotations

import tempfile
import time
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median, quantiles
from typing import Any

import requests

from bench.events import (
    callback_event,
    first_event,
    make_recording,
    message_event,
    webhook_event,
    webhook_secret,
)
from bench.in_process import InProcess, Steps
from bench.report import Report
from local.options import Options
from local.simulators.twilio.signature import sign
from local.stack import LocalStack

AT_ONCE = (1, 10, 50)
ROUNDS = {1: 10, 10: 3, 50: 2}
PAST = "2026-01-01T00:00:00.000Z"
P50_AIM, P95_AIM = 0.3, 2.0
_POLL_SECONDS = 0.01


def run(report: Report) -> None:
    folder = Path(tempfile.mkdtemp(prefix="bench-"))
    with LocalStack(Options(speed=1000, work_folder=folder)) as stack:
        load = Workload(stack)
        for warm in (load.submitted, load.readable):
            warm(10)
        for at_once in AT_ONCE:
            for what, measured in (
                ("recording callback to submitted", load.submitted),
                ("webhook to readable", load.readable),
            ):
                taken = [s for _ in range(ROUNDS[at_once]) for s in measured(at_once)]
                row = f"{what}, {at_once} at once"
                report.add(
                    f"{row}: p50", taken, "s", than=P50_AIM, compared_with="the aim of 0.3 s"
                )
                p95 = quantiles(taken, n=20)[-1]
                report.add(f"{row}: p95", p95, "s", than=P95_AIM, compared_with="the aim of 2 s")
        steps(report, stack, load)
    report.note(
        "MiniStack answers every AWS call from one process: at 50 at once its queue is in it."
    )


def steps(report: Report, stack: LocalStack, load: Workload) -> None:
    """One event at a time, warm, medians of thirty."""
    makers: dict[str, Callable[[], Any]] = {
        "twiml": load.status_event,
        "recording_complete": lambda: first_event(stack, "recording_complete"),
        "transcribe": load.recording_event,
        "transcript_complete": load.webhook_event,
    }
    for name, make in makers.items():
        with InProcess(stack, name).ready() as handle:
            handle(make())
            taken = [handle(make()) for _ in range(30)]
        total = report.add(f"{name}: whole event", [s.total * 1000 for s in taken], "ms")
        parts: dict[str, Callable[[Steps], float]] = {
            "parse": lambda s: s.parse,
            "verify": lambda s: s.verify,
            "AWS calls": lambda s: sum(seconds for _, seconds in s.aws),
            "vendor requests": lambda s: sum(seconds for _, seconds in s.vendor),
        }
        for part, of in parts.items():
            values = [of(s) * 1000 for s in taken]
            if median(values):
                report.add(f"{name}: {part}", values, "ms", than=total, compared_with="the event")
        rest = [(s.total - sum(of(s) for of in parts.values())) * 1000 for s in taken]
        report.add(
            f"{name}: the rest (decide, serialise, log)",
            rest,
            "ms",
            than=total,
            compared_with="the event",
        )
        report.add(f"{name}: number of AWS calls", [len(s.aws) for s in taken], "calls")
        report.note(f"{name}: {', '.join(call for call, _ in taken[-1].aws)}")


class Workload:
    """One stack, and ways to let it do the same thing many times at once."""

    def __init__(self, stack: LocalStack) -> None:
        self._stack = stack
        self._table = stack.ministack.client("dynamodb")
        self._secret = webhook_secret(stack)
        self._transcript_id = self._make_transcript()

    def submitted(self, at_once: int) -> list[float]:
        """Seconds from each recording callback to a recording that waits for AssemblyAI."""

        def one(known: dict[str, str]) -> float:
            call_id = self._add_call()
            begin = time.perf_counter()
            self._callback(
                f"/recording-complete/{call_id}", {**known, "RecordingStatus": "completed"}
            )
            return self._until(call_id, known["RecordingSid"], ("submitted", "completed"), begin)

        return self._all(one, [self._make_recording() for _ in range(at_once)])

    def readable(self, at_once: int) -> list[float]:
        """Seconds from each webhook to a recording whose transcript can be read."""

        def one(ids: tuple[str, str]) -> float:
            begin = time.perf_counter()
            requests.post(
                f"{self._stack.connection.api_url}/transcript-complete/{ids[0]}/{ids[1]}",
                json={"transcript_id": self._transcript_id, "status": "completed"},
                headers={"X-Callscribe-Webhook-Secret": self._secret},
                timeout=60,
            ).raise_for_status()
            return self._until(*ids, ("completed",), begin)

        return self._all(one, [self._add_submitted() for _ in range(at_once)])

    def status_event(self) -> dict[str, Any]:
        """The phone of a call that we placed rings."""
        call_id = self._add_call(status="queued")
        route = "POST /call-status/{call_id}"
        return callback_event(self._stack, route, f"/call-status/{call_id}", CallStatus="ringing")

    def opening_event(self) -> dict[str, Any]:
        """The callee picks up: Twilio asks what to say."""
        call_id = self._add_call(status="ringing", mode="message", say="Hello.")
        route = "POST /twiml/{call_id}"
        return callback_event(self._stack, route, f"/twiml/{call_id}", CallStatus="in-progress")

    def recording_event(self) -> dict[str, Any]:
        """The worker's message of a recording of a call that we placed."""
        sid = make_recording(self._stack)["recording_sid"]
        return message_event(
            {"recording_sid": sid, "call_id": self._add_call(), "status": "completed"}
        )

    def webhook_event(self) -> dict[str, Any]:
        return webhook_event(self._stack, *self._add_submitted(), self._transcript_id)

    def _all(self, one: Callable[[Any], float], inputs: list[Any]) -> list[float]:
        with ThreadPoolExecutor(len(inputs)) as pool:
            return list(pool.map(one, inputs))

    def _until(self, call_id: str, sid: str, statuses: tuple[str, ...], begin: float) -> float:
        key = {"call_id": {"S": call_id}, "item": {"S": f"RECORDING#{sid}"}}
        name = self._stack.connection.table_name
        while time.perf_counter() < begin + 60:
            item = self._table.get_item(TableName=name, Key=key).get("Item")
            if item and item["status"]["S"] in statuses:
                return time.perf_counter() - begin
            time.sleep(_POLL_SECONDS)
        raise TimeoutError(f"{sid} did not become {statuses} within a minute")

    def _callback(self, path: str, form: dict[str, str]) -> None:
        account = self._stack.options.account
        fields = {"AccountSid": account.account_sid, **form}
        url = self._stack.connection.api_url + path
        signature = sign(account.auth_token, url, list(fields.items()))
        headers = {"X-Twilio-Signature": signature}
        requests.post(url, data=fields, headers=headers, timeout=60).raise_for_status()

    def _make_recording(self) -> dict[str, str]:
        known = make_recording(self._stack)
        return {"CallSid": known["call_sid"], "RecordingSid": known["recording_sid"]}

    def _make_transcript(self) -> str:
        """One that has ended at AssemblyAI, for all recordings alike."""
        known = self._make_recording()
        call_id = self._add_call()
        self._callback(f"/recording-complete/{call_id}", {**known, "RecordingStatus": "completed"})
        self._until(call_id, known["RecordingSid"], ("completed",), time.perf_counter())
        item = self._table.get_item(
            TableName=self._stack.connection.table_name,
            Key={"call_id": {"S": call_id}, "item": {"S": f"RECORDING#{known['RecordingSid']}"}},
        )["Item"]
        return str(item["transcript_id"]["S"])

    def _add_call(self, status: str = "completed", **more: str) -> str:
        call_id = uuid.uuid4().hex
        base_url = self._stack.connection.api_url
        self._put(call_id, "CALL", status=status, base_url=base_url, **more)
        return call_id

    def _add_submitted(self) -> tuple[str, str]:
        call_id, sid = self._add_call(), f"RE{uuid.uuid4().hex}"
        self._put(
            call_id,
            f"RECORDING#{sid}",
            recording_sid=sid,
            status="submitted",
            transcript_id=self._transcript_id,
        )
        return call_id, sid

    def _put(self, call_id: str, item: str, **values: str) -> None:
        fixed = {"call_id": call_id, "item": item, "created_at": PAST, "updated_at": PAST}
        self._table.put_item(
            TableName=self._stack.connection.table_name,
            Item={k: {"S": v} for k, v in (fixed | values).items()} | {"claims": {"N": "0"}},
        )
