"""Both directions of every permission: with the role as it is nothing is refused, and without any one
of its actions, on any one of its resources, something is.

Each function is driven through everything that it does, by events of its own; what IAM refuses stands
in its log. What AWS itself does with a role, or does only when something breaks off, cannot be driven
here and is checked against AWS's documents instead (``BY_AWS_ITSELF``).
"""

from __future__ import annotations

import json
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pytest
import requests
from boto3.dynamodb.types import TypeSerializer

from cli.client import ApiError
from local.environments import FunctionError
from local.template import BY_FOLDER, statements
from tests.support.stack import Driver, call_is
from tests.support.waiting import wait_until

PAST = "2026-01-01T00:00:00.000Z"
# (function, action): who needs it. Lambda, its queue poller, Scheduler; a broken upload
BY_AWS_ITSELF = {
    **{
        (folder, f"logs:{name}"): "Lambda writes the log"
        for folder in BY_FOLDER
        for name in ("CreateLogStream", "PutLogEvents")
    },
    **{
        ("transcribe", f"sqs:{name}"): "Lambda polls the queue"
        for name in ("ReceiveMessage", "DeleteMessage", "GetQueueAttributes")
    },
    ("transcribe", "s3:AbortMultipartUpload"): "an upload in parts breaks off",
    ("dial", "iam:PassRole"): "asked by Scheduler; the emulator does not",
    ("dial", "sqs:SendMessage"): "Lambda's own, for failed invocations",
    ("reconcile", "sqs:SendMessage/SendToDeadLetterQueue"): "Lambda's own, for failed invocations",
}
# the role signs a link for another client, so the refusal is not in the function's own log
BY_LINK = {(folder, "s3:GetObject") for folder in ("transcribe", "calls", "share")}


def permissions() -> Iterator[tuple[str, str, str, int]]:
    """Every (function, Sid, action, number of the resource) of the template."""
    for folder in BY_FOLDER:
        for statement in statements(folder):
            resources = statement["Resource"]
            many = len(resources) if isinstance(resources, list) else 1
            for action in statement["Action"]:
                for number in range(many):
                    if not is_by_aws(folder, statement["Sid"], action):
                        yield folder, statement["Sid"], action, number


def is_by_aws(folder: str, sid: str, action: str) -> bool:
    return (folder, action) in BY_AWS_ITSELF or (folder, f"{action}/{sid}") in BY_AWS_ITSELF


class RoleDriver:
    """One function's role, and a way to put things in its path."""

    def __init__(self, driver: Driver, folder: str) -> None:
        self.driver = driver
        self.folder = folder
        self.logical_id = BY_FOLDER[folder][0]
        self.role = driver.stack.deployment.functions[self.logical_id].role_arn.split("/")[-1]
        self.iam = driver.stack.ministack.client("iam")
        [self.policy] = self.iam.list_role_policies(RoleName=self.role)["PolicyNames"]
        self.log = driver.stack.options.work_folder / "logs" / f"{folder}.log"
        self.outputs = driver.stack.deployment.outputs

    @contextmanager
    def without(self, sid: str, action: str, number: int) -> Iterator[None]:
        """The role less one action on one resource."""
        before = self.iam.get_role_policy(RoleName=self.role, PolicyName=self.policy)
        document = json.loads(json.dumps(before["PolicyDocument"]))
        kept = []
        for statement in document["Statement"]:
            if statement["Sid"] != sid:
                kept.append(statement)
                continue
            resources = statement["Resource"]
            resources = resources if isinstance(resources, list) else [resources]
            for index, resource in enumerate(resources):
                actions = [a for a in statement["Action"] if not (a == action and index == number)]
                part = {
                    **statement,
                    "Sid": f"{sid}{index}",
                    "Action": actions,
                    "Resource": resource,
                }
                kept += [part] if actions else []
        self._put({**document, "Statement": kept})
        if action == "ssm:GetParameter":
            # an environment that has read its secrets need not ask for them
            self.driver.stack.pools[self.logical_id].restart()
        try:
            yield
        finally:
            self._put(before["PolicyDocument"])

    def _put(self, document: dict[str, Any]) -> None:
        self.iam.put_role_policy(
            RoleName=self.role, PolicyName=self.policy, PolicyDocument=json.dumps(document)
        )

    def refusals(self, steps: Callable[[RoleDriver], Iterator[None]], until: str = "") -> str:
        """What the function logs of refusals, to the last step, or to the one that is refused so."""
        begin = self.log.stat().st_size if self.log.exists() else 0
        refused = ""
        for _ in steps(self):
            refused = self._refused_since(begin)
            if until and until in refused:
                break
        return refused

    def _refused_since(self, begin: int) -> str:
        with self.log.open() as log:
            log.seek(begin)
            return "\n".join(line for line in log if "not authorized to perform" in line)

    def invoke(self, event: object) -> Any:
        with suppress(FunctionError):
            return self.driver.stack.invoke(self.logical_id, event)

    def ask(self, method: str, path: str, **request: Any) -> Any:
        with suppress(ApiError):
            return self.driver.ask(method, path, **request)

    def put_item(self, item: dict[str, Any]) -> None:
        serialize = TypeSerializer().serialize
        self.driver.stack.ministack.client("dynamodb").put_item(
            TableName=self.driver.stack.connection.table_name,
            Item={name: serialize(value) for name, value in item.items()},
        )

    def put_object(self, key: str) -> None:
        self.driver.stack.ministack.client("s3").put_object(
            Bucket=self.outputs["BucketName"], Key=key, Body=b"x"
        )

    def add_call(self, *, waits: bool = False, **more: Any) -> str:
        """An ended call, put straight into the table; ``waits``: long overdue."""
        call_id = uuid.uuid4().hex
        more |= overdue(call_id) if waits else {}
        call = {
            "call_id": call_id,
            "item": "CALL",
            "status": "completed",
            "created_at": PAST,
            "updated_at": PAST,
            "day": f"{PAST[:10]}#{int(call_id[:8], 16) % 4}",
            "base_url": self.driver.url,
            "call_sid": f"CA{uuid.uuid4().hex}",
            **more,
        }
        self.put_item(call)
        return call_id

    def add_recording(self, call_id: str, **more: Any) -> str:
        sid = f"RE{uuid.uuid4().hex}"
        recording = {
            "call_id": call_id,
            "item": f"RECORDING#{sid}",
            "recording_sid": sid,
            "created_at": PAST,
            "updated_at": PAST,
            **more,
        }
        self.put_item(recording)
        return sid

    def send(self, output: str, body: dict[str, Any]) -> None:
        self.driver.stack.ministack.client("sqs").send_message(
            QueueUrl=self.outputs[output], MessageBody=json.dumps(body)
        )


def overdue(call_id: str) -> dict[str, str]:
    return {"waiting_for": f"waiting#{int(call_id[:8], 16) % 4}", "due_at": PAST}


def drive_dial(role: RoleDriver) -> Iterator[None]:
    for more in ({}, {"place_at": "2027-01-01T00:00:00Z"}):
        with suppress(ApiError):
            role.driver.api.place_call(
                {"to": role.driver.phone("busy"), **more}, idempotency_key=uuid.uuid4().hex
            )
        yield


def drive_twiml(role: RoleDriver) -> Iterator[None]:
    sid = f"CA{uuid.uuid4().hex}"
    form = {"CallSid": sid, "CallStatus": "ringing"}
    # adopted, looked up by its SID, advanced, and answered
    for path in ("/call-status", "/call-status"):
        role.driver.callback(path, form)
        yield
    call_id = role.add_call(status="queued", call_sid=sid)
    role.driver.callback(f"/call-status/{call_id}", {**form, "CallStatus": "in-progress"})
    role.driver.callback(f"/twiml/{call_id}", {**form, "CallStatus": "in-progress"})
    yield


def drive_recording_complete(role: RoleDriver) -> Iterator[None]:
    form = {"RecordingSid": f"RE{uuid.uuid4().hex}", "RecordingStatus": "absent"}
    role.driver.callback("/recording-complete", {"CallSid": f"CA{uuid.uuid4().hex}", **form})
    yield


def message(body: dict[str, Any], receives: int = 1) -> dict[str, Any]:
    record = {
        "messageId": uuid.uuid4().hex,
        "receiptHandle": "unknown",
        "body": json.dumps(body),
        "attributes": {"ApproximateReceiveCount": str(receives)},
    }
    return {"Records": [record]}


def drive_transcribe(role: RoleDriver) -> Iterator[None]:
    # a recording of an unknown call: adopted, copied, submitted
    made = {"from": "+14155550100", "to": "+15005550006"}
    known = requests.post(f"{role.driver.twilio.url}/_sim/recordings", json=made, timeout=10).json()
    # an outbound one might be ours, so the calls to its number are looked through
    role.driver.twilio.account.calls[known["call_sid"]].direction = "outbound-api"
    notice = {**known, "status": "completed", "base_url": role.driver.url}
    role.invoke(message(notice))
    bodies = [json.loads(r["body"]) for r in role.driver.assemblyai.requests if r["body"]]
    links = [b["audio_url"] for b in bodies if known["recording_sid"] in b["audio_url"]]
    role.driver.link_status = requests.get(links[0], timeout=10).status_code if links else None
    yield
    # one without audio ends at once, and is announced; one that is not ready waits; one that never
    # will be goes to the dead-letter queue
    call_id = role.add_call()
    sid = f"RE{uuid.uuid4().hex}"
    role.invoke(message({"recording_sid": sid, "call_id": call_id, "status": "absent"}))
    yield
    for receives in (1, 8):
        notice = {"recording_sid": sid, "call_id": call_id, "status": "processing"}
        role.invoke(message(notice, receives))
        yield


def drive_transcript_complete(role: RoleDriver) -> Iterator[None]:
    stored = role.driver.stack.secret("AssemblyAIWebhookSecretParameterName")
    for transcript_of in (completed_transcript, failed_transcript):
        transcript_id = transcript_of(role.driver)
        call_id = role.add_call()
        sid = role.add_recording(
            call_id, status="submitted", transcript_id=transcript_id, attempts=1, claims=0
        )
        requests.post(
            f"{role.driver.url}/transcript-complete/{call_id}/{sid}",
            json={"transcript_id": transcript_id, "status": "completed"},
            headers={"X-Callscribe-Webhook-Secret": stored["webhook_secret"]},
            timeout=30,
        )
        yield


def completed_transcript(driver: Driver) -> str:
    return str(ended(driver)["recordings"][0]["transcript_id"])


def failed_transcript(driver: Driver) -> str:
    failed: str = requests.post(
        f"{driver.assemblyai.url}/v2/transcript",
        json={"audio_url": f"{driver.twilio.url}/none", "speech_models": ["universal-2"]},
        headers={"Authorization": driver.stack.options.assemblyai_api_key},
        timeout=10,
    ).json()["id"]
    wait_until(lambda: status_at_assemblyai(driver, failed) == "error")
    return failed


def status_at_assemblyai(driver: Driver, transcript_id: str) -> str:
    answer = requests.get(f"{driver.assemblyai.url}/_sim/transcripts", timeout=10).json()
    [found] = [e for e in answer["transcripts"] if e["transcript"]["id"] == transcript_id]
    status: str = found["transcript"]["status"]
    return status


_ended: dict[int, dict[str, Any]] = {}
_lock = threading.Lock()


def ended(driver: Driver) -> dict[str, Any]:
    """One real call for all that only look at one."""
    with _lock:
        if id(driver.stack) not in _ended:
            call_id = driver.place()["call_id"]
            driver.follow(call_id)
            _ended[id(driver.stack)] = driver.follow(call_id, call_is("completed"))
        return _ended[id(driver.stack)]


def drive_calls(role: RoleDriver) -> Iterator[None]:
    call = ended(role.driver)
    path = f"/calls/{call['call_id']}"
    # the list of one day: without a date it looks through a month
    listed = f"/calls?date={PAST[:10]}"
    for wanted in (path, f"/calls/{call['call_sid']}", listed, f"{path}/transcript", "/dialing"):
        role.ask("GET", wanted)
        yield
    shown = role.ask("GET", f"{path}/recordings")
    link = shown and requests.get(shown["recordings"][0]["audio_url"], timeout=10)
    role.driver.link_status = link.status_code if link is not None else None
    yield
    failed = role.add_call()
    role.add_recording(
        failed,
        status="error",
        error_code="audio_unavailable",
        error_retryable=True,
        claims=0,
        retries=0,
    )
    role.ask("POST", f"/calls/{failed}/retry")
    yield
    role.ask("POST", "/retries", json={"since": "2026-01-01T00:00:00Z", "reason": "none"})
    yield
    role.send(
        "RecordingsDeadLetterQueueUrl",
        {"recording_sid": "RE1", "call_id": failed, "status": "absent"},
    )
    role.ask("POST", "/retries", json={"kind": "dead-letter"})
    yield
    role.ask("PUT", "/do-not-call/%2B12125550188")
    yield
    role.ask("GET", "/scheduled-calls")
    role.ask("GET", "/changes")
    yield
    role.ask("DELETE", f"{path}/shares/{uuid.uuid4().hex}")
    yield
    role.ask("POST", "/erasures", json={"phone_number": "+12125550189"})
    yield


def drive_share(role: RoleDriver) -> Iterator[None]:
    call = ended(role.driver)
    made = role.driver.ask("POST", f"/calls/{call['call_id']}/shares", json={})
    headers = {"Authorization": f"Bearer {made['url'].partition('#')[2]}"}
    for name in ("call", "transcript"):
        requests.get(f"{role.driver.url}/shared/{name}", headers=headers, timeout=30)
        yield
    shown = requests.get(f"{role.driver.url}/shared/recordings", headers=headers, timeout=30).json()
    links = [one["audio_url"] for one in shown.get("recordings", ())]
    role.driver.link_status = requests.get(links[0], timeout=10).status_code if links else None
    yield


def drive_reconcile(role: RoleDriver) -> Iterator[None]:
    call = ended(role.driver)
    # windows that were never opened, a recording to hand over again, one whose transcript waits, an
    # erasure, a dead letter
    for name in ("calls", "recordings", "transcripts"):
        role.driver.stack.ministack.client("dynamodb").delete_item(
            TableName=role.driver.stack.connection.table_name,
            Key={"call_id": {"S": "sweeps"}, "item": {"S": name}},
        )
    stored = role.add_call()
    role.add_recording(stored, status="stored", claims=0, **overdue(stored))
    done = role.add_call()
    transcript_id = call["recordings"][0]["transcript_id"]
    role.add_recording(
        done, status="submitted", claims=0, transcript_id=transcript_id, **overdue(done)
    )
    erased = role.add_call(status="erasing", erasure={"asked_at": PAST}, waits=True)
    role.add_recording(erased, status="absent", claims=0)
    for folder in ("audio", "transcripts"):
        role.put_object(f"{folder}/{erased}/x")
    role.send(
        "RecordingsDeadLetterQueueUrl",
        {"recording_sid": "RE1", "call_id": stored, "status": "absent"},
    )
    # the schedule's own run may hold the lease
    wait_until(lambda: not (role.invoke({"source": "test"}) or {}).get("skipped"))
    yield


DRIVES: dict[str, Callable[[RoleDriver], Iterator[None]]] = {
    "dial": drive_dial,
    "twiml": drive_twiml,
    "recording_complete": drive_recording_complete,
    "transcribe": drive_transcribe,
    "transcript_complete": drive_transcript_complete,
    "calls": drive_calls,
    "share": drive_share,
    "reconcile": drive_reconcile,
}


@pytest.mark.parametrize("folder", DRIVES)
def test_with_its_role_as_it_is_nothing_is_refused(driver: Driver, folder: str) -> None:
    role = RoleDriver(driver, folder)
    driver.stack.pools[role.logical_id].restart()
    assert role.refusals(DRIVES[folder]) == ""
    if folder in ("calls", "share", "transcribe"):
        assert driver.link_status == 200


@pytest.mark.parametrize(("folder", "sid", "action", "number"), list(permissions()))
def test_without_it_something_is_refused(
    session_driver: Driver, folder: str, sid: str, action: str, number: int
) -> None:
    # it need not wait until all is quiet: nothing else goes on in which this action is refused
    driver = session_driver
    role = RoleDriver(driver, folder)
    ended(driver)
    expected = f"not authorized to perform: {action}"
    with role.without(sid, action, number):
        refused = role.refusals(DRIVES[folder], until=expected)
    if (folder, action) in BY_LINK and not refused:
        assert driver.link_status == 403
    else:
        assert expected in refused


def test_what_aws_itself_needs_is_there_and_no_more() -> None:
    in_template = {
        name
        for folder in BY_FOLDER
        for statement in statements(folder)
        for action in statement["Action"]
        for name in ((folder, action), (folder, f"{action}/{statement['Sid']}"))
    }
    assert set(BY_AWS_ITSELF) <= in_template
    polled = [
        folder
        for folder, (_, function) in BY_FOLDER.items()
        if any(e["Type"] == "SQS" for e in function["Properties"]["Events"].values())
    ]
    assert polled == ["transcribe"]
