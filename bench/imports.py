"""`make bench-imports`: how many recordings an hour an import takes in. Both vendors are simulated.

The pace is the application's own (one every half second, 600 a run of `reconcile`); measured is whether
the pipeline keeps up with it, and how far its requests stay below the vendors' published limits.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any

import requests
from botocore.credentials import Credentials

from cli.client import ApiClient
from local.options import Options
from local.stack import LocalStack

# the aim, and AssemblyAI's published limit; Twilio publishes none for its API
_WANTED_AN_HOUR = 2000
_ASSEMBLYAI_REQUESTS_IN_FIVE_MINUTES = 20_000
_ENDED = ("completed", "silent", "absent", "error")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.imports", description=__doc__)
    parser.add_argument("--recordings", type=int, default=300)
    parser.add_argument("--json", default="bench/imports.json", metavar="FILE")
    options = parser.parse_args()
    # AssemblyAI's own time stays as it is: some ten seconds a job
    with LocalStack(Options(speed=1, work_folder=Path(".local") / "bench")) as stack:
        result = _measure(stack, options.recordings)
    Path(options.json).write_text(json.dumps(result, indent=1) + "\n")
    for figure in result["figures"]:
        print(
            f"  {figure['name']:44} {figure['value']:>10,.1f} {figure['unit']:16} "
            f"{figure['ratio']:.3f} of {figure['compared_with']}"
        )
    print("Both vendors are SIMULATED.")
    return 0


def _measure(stack: LocalStack, count: int) -> dict[str, Any]:
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
    while api.send("GET", f"/imports/{asked['import_id']}").json()["status"] == "running":
        stack.invoke("ReconcileFunction", {"source": "bench"})
    listed = time.monotonic() - begin
    while _ended(stack) < count:
        time.sleep(1)
    seconds = time.monotonic() - begin
    api.close()
    return {
        "simulated": True,
        "figures": [
            _figure("recordings an hour", count / seconds * 3600, "recordings/h", _WANTED_AN_HOUR),
            _figure("reading the list and queueing", listed, "s", seconds),
            _figure(
                "requests to AssemblyAI in five minutes",
                len(stack.assemblyai.requests) / seconds * 300,
                "requests",
                _ASSEMBLYAI_REQUESTS_IN_FIVE_MINUTES,
            ),
            _figure(
                "requests to AssemblyAI a recording", len(stack.assemblyai.requests) / count, "", 2
            ),
            _figure("requests to Twilio a recording", len(stack.twilio.requests) / count, "", 2),
        ],
    }


def _figure(name: str, value: float, unit: str, compared_with: float) -> dict[str, Any]:
    return {
        "name": name,
        "value": round(value, 2),
        "unit": unit,
        "compared_with": round(compared_with, 2),
        "ratio": round(value / compared_with, 3),
        "runs": 1,
    }


def _ended(stack: LocalStack) -> int:
    """How many recordings have ended, by the table itself (a lever behind the scenes may scan)."""
    pages = stack.ministack.client("dynamodb").get_paginator("scan")
    return sum(
        item["item"]["S"].startswith("RECORDING#") and item["status"]["S"] in _ENDED
        for page in pages.paginate(TableName=stack.connection.table_name)
        for item in page["Items"]
    )


if __name__ == "__main__":
    sys.exit(main())
