"""The whole stack as the tests drive it: its API in domain words, and test hooks behind the scenes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import requests
from boto3.dynamodb.types import TypeDeserializer
from botocore.credentials import Credentials

from callscribe.domain.calls import CALL_TERMINAL
from callscribe.domain.times import format_timestamp, utc_now
from callscribe.use_cases.follow_changes import MARGIN
from cli.client import ApiClient, ApiError
from local.simulators.twilio.signature import sign
from local.stack import ALLOW_ALL, LocalStack
from tests.support.waiting import wait_until

PHONE = "+14155550100"
ENDED = ("completed", "silent", "absent", "error")
_deserialize = TypeDeserializer().deserialize


class Driver:
    """One running stack. Numbers are fictional; every call in it is simulated."""

    def __init__(self, stack: LocalStack) -> None:
        self.stack = stack
        connection = stack.connection
        self.url = connection.api_url
        self.api = ApiClient(
            connection.api_url,
            Credentials(connection.access_key_id, connection.secret_access_key),
            connection.region,
        )
        assert stack.twilio is not None
        assert stack.assemblyai is not None
        self.twilio = stack.twilio
        self.assemblyai = stack.assemblyai
        self._number = 100
        self.link_status: int | None = None

    def session_of(self, role: str, session_name: str) -> ApiClient:
        """A client that signs as a session of a role that may do anything."""
        caller = self.stack.assume_role(role, session_name, ALLOW_ALL)
        credentials = Credentials(
            caller.access_key_id, caller.secret_access_key, caller.session_token
        )
        return ApiClient(self.url, credentials, self.stack.connection.region)

    def phone(self, behavior: str = "answers", **more: Any) -> str:
        """A fresh number whose callee behaves so."""
        self._number += 1
        number = f"+1415555{self._number:04}"
        body = {"number": number, "behavior": behavior, "ring_seconds": 1, **more}
        answer = requests.post(f"{self.twilio.url}/_sim/phones", json=body, timeout=10)
        assert answer.status_code == 201, answer.text
        return number

    def fault(self, simulator: Any, **rule: Any) -> None:
        answer = requests.post(f"{simulator.url}/_faults", json=rule, timeout=10)
        assert answer.status_code == 201, answer.text

    def known(self, call_sid: str) -> str:
        """The call_id of a call of Twilio's, once the table knows it."""
        client = self.stack.ministack.client("dynamodb")

        def probe() -> str | None:
            found = client.query(
                TableName=self.stack.connection.table_name,
                IndexName="by_call_sid",
                KeyConditionExpression="call_sid = :sid",
                ExpressionAttributeValues={":sid": {"S": call_sid}},
            )["Items"]
            return str(found[0]["call_id"]["S"]) if found else None

        return wait_until(probe) or ""

    def receive(self, caller: str, number: str = "+15005550006", **urls: str) -> str:
        """The SID of a call from outside to a number whose voice URL is this stack's."""
        body = {"number": number, "voice_url": f"{self.url}/twiml", **urls}
        requests.post(f"{self.twilio.url}/_sim/numbers", json=body, timeout=10).raise_for_status()
        body = {"from": caller, "to": number}
        made = requests.post(f"{self.twilio.url}/_sim/inbound", json=body, timeout=10).json()
        return str(made["call_sid"])

    def place(self, **request: Any) -> dict[str, Any]:
        if "to" not in request:
            request["to"] = self.phone()
        return self.api.place_call(request)

    def ask(self, method: str, path: str, **request: Any) -> dict[str, Any]:
        """The JSON answer of any request. Raises ApiError."""
        answer: dict[str, Any] = self.api.send(method, path, **request).json()
        return answer

    def refused(self, request: Any, **headers: str) -> dict[str, Any]:
        """The problem document that ``POST /calls`` answers."""
        try:
            self.api.send("POST", "/calls", json=request, headers=headers)
        except ApiError as error:
            return {"http": error.status, **error.problem}
        raise AssertionError("it was accepted")

    def follow(
        self, call_id: str, until: Callable[[dict[str, Any]], bool] | None = None
    ) -> dict[str, Any]:
        """The call once all its recordings have ended, or once ``until`` holds."""
        holds = until or recordings_ended

        def probe() -> dict[str, Any] | None:
            call = self.api.get_call(call_id)
            return call if holds(call) else None

        found = wait_until(probe)
        assert found is not None
        return found

    def follow_retries(self, call_id: str) -> dict[str, Any]:
        """The call once all its recordings have ended. What was deferred is retried
        at once: without waiting for the queue's delay."""

        def probe() -> dict[str, Any] | None:
            call = self.api.get_call(call_id)
            if recordings_ended(call):
                return call
            if [r for r in call["recordings"] if r["status"] == "stored" and r["attempts"]]:
                self.make_overdue(call_id)
                self.reconcile()
            return None

        found = wait_until(probe)
        assert found is not None
        return found

    def at_rest(self, call_id: str) -> dict[str, Any]:
        """The call once it and its recordings have ended and were announced: from then on nothing is
        written to it but what the test does itself."""

        def probe() -> dict[str, Any] | None:
            call = self.api.get_call(call_id)
            ended = call["status"] in CALL_TERMINAL and recordings_ended(call)
            return call if ended and not self._unannounced(call_id) else None

        found = wait_until(probe)
        assert found is not None
        return found

    def _unannounced(self, call_id: str) -> bool:
        return any(item.get("announce") for item in self.items(call_id))

    def items(self, call_id: str | None = None) -> list[dict[str, Any]]:
        """What stands in the table: of one call, or all of it (tests may scan)."""
        table = self.stack.connection.table_name
        client = self.stack.ministack.client("dynamodb")
        of_one = {
            "KeyConditionExpression": "call_id = :call_id",
            "ExpressionAttributeValues": {":call_id": {"S": call_id}},
        }
        asked = ("scan", {}) if call_id is None else ("query", of_one)
        pages = client.get_paginator(asked[0]).paginate(TableName=table, **asked[1])
        return [
            {name: _deserialize(value) for name, value in item.items()}
            for page in pages
            for item in page["Items"]
        ]

    def placed_at_twilio(self) -> int:
        return sum(r["operation"] == "calls.create" for r in self.twilio.requests)

    def make_overdue(self, call_id: str) -> None:
        """Pulls everything this call waits for into the past, as if the deadline had come."""
        client = self.stack.ministack.client("dynamodb")
        for item in self.items(call_id):
            if "due_at" in item:
                client.update_item(
                    TableName=self.stack.connection.table_name,
                    Key={"call_id": {"S": item["call_id"]}, "item": {"S": item["item"]}},
                    UpdateExpression="SET due_at = :past",
                    ExpressionAttributeValues={":past": {"S": "2026-01-01T00:00:00.000Z"}},
                )

    def make_known(self, call_id: str) -> None:
        """What happened to this call last happened a minute ago, which the feed of changes tells of."""
        self.stack.ministack.client("dynamodb").update_item(
            TableName=self.stack.connection.table_name,
            Key={"call_id": {"S": call_id}, "item": {"S": "CALL"}},
            UpdateExpression="SET updated_at = :then",
            ExpressionAttributeValues={":then": {"S": format_timestamp(utc_now() - MARGIN)}},
        )

    def reconcile(self) -> dict[str, Any]:
        """One run of ours, after the schedule's own if that holds the lease."""

        def run() -> dict[str, Any] | None:
            result: dict[str, Any] = self.stack.invoke("ReconcileFunction", {"source": "test"})
            return None if result["skipped"] else result

        result = wait_until(run)
        assert result is not None
        return result

    def callback(
        self, path: str, form: dict[str, str], *, token: str | None = None, url: str | None = None
    ) -> requests.Response:
        """A callback as Twilio would send it, signed for real (``url`` to sign another one)."""
        account = self.stack.options.account
        fields = {"AccountSid": account.account_sid, **form}
        signed_for = url or self.url + path
        signature = sign(token or account.auth_token, signed_for, list(fields.items()))
        return requests.post(
            self.url + path,
            data=fields,
            headers={"X-Twilio-Signature": signature},
            timeout=35,
        )

    def hang_up(self) -> None:
        """Ends what a test left going: faults, and calls that would talk on."""
        for simulator in (self.twilio, self.assemblyai):
            simulator.faults.clear()
        self.twilio.engine.speed = self.stack.options.speed
        for call in list(self.twilio.account.calls.values()):
            call.hung_up.set()

    def settle(self) -> None:
        """Waits until nothing goes on, so that a test's faults strike its own calls."""
        self.hang_up()
        # twice: between two steps of a call there is a moment in which nothing runs
        wait_until(lambda: self._is_quiet() and self._is_quiet())
        # deferred messages would come back in the midst of another test
        for queue in ("RecordingsQueueUrl", "RecordingsDeadLetterQueueUrl"):
            self.stack.ministack.client("sqs").purge_queue(
                QueueUrl=self.stack.deployment.outputs[queue]
            )

    def _is_quiet(self) -> bool:
        calls = list(self.twilio.account.calls.values())
        if any(call.ended_at is None for call in calls):
            return False
        attributes = self.stack.ministack.client("sqs").get_queue_attributes(
            QueueUrl=self.stack.deployment.outputs["RecordingsQueueUrl"],
            AttributeNames=["ApproximateNumberOfMessages"],
        )["Attributes"]
        waiting = int(attributes["ApproximateNumberOfMessages"])
        running = sum(pool.running for pool in self.stack.pools.values())
        return self.assemblyai.working == waiting == running == 0


def recordings_ended(call: dict[str, Any]) -> bool:
    recordings = call["recordings"]
    return bool(recordings) and all(r["status"] in ENDED for r in recordings)


def call_is(*statuses: str) -> Callable[[dict[str, Any]], bool]:
    return lambda call: call["status"] in statuses
