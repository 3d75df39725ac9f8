"""How many recordings an hour an import takes in.

The pace is the application's own (one every half second, 600 a run of `reconcile`); measured is whether
the pipeline keeps up with it, and how far its requests stay below the vendors' published limits.
"""

from __future__ import annotations

import time
from pathlib import Path

import requests
from botocore.credentials import Credentials

from bench.report import Report
from bench.waiting import wait_for
from cli.client import ApiClient
from local.options import Options
from local.stack import LocalStack

RECORDINGS = 300
# the aim, and AssemblyAI's published limit; Twilio publishes none for its API
_WANTED_AN_HOUR = 2000
_ASSEMBLYAI_REQUESTS_IN_FIVE_MINUTES = 20_000
_MAX_SECONDS = 1800
_ENDED = ("completed", "silent", "absent", "error")


def run(report: Report) -> None:
    # AssemblyAI's own time stays as it is: some ten seconds a job
    with LocalStack(Options(speed=1, work_folder=Path(".local") / "bench")) as stack:
        _measure(report, stack, RECORDINGS)


def _measure(report: Report, stack: LocalStack, count: int) -> None:
    assert stack.twilio is not None  # noqa: S101 - the options ask for both simulators
    assert stack.assemblyai is not None  # noqa: S101
    sids = set()
    for number in range(count):
        body = {"from": f"+1415555{number:04}", "to": "+15005550006", "minutes_ago": 3000}
        made = requests.post(f"{stack.twilio.url}/_sim/recordings", json=body, timeout=10).json()
        sids.add(made["recording_sid"])
    connection = stack.connection
    api = ApiClient(
        connection.api_url,
        Credentials(connection.access_key_id, connection.secret_access_key),
        connection.region,
    )
    asked = api.send("POST", "/imports", json={"since": "2008-01-01T00:00:00Z"}).json()
    begin = time.monotonic()

    def is_read() -> bool:
        stack.invoke("ReconcileFunction", {"source": "bench"})
        stands = api.send("GET", f"/imports/{asked['import_id']}").json()
        if stands["status"] == "failed":
            raise RuntimeError(f"the import failed: {stands['error_message']}")
        return bool(stands["status"] == "completed")

    wait_for("the import to be read", is_read, seconds=_MAX_SECONDS)
    listed = time.monotonic() - begin
    wait_for("every recording's end", lambda: _ended(stack) >= count, seconds=_MAX_SECONDS, pause=1)
    seconds = time.monotonic() - begin
    api.close()
    asked_of_assemblyai = len(stack.assemblyai.requests)
    report.add(
        "recordings an hour",
        count / seconds * 3600,
        "recordings/h",
        than=_WANTED_AN_HOUR,
        compared_with="the aim",
    )
    report.add(
        "reading the list and queueing", listed, "s", than=seconds, compared_with="the whole import"
    )
    report.add(
        "requests to AssemblyAI in five minutes",
        asked_of_assemblyai / seconds * 300,
        "requests",
        than=_ASSEMBLYAI_REQUESTS_IN_FIVE_MINUTES,
        compared_with="AssemblyAI's published limit",
    )
    report.add("requests to AssemblyAI a recording", asked_of_assemblyai / count, "requests")
    report.add("requests to Twilio a recording", len(stack.twilio.requests) / count, "requests")


def _ended(stack: LocalStack) -> int:
    """How many recordings have ended, by the table itself (a hook behind the scenes may scan)."""
    pages = stack.ministack.client("dynamodb").get_paginator("scan")
    return sum(
        item["item"]["S"].startswith("RECORDING#") and item["status"]["S"] in _ENDED
        for page in pages.paginate(TableName=stack.connection.table_name)
        for item in page["Items"]
    )
