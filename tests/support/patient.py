"""A stack that is set up, as `callscribe doctor` sees it, and the means to do it harm."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

import pytest

from callscribe_cli.api import Api
from callscribe_cli.credentials import Aws
from callscribe_cli.deployed import find_stack
from callscribe_cli.doctor import Result, examine
from callscribe_cli.doctor_context import Context
from callscribe_cli.vendors import settings_of
from local.api_gateway import ACCOUNT_ID, API_ID
from local.ministack import REGION
from local.options import ROOT
from local.sigv4 import Caller
from local.stack import STACK_NAME
from tests.support.stack import Driver

POLICY = (ROOT / "policies/doctor.json").read_text()
FROM_NUMBER = "+15005550006"
PLACES = {"REGION": REGION, "ACCOUNT": ACCOUNT_ID, "API_ID": API_ID, "STACK": STACK_NAME}


class Patient:
    """A stack that is set up, and the means to do it harm."""

    def __init__(self, driver: Driver) -> None:
        self.driver = driver
        self.twilio, self.assemblyai = driver.twilio, driver.assemblyai
        self.account = driver.twilio.account
        self.outputs = driver.stack.deployment.outputs
        self.options = driver.stack.options
        self.context: Context

    def client(self, service: str) -> Any:
        return self.driver.stack.ministack.client(service)

    def examine(self) -> list[Result]:
        return list(examine(self.context))

    @property
    def number(self) -> dict[str, Any]:
        return self.account.numbers[FROM_NUMBER]

    def point_number(self) -> None:
        names = {
            "VoiceUrl": "voice_url",
            "VoiceFallbackUrl": "voice_fallback_url",
            "StatusCallback": "status_callback",
        }
        wanted = settings_of(self.driver.url)
        self.account.numbers = {FROM_NUMBER: {to: wanted[name] for name, to in names.items()}}

    def nothing_overdue(self) -> None:
        """What other tests left behind."""
        for item in self.driver.items():
            if "due_at" in item:
                self.set_due(item, "2999-01-01T00:00:00.000Z")

    def set_due(self, item: dict[str, Any], due_at: str) -> None:
        self.client("dynamodb").update_item(
            TableName=self.outputs["CallsTableName"],
            Key={name: {"S": item[name]} for name in ("call_id", "item")},
            UpdateExpression="SET due_at = :due_at",
            ExpressionAttributeValues={":due_at": {"S": due_at}},
        )

    def schedules(self, state: str) -> None:
        scheduler = self.client("scheduler")
        for entry in scheduler.list_schedules()["Schedules"]:
            name = {"Name": entry["Name"], "GroupName": entry["GroupName"]}
            schedule = scheduler.get_schedule(**name)
            kept = {key: schedule[key] for key in ("FlexibleTimeWindow", "Target")}
            # enabled, and all the same not run in the midst of a test
            scheduler.update_schedule(
                **name, **kept, ScheduleExpression="rate(30 days)", State=state
            )


def filled(policy: str) -> str:
    for name, value in PLACES.items():
        policy = re.sub(rf"(?<=[:/]){name}\b", value, policy)
    return policy


def signed_in(driver: Driver, patch: pytest.MonkeyPatch, role: str, policy: dict[str, Any]) -> Aws:
    """A user of the AWS CLI with this policy and no other."""
    caller: Caller = driver.stack.assume_role(role, "a-session", policy)
    patch.setenv("AWS_ENDPOINT_URL", driver.stack.ministack.url)
    patch.setenv("AWS_ACCESS_KEY_ID", caller.access_key_id)
    patch.setenv("AWS_SECRET_ACCESS_KEY", caller.secret_access_key)
    patch.setenv("AWS_SESSION_TOKEN", caller.session_token or "")
    patch.setenv("AWS_REGION", REGION)
    patch.delenv("AWS_PROFILE", raising=False)
    return Aws(None)


def context_for(driver: Driver, aws: Aws) -> Context:
    stack = find_stack(aws, STACK_NAME, REGION)
    return Context(
        stack=stack,
        client=cache(lambda service: aws.client(service, REGION)),
        api=Api(driver.url, aws.signer(REGION), sleep=lambda _: None),
    )


def subscribed(patient: Patient) -> str:
    found = patient.client("sns").subscribe(
        TopicArn=patient.outputs["AlarmTopicArn"],
        Protocol="email",
        Endpoint="operator@example.com",
        ReturnSubscriptionArn=True,
    )
    return str(found["SubscriptionArn"])
