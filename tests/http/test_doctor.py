"""`callscribe doctor` on the whole stack: at rest it finds nothing, and each planted fault by its ID."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from callscribe_cli.doctor import examine
from callscribe_cli.errors import CredentialsError
from callscribe_cli.main import main
from local.http_server import Response, Server
from local.ministack import free_port
from local.options import ROOT
from local.stack import STACK_NAME
from tests.support.patient import (
    FROM_NUMBER,
    POLICY,
    Patient,
    context_for,
    filled,
    signed_in,
    subscribed,
)

DOCUMENTED = set(
    re.findall(r"^\| `([a-z0-9-]+)` \|", (ROOT / "docs/doctor.md").read_text(), re.MULTILINE)
)


def test_healthy_stack_has_no_finding_and_its_policy_suffices(patient: Patient) -> None:
    results = patient.examine()
    assert [one.findings for one in results if one.findings] == []
    assert [(one.check, one.skipped) for one in results if one.skipped] == []


# ------------------------------------------------------------------------------------------ planting
Plant = Callable[[Patient], AbstractContextManager[object]]


@contextmanager
def entry(mapping: dict[str, Any], name: str, value: object) -> Iterator[None]:
    missing = object()
    before = mapping.get(name, missing)
    mapping[name] = value
    try:
        yield
    finally:
        if before is missing:
            del mapping[name]
        else:
            mapping[name] = before


def changed(thing: object, name: str, value: object) -> AbstractContextManager[None]:
    return entry(vars(thing), name, value)


@contextmanager
def stored(patient: Patient, output: str, value: str | None, kind: str) -> Iterator[None]:
    """Another value of a secret; None: none."""
    ssm, name = patient.client("ssm"), patient.outputs[output]
    before = ssm.get_parameter(Name=name, WithDecryption=True)["Parameter"]["Value"]
    ssm.delete_parameter(Name=name)
    if value is not None:
        ssm.put_parameter(Name=name, Value=value or before, Type=kind)
    try:
        yield
    finally:
        ssm.put_parameter(Name=name, Value=before, Type="SecureString", Overwrite=value is not None)


@contextmanager
def dead_letter(patient: Patient, output: str) -> Iterator[None]:
    queue = {"QueueUrl": patient.outputs[output]}
    patient.client("sqs").send_message(**queue, MessageBody="{}")
    try:
        yield
    finally:
        patient.client("sqs").purge_queue(**queue)


@contextmanager
def overdue(patient: Patient) -> Iterator[None]:
    key = {"call_id": {"S": "f" * 32}, "item": {"S": "CALL"}}
    table = {"TableName": patient.outputs["CallsTableName"]}
    waits = {"waiting_for": {"S": "waiting#3"}, "due_at": {"S": "2026-01-01T00:00:00.000Z"}}
    patient.client("dynamodb").put_item(**table, Item={**key, **waits})
    try:
        yield
    finally:
        patient.client("dynamodb").delete_item(**table, Key=key)


@contextmanager
def alarm(patient: Patient) -> Iterator[None]:
    name = patient.context.stack.ids("AWS::CloudWatch::Alarm")[0]
    cloudwatch = patient.client("cloudwatch")
    cloudwatch.set_alarm_state(AlarmName=name, StateValue="ALARM", StateReason="a test")
    try:
        yield
    finally:
        cloudwatch.set_alarm_state(AlarmName=name, StateValue="OK", StateReason="a test")


@contextmanager
def muted_alarm(patient: Patient) -> Iterator[None]:
    name = patient.context.stack.ids("AWS::CloudWatch::Alarm")[0]
    cloudwatch = patient.client("cloudwatch")
    cloudwatch.disable_alarm_actions(AlarmNames=[name])
    try:
        yield
    finally:
        cloudwatch.enable_alarm_actions(AlarmNames=[name])


@contextmanager
def unread_alarms(patient: Patient) -> Iterator[None]:
    # other tests subscribe addresses of theirs
    sns, topic = patient.client("sns"), patient.outputs["AlarmTopicArn"]
    for one in sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]:
        sns.unsubscribe(SubscriptionArn=one["SubscriptionArn"])
    try:
        yield
    finally:
        subscribed(patient)


@contextmanager
def disabled_schedule(patient: Patient) -> Iterator[None]:
    patient.schedules("DISABLED")
    yield


@contextmanager
def disabled_queue(patient: Patient) -> Iterator[None]:
    [uuid] = patient.context.stack.ids("AWS::Lambda::EventSourceMapping")
    functions = patient.client("lambda")
    functions.update_event_source_mapping(UUID=uuid, Enabled=False)
    try:
        yield
    finally:
        functions.update_event_source_mapping(UUID=uuid, Enabled=True)


@contextmanager
def stopped_dialing(patient: Patient) -> Iterator[None]:
    patient.driver.ask("PUT", "/dialing", json={"stopped": True, "reason": "a test"})
    try:
        yield
    finally:
        patient.driver.ask("PUT", "/dialing", json={"stopped": False, "reason": "a test"})


@contextmanager
def base_url(patient: Patient, url: str) -> Iterator[None]:
    """Where the vendors are told to call back, as the stack's output says it."""
    stack = patient.context.stack
    elsewhere = replace(stack, outputs={**stack.outputs, "CallbackBaseUrl": url})
    with changed(patient.context, "stack", elsewhere):
        yield


@contextmanager
def door(patient: Patient, status: int) -> Iterator[None]:
    """What stands before the API answers by itself."""
    server = Server(lambda _: Response(status=status))
    try:
        with base_url(patient, server.url):
            yield
    finally:
        server.close()


def silent(patient: Patient, simulator: Any) -> AbstractContextManager[None]:
    patient.driver.fault(simulator, operation="*", fault="drop_before", times=None)
    return changed(simulator, "url", simulator.url)


def parameter(patient: Patient, name: str, value: str) -> AbstractContextManager[None]:
    stack = patient.context.stack
    return changed(
        patient.context, "stack", replace(stack, parameters={**stack.parameters, name: value})
    )


def country(patient: Patient, code: str, **values: Any) -> AbstractContextManager[None]:
    return entry(
        patient.account.countries, code, replace(patient.account.countries[code], **values)
    )


WEBHOOK_SECRET, KEY = "AssemblyAIWebhookSecretParameterName", "TwilioApiKeyParameterName"
TOKEN, ASSEMBLYAI = "TwilioAuthTokenParameterName", "AssemblyAIApiKeyParameterName"
FAULTS: dict[str, Plant] = {
    "twilio-trial": lambda p: changed(p.account, "type", "Trial"),
    "twilio-account-inactive": lambda p: changed(p.account, "status", "suspended"),
    "twilio-key-refused": lambda p: entry(
        p.twilio.credentials, p.options.account.api_key_sid, "another"
    ),
    "twilio-token-refused": lambda p: entry(
        p.twilio.credentials, p.options.account.account_sid, "another"
    ),
    "twilio-token-secondary": lambda p: changed(p.twilio, "auth_token", "the-primary-one"),
    "assemblyai-key-refused": lambda p: changed(p.assemblyai, "_api_key", "another"),
    "twilio-unreachable": lambda p: silent(p, p.twilio),
    "assemblyai-unreachable": lambda p: silent(p, p.assemblyai),
    "twilio-api-key-missing": lambda p: stored(p, KEY, None, ""),
    "twilio-auth-token-missing": lambda p: stored(p, TOKEN, None, ""),
    "assemblyai-webhook-secret-missing": lambda p: stored(p, WEBHOOK_SECRET, None, ""),
    "twilio-api-key-malformed": lambda p: stored(p, KEY, "SK", "SecureString"),
    "assemblyai-api-key-not-encrypted": lambda p: stored(p, ASSEMBLYAI, "", "String"),
    "from-number-missing": lambda p: parameter(p, "DefaultFromNumber", ""),
    "from-number-unknown": lambda p: changed(p.account, "numbers", {}),
    "from-number-voiceless": lambda p: entry(p.number, "voice", value=False),
    "number-unanswered": lambda p: changed(p.account, "numbers", {FROM_NUMBER: {}}),
    "number-overridden": lambda p: entry(p.number, "trunk_sid", "TK" + "0" * 32),
    "number-method": lambda p: entry(p.number, "voice_method", "GET"),
    "number-url": lambda p: entry(p.number, "voice_url", f"{p.driver.url}/call-status"),
    "number-status-callback": lambda p: entry(p.number, "status_callback", ""),
    "number-fallback": lambda p: entry(p.number, "voice_fallback_url", ""),
    "countries-blocked": lambda p: country(p, "US", low_risk_numbers_enabled=False),
    "countries-open": lambda p: country(p, "DE", low_risk_numbers_enabled=True),
    "countries-high-risk": lambda p: country(p, "US", high_risk_tollfraud_numbers_enabled=True),
    "balance-low": lambda p: changed(p.account, "balance", "3.20"),
    "clock-skew": lambda p: changed(p.context, "now", lambda: 2e9),
    "dialing-stopped": stopped_dialing,
    "dead-recordings": lambda p: dead_letter(p, "RecordingsDeadLetterQueueUrl"),
    "dead-invocations": lambda p: dead_letter(p, "InvocationsDeadLetterQueueUrl"),
    "overdue": overdue,
    "alarm": alarm,
    "alarm-muted": muted_alarm,
    "alarm-unread": unread_alarms,
    "schedule-disabled": disabled_schedule,
    "queue-disabled": disabled_queue,
    "concurrency-share": lambda p: parameter(p, "MaxTranscribeConcurrency", "600"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_planted_fault_is_found_by_its_id_and_nothing_else(patient: Patient, fault: str) -> None:
    with FAULTS[fault](patient):
        found = [one for result in patient.examine() for one in result.findings]
    assert {one.id for one in found} == {fault}
    assert all(one.what and one.fix for one in found)
    assert fault in DOCUMENTED


@pytest.mark.parametrize(
    ("status", "found"), [(200, "open"), (403, "refused"), (404, "unexpected")]
)
def test_door_that_lets_in_all_or_no_one_is_found(
    patient: Patient, status: int, found: str
) -> None:
    with door(patient, status):
        ids = {one.id for result in patient.examine() for one in result.findings}
    assert ids == {f"callbacks-{found}", f"webhook-{found}"} <= DOCUMENTED


def test_closed_doors_are_found(patient: Patient) -> None:
    nowhere = f"http://127.0.0.1:{free_port()}"
    patient.context.api.url = nowhere
    with base_url(patient, nowhere):
        ids = {one.id for result in patient.examine() for one in result.findings}
    assert ids == {"api-unreachable", "callbacks-unreachable", "webhook-unreachable"} <= DOCUMENTED


# the emulator lets anyone ask
NOT_ENFORCED = {"lambda:GetAccountSettings"}


def actions() -> list[tuple[str, str]]:
    every = [(s["Sid"], a) for s in json.loads(POLICY)["Statement"] for a in _listed(s["Action"])]
    return [(sid, action) for sid, action in every if action not in NOT_ENFORCED]


def _listed(value: Any) -> list[str]:
    return value if isinstance(value, list) else [value]


@pytest.mark.parametrize(("sid", "action"), actions())
def test_what_may_not_be_looked_at_is_skipped(
    patient: Patient, monkeypatch: pytest.MonkeyPatch, sid: str, action: str
) -> None:
    policy = json.loads(filled(POLICY))
    for statement in policy["Statement"]:
        if statement["Sid"] == sid:
            statement["Action"] = [a for a in _listed(statement["Action"]) if a != action]
    policy["Statement"] = [s for s in policy["Statement"] if s["Action"]]
    aws = signed_in(patient.driver, monkeypatch, "doctor-less", policy)
    if sid == "Stack":
        with pytest.raises(CredentialsError):
            context_for(patient.driver, aws)
        return
    results = list(examine(context_for(patient.driver, aws)))
    assert any("no permission" in one.skipped for one in results)
    assert [one.findings for one in results if one.findings] == []


def test_command_prints_findings_with_their_fix_and_exits_by_the_worst(
    patient: Patient,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    command = ("doctor", "--stack", STACK_NAME, "--api-url", patient.driver.url)
    assert main(command) == 0
    assert capsys.readouterr().out == f"{STACK_NAME}: 22 checks, 0 faults, 0 warnings, 0 skipped\n"
    with changed(patient.account, "balance", "3.20"):
        assert main(command) == 0
    assert "warning  balance-low: Twilio's balance is 3.20 USD\n" in capsys.readouterr().out
    with changed(patient.account, "type", "Trial"):
        assert main((*command, "--json")) == 1
    [finding] = json.loads(capsys.readouterr().out)["findings"]
    assert (finding["id"], finding["severity"]) == ("twilio-trial", "fault")
