"""What a call costs at AWS, by component, from what a real run through the local stack did.

Requests are counted on their way from the functions to MiniStack; Lambda's time is measured, warm, times
the memory that the template gives. Prices: bench/prices.json.
"""

from __future__ import annotations

import json
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any

import requests
from botocore.credentials import Credentials

from bench.idle import AIM as IDLE_AIM
from bench.idle import idle_month
from bench.report import Report
from cli.client import ApiClient
from local.environments import FunctionPool
from local.http_server import Request, Response, Server
from local.options import Options
from local.stack import LocalStack

CALLS = 20
MINUTES, MEGABYTES_A_MINUTE = 5, 0.96
PRICES: dict[str, Any] = json.loads(Path(__file__).with_name("prices.json").read_text())
AIM = 0.0003
# every write of a call also rewrites its copy in by_day and moves its entry in by_deadline
_INDEX_UNITS = 3
_WRITES = ("PutItem", "UpdateItem", "DeleteItem")
# reconcile runs every five minutes with calls and without: by the day, not by the call
_BACKGROUND = "ReconcileFunction"


class Meter:
    """Stands between the functions and MiniStack and counts what passes."""

    def __init__(self, target: str) -> None:
        self._target = target
        self._session = requests.Session()
        self._session.trust_env = False
        self._lock = threading.Lock()
        self.counted: Counter[str] = Counter()
        self._server = Server(self._pass)
        self.url = self._server.url

    def close(self) -> None:
        self._server.close()
        self._session.close()

    def _pass(self, request: Request) -> Response:
        with self._lock:
            self.counted[name_of(request)] += 1
        query = f"?{request.raw_query}" if request.raw_query else ""
        answer = self._session.request(
            request.method,
            self._target + request.raw_path + query,
            headers=dict(request.headers),
            data=request.body,
            timeout=60,
            allow_redirects=False,
        )
        headers = {k: v for k, v in answer.headers.items() if k.lower() not in _HOP}
        return Response(status=answer.status_code, headers=headers, body=answer.content)


_HOP = ("content-length", "transfer-encoding", "connection", "content-encoding")


def name_of(request: Request) -> str:
    target = request.header("X-Amz-Target")
    if target:
        return target.rpartition(".")[2]
    kind = "s3" if request.raw_path.count("/") > 1 else "other"
    return f"{kind} {request.method}"


def run(report: Report) -> None:
    folder = Path(tempfile.mkdtemp(prefix="bench-"))
    with LocalStack(Options(speed=1000, work_folder=folder)) as stack:
        meter = Meter(stack.ministack.url)
        direct, stack.ministack.url = stack.ministack.url, meter.url
        try:
            take(report, stack, meter, folder)
        finally:
            stack.ministack.url = direct
            meter.close()


def take(report: Report, stack: LocalStack, meter: Meter, folder: Path) -> None:
    connection = stack.connection
    credentials = Credentials(connection.access_key_id, connection.secret_access_key)
    api = ApiClient(connection.api_url, credentials, connection.region)
    follow(api, 5)
    time.sleep(1)
    meter.counted.clear()
    durations = watch(stack)
    logged = log_bytes(folder)
    follow(api, CALLS)
    # the last status callbacks and messages
    time.sleep(3)
    api.close()
    counted = Counter({name: count / CALLS for name, count in meter.counted.items()})
    bytes_logged = (log_bytes(folder) - logged) / CALLS
    components = price(stack, counted, durations, bytes_logged)
    total = sum(components.values())
    for name, dollars in components.items():
        report.add(
            f"AWS, a call: {name}", dollars, "$", than=total, compared_with="AWS's share of a call"
        )
    report.add("AWS, a call, storage of audio apart", total, "$", than=AIM, compared_with="the aim")
    report.add("AWS, 1,000 calls", total * 1000, "$")
    audio = MINUTES * MEGABYTES_A_MINUTE / 1000 * PRICES["s3_gb_month"]
    report.add(
        f"storing {MINUTES} minutes of audio for a month",
        audio,
        "$",
        than=total,
        compared_with="the call",
    )
    twilio = MINUTES * (PRICES["twilio_outbound_minute"] + PRICES["twilio_recorded_minute"])
    assemblyai = MINUTES / 60 * PRICES["assemblyai_universal_3_5_pro_hour"]
    for name, dollars in (("Twilio", twilio), ("AssemblyAI", assemblyai)):
        report.add(
            f"{name}, {MINUTES} minutes", dollars, "$", than=total, compared_with="AWS's share"
        )
    for name, count in sorted(counted.items()):
        report.add(f"requests a call: {name}", count, "")
    for name, taken in durations.items():
        report.add(f"invocations a call: {name}", len(taken) / CALLS, "")
    report.add("log, a call", bytes_logged / 1000, "kB")
    idle = idle_month(stack.deployment.template["Resources"])
    for name, dollars in idle.items():
        report.add(f"idle, a month: {name}", dollars, "$", than=IDLE_AIM, compared_with="the aim")
    report.add("idle, a month", sum(idle.values()), "$", than=IDLE_AIM, compared_with="the aim")
    report.note(PRICES["source"])


def price(
    stack: LocalStack, counted: Counter[str], durations: dict[str, list[float]], logged: float
) -> dict[str, float]:
    functions = stack.deployment.functions
    per_call = {n: t for n, t in durations.items() if n != _BACKGROUND}
    gigabyte_seconds = (
        sum(sum(taken) * functions[name].memory_mb / 1024 for name, taken in per_call.items())
        / CALLS
    )
    invocations = sum(len(taken) for taken in per_call.values()) / CALLS
    # a recording and its call, each for twice a write's price
    transactions = counted["TransactWriteItems"]
    writes = sum(counted[name] for name in _WRITES) + 2 * transactions
    reads = counted["GetItem"] + counted["Query"]
    api_requests = (
        sum(len(taken) for name, taken in per_call.items() if name != "TranscribeFunction") / CALLS
    )
    # each message: sent, received, deleted; and a share of the poller's empty receives
    messages = counted["SendMessage"] * 3
    return {
        "Lambda, time": gigabyte_seconds * PRICES["lambda_gb_second_arm64"],
        "Lambda, requests": invocations * PRICES["lambda_request"],
        "HTTP API": api_requests * PRICES["http_api_request"],
        "DynamoDB, writes and indexes": (writes * (1 + _INDEX_UNITS) + 2 * transactions)
        * PRICES["dynamodb_write_unit"],
        "DynamoDB, reads": reads * PRICES["dynamodb_read_unit"],
        "S3, requests": counted["s3 PUT"] * PRICES["s3_put"]
        + (counted["s3 GET"] + 1) * PRICES["s3_get"],
        "SQS": messages * PRICES["sqs_request"],
        "EventBridge": counted["PutEvents"] * PRICES["eventbridge_event"],
        "logs": logged / 1e9 * PRICES["logs_gb"],
        # objects share a bucket key; a secret is read once in an environment's life
        "KMS": 2 * PRICES["kms_request"],
    }


def follow(api: ApiClient, calls: int) -> None:
    for number in range(calls):
        call_id = api.place_call({"to": f"+1415555{number:04}"})["call_id"]
        while True:
            call = api.get_call(call_id)
            done = call["status"] == "completed" and call["recordings"]
            if done and call["recordings"][0]["status"] == "completed":
                break
            time.sleep(0.5)


def watch(stack: LocalStack) -> dict[str, list[float]]:
    """How long each invocation takes from now on, by function."""
    durations: dict[str, list[float]] = {}

    def timed(pool: FunctionPool, taken: list[float]) -> None:
        invoke = pool.invoke

        def invoking(payload: bytes) -> bytes:
            begin = time.perf_counter()
            try:
                return invoke(payload)
            finally:
                taken.append(time.perf_counter() - begin)

        pool.invoke = invoking  # type: ignore[method-assign]

    for name, pool in stack.pools.items():
        timed(pool, durations.setdefault(name, []))
    return durations


def log_bytes(folder: Path) -> int:
    logs = (folder / "logs").glob("*.log")
    return sum(p.stat().st_size for p in logs if p.name not in ("ministack.log", "reconcile.log"))
