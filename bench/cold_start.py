"""Cold starts of the built artefact: from process start to ready, and to the end of a first event.

Each is a fresh process with Lambda's own runtime client, layers laid out as on Lambda, against the local
stack; interleaved with the floor, ``boto3.client("dynamodb")`` on the same interpreter = 1.00 ddb.
"""

from __future__ import annotations

import json
import os
import tempfile
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import requests

from bench.measuring import Cost, Measured, counter
from bench.report import Report
from local.deploy import Function
from local.options import Options
from local.runtime_api import Invocation, RuntimeApi
from local.simulators.twilio.signature import sign
from local.stack import LocalStack, built_layout

ROUNDS = 5
FLOOR = "import boto3; boto3.client('dynamodb', region_name='us-east-1')"
AIMS = {"twiml": 0.9, "recording_complete": 0.9, "transcript_complete": 0.9, "dial": 1.4}
_AIM = 1.2


def run(report: Report) -> None:
    folder = Path(tempfile.mkdtemp(prefix="bench-"))
    with LocalStack(Options(artefact=True, speed=50, work_folder=folder)) as stack:
        events = Events(stack)
        names = {f.code.name: f for f in stack.deployment.functions.values()}
        ready: dict[str, list[Cost]] = {name: [] for name in names}
        first: dict[str, list[Cost]] = {name: [] for name in names}
        floor: list[Cost] = []
        for _ in range(ROUNDS):
            floor.append(measure_floor(folder))
            for name, function in names.items():
                ready[name].append(measure(stack, function, None, folder))
                first[name].append(measure(stack, function, events.of(name), folder))
    unit = report_floor(report, floor)
    for name in names:
        aim = AIMS.get(name, _AIM)
        for what, costs in (("ready", ready[name]), ("first event", first[name])):
            row = f"{name}, {what}"
            if counter() != "none":
                report.add(
                    f"{row}: instructions",
                    [cost.instructions / 1e6 for cost in costs],
                    "M",
                    than=unit.instructions / 1e6,
                    compared_with=f"ddb (aim {aim})" if what == "ready" else "ddb",
                )
            report.add(
                f"{row}: CPU",
                [cost.cpu_seconds * 1000 for cost in costs],
                "ms",
                than=unit.cpu_seconds * 1000,
                compared_with="ddb",
            )
            report.add(
                f"{row}: wall",
                [cost.wall_seconds * 1000 for cost in costs],
                "ms",
                than=unit.wall_seconds * 1000,
                compared_with="ddb",
            )
    report.note(
        f"Instructions in user space, counted by {counter()}; Python 3.13, layers unpacked."
    )


def report_floor(report: Report, floor: list[Cost]) -> Cost:
    instructions = report.add(
        "the floor, boto3.client: instructions", [c.instructions / 1e6 for c in floor], "M"
    )
    cpu = report.add("the floor, boto3.client: CPU", [c.cpu_seconds * 1000 for c in floor], "ms")
    wall = report.add("the floor, boto3.client: wall", [c.wall_seconds * 1000 for c in floor], "ms")
    return Cost(int(instructions * 1e6), cpu / 1000, wall / 1000)


def measure_floor(folder: Path) -> Cost:
    python = str(built_layout().python)
    # what Lambda always pays for is in it too, as it is in the functions'
    code = f"import awslambdaric.bootstrap; {FLOOR}"
    process = Measured(
        [python, "-c", code],
        {"PATH": os.environ["PATH"], "PYTHONDONTWRITEBYTECODE": "1"},
        folder,
        folder / "floor.log",
    )
    process.process.wait(120)
    return process.wait(process.wall())


def measure(stack: LocalStack, function: Function, event: Any, folder: Path) -> Cost:
    """To the first question for an event, or, with ``event``, to its answer."""
    layout = built_layout()
    variables = stack.pools[function.logical_id].variables()
    api = RuntimeApi(function_arn=function.arn, timeout_seconds=60)
    code = layout.code(function)
    process = Measured(
        [str(layout.python), "-m", "awslambdaric", function.handler],
        {
            **variables,
            "AWS_LAMBDA_RUNTIME_API": api.address,
            "LAMBDA_TASK_ROOT": str(code),
            "PYTHONPATH": os.pathsep.join(map(str, layout.python_path(function))),
            "PYTHONDONTWRITEBYTECODE": "1",
            "_HANDLER": function.handler,
        },
        code,
        folder / f"{code.name}.log",
    )
    api.asked.wait(120)
    if event is not None:
        invocation = Invocation(json.dumps(event).encode())
        api.invoke(invocation)
        invocation.done.wait(120)
        if invocation.error is not None:
            raise RuntimeError(f"{function.code.name}: {invocation.error}")
    wall = process.wall()
    api.close()
    return process.wait(wall)


class Events:
    """A first event for each function that takes it all the way through."""

    def __init__(self, stack: LocalStack) -> None:
        self._stack = stack
        self._makers: dict[str, Callable[[], Any]] = {
            "dial": self._dial,
            "twiml": lambda: self._twilio(
                "POST /call-status", "/call-status", CallStatus="ringing"
            ),
            "recording_complete": lambda: self._twilio(
                "POST /recording-complete",
                "/recording-complete",
                RecordingSid="RE" + uuid.uuid4().hex,
                RecordingStatus="absent",
            ),
            "transcribe": self._transcribe,
            "transcript_complete": self._transcript_complete,
            "calls": self._calls,
            "reconcile": lambda: {"source": "bench"},
        }

    def of(self, name: str) -> Any:
        return self._makers[name]()

    def _http(self, route: str, path: str, **more: Any) -> dict[str, Any]:
        iam = {"userArn": "arn:aws:iam::123456789012:user/bench"}
        return {
            "version": "2.0",
            "routeKey": route,
            "rawPath": path,
            "rawQueryString": "",
            "headers": {},
            "requestContext": {
                "domainName": "127.0.0.1",
                "stage": "$default",
                "authorizer": {"iam": iam},
            },
            "isBase64Encoded": False,
            **more,
        }

    def _calls(self) -> dict[str, Any]:
        """Somebody asks for one call; that it is not there costs the same."""
        call_id = uuid.uuid4().hex
        path = f"/calls/{call_id}"
        return self._http("GET /calls/{call_id}", path, pathParameters={"call_id": call_id})

    def _dial(self) -> dict[str, Any]:
        body = json.dumps({"to": "+14155550100"})
        return self._http("POST /calls", "/calls", body=body)

    def _twilio(self, route: str, path: str, **form: str) -> dict[str, Any]:
        account = self._stack.options.account
        fields = {"AccountSid": account.account_sid, "CallSid": "CA" + uuid.uuid4().hex, **form}
        url = self._stack.connection.api_url + path
        headers = {
            "content-type": "application/x-www-form-urlencoded",
            "x-twilio-signature": sign(account.auth_token, url, list(fields.items())),
        }
        return self._http(route, path, headers=headers, body=urlencode(fields))

    def _transcribe(self) -> dict[str, Any]:
        made = {"from": "+14155550100", "to": "+15005550006"}
        url = f"{self._stack.twilio_url}/_sim/recordings"
        known = requests.post(url, json=made, timeout=10).json()
        body = {**known, "status": "completed", "base_url": self._stack.connection.api_url}
        record = {
            "messageId": "1",
            "receiptHandle": "1",
            "body": json.dumps(body),
            "attributes": {"ApproximateReceiveCount": "1"},
        }
        return {"Records": [record]}

    def _transcript_complete(self) -> dict[str, Any]:
        client = self._stack.ministack.client("secretsmanager")
        arn = self._stack.deployment.outputs["AssemblyAIWebhookSecretArn"]
        secret = json.loads(client.get_secret_value(SecretId=arn)["SecretString"])
        path = f"/transcript-complete/{uuid.uuid4().hex}/RE{uuid.uuid4().hex}"
        names = dict(zip(("call_id", "recording_sid"), path.split("/")[2:], strict=True))
        return self._http(
            "POST /transcript-complete/{call_id}/{recording_sid}",
            path,
            headers={"x-callscribe-webhook-secret": secret["webhook_secret"]},
            pathParameters=names,
            body=json.dumps({"transcript_id": "bench", "status": "completed"}),
        )
