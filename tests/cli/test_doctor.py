"""Checks of what the local stack cannot be brought into, and how a check that fails is reported."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from callscribe.domain.deadlines import DEADLINE_SHARDS
from callscribe_cli import doctor_aws
from callscribe_cli.api import Api
from callscribe_cli.commands.doctor import report
from callscribe_cli.deployed import Deployed
from callscribe_cli.doctor import CHECKS, Check, Result, examine
from callscribe_cli.doctor_context import Context, Finding, SkippedError, read_secret
from callscribe_cli.vendors import Number, Twilio, countries_of
from callscribe_cli.web import NoAnswerError, Web
from local.http_server import Request, Response, Server
from local.options import ROOT
from tests.cli.conftest import Callscribe

DOCUMENTED = re.findall(
    r"^\| `([a-z0-9-]+)` \|", (ROOT / "docs/doctor.md").read_text(), re.MULTILINE
)
NOW = datetime(2026, 11, 21, tzinfo=UTC)


def context(status: str = "UPDATE_COMPLETE", **clients: Any) -> Context:
    resources = [
        ("AWS::CloudWatch::Alarm", "an-alarm"),
        ("AWS::Scheduler::Schedule", "a-schedule"),
    ]
    stack = Deployed(
        name="s",
        region="eu-central-1",
        status=status,
        outputs={"AlarmTopicArn": "arn:topic", "CallbackBaseUrl": "https://example.com"},
        parameters={},
        resources=resources,
    )
    api = Api("https://example.com", lambda *_: {})
    return Context(
        stack=stack,
        client=lambda name: SimpleNamespace(**clients[name]),
        api=api,
        now=NOW.timestamp,
    )


def ids(findings: Iterable[Finding]) -> list[str]:
    return [one.id for one in findings]


@pytest.mark.parametrize(
    ("status", "found"),
    [
        ("CREATE_COMPLETE", []),
        ("UPDATE_COMPLETE", []),
        ("UPDATE_IN_PROGRESS", ["stack-changing"]),
        ("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", ["stack-changing"]),
        ("UPDATE_ROLLBACK_COMPLETE", ["stack-rolled-back"]),
        ("UPDATE_ROLLBACK_FAILED", ["stack-broken"]),
        ("ROLLBACK_COMPLETE", ["stack-broken"]),
    ],
)
def test_state_of_the_stack(status: str, found: list[str]) -> None:
    assert ids(doctor_aws.stack_is_deployed(context(status))) == found


@pytest.mark.parametrize(
    ("quota", "found"),
    [(1000, []), (10, ["concurrency-low"]), (9, ["concurrency-low", "concurrency-share"])],
)
def test_quota_of_a_new_account(quota: int, found: list[str]) -> None:
    limits = {"AccountLimit": {"ConcurrentExecutions": quota}}
    clients: Any = {"lambda": {"get_account_settings": lambda: limits}}
    asked = context(**clients)
    assert ids(doctor_aws.concurrency_suffices(asked)) == found


def test_subscription_that_is_not_confirmed() -> None:
    waiting = {"SubscriptionArn": "PendingConfirmation", "Endpoint": "a@example.com"}
    asked = context(sns={"list_subscriptions_by_topic": lambda **_: {"Subscriptions": [waiting]}})
    [found] = doctor_aws.alarms_are_read(asked)
    assert (found.id, found.severity) == ("alarm-unconfirmed", "warning")
    assert "a@example.com" in found.what


def test_alarms_and_schedules_that_were_deleted() -> None:
    asked = context(
        cloudwatch={"describe_alarms": lambda **_: {"MetricAlarms": []}},
        scheduler={"list_schedules": lambda **_: {"Schedules": [{"Name": "a-schedule-2"}]}},
    )
    assert ids(doctor_aws.no_alarm_fires(asked)) == ["alarm-missing"]
    assert ids(doctor_aws.schedules_run(asked)) == ["schedule-missing"]


def test_partitions_of_overdue_items_are_the_tables() -> None:
    assert doctor_aws.DEADLINE_SHARDS == DEADLINE_SHARDS


@pytest.mark.parametrize(
    ("text", "usable"),
    [
        ('{"a": "x", "b": "y"}', True),
        ('{"a": "x", "b": ""}', False),
        ('{"a": "x"}', False),
        ("[]", False),
        ("x", False),
    ],
)
def test_secret_is_an_object_with_every_key(text: str, usable: bool) -> None:
    assert (read_secret(text, ("a", "b")) is not None) is usable


# ------------------------------------------------------------------------------------------ reporting
def raising(error: Exception) -> Callable[[Context], Iterable[Finding]]:
    def run(_: Context) -> Iterable[Finding]:
        raise error

    return run


def aws_error(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "in words"}}, "Operation")


def made(error: Exception) -> Result:
    [result] = examine(context(), [Check("a-check", raising(error))])
    return result


@pytest.mark.parametrize(
    ("error", "why"),
    [
        (SkippedError("the reason"), "the reason"),
        (aws_error("AccessDeniedException"), "no permission: in words"),
        (aws_error("AccessDenied"), "no permission: in words"),
        (NoAnswerError("https://x", "timed out"), "the vendor did not say"),
    ],
)
def test_check_that_cannot_be_made_is_skipped_with_the_reason(error: Exception, why: str) -> None:
    result = made(error)
    assert why in result.skipped
    assert result.findings == ()


def test_other_refusals_of_aws_are_faults() -> None:
    assert ids(made(aws_error("QueueDoesNotExist")).findings) == ["aws-refused"]


def test_bug_in_a_check_is_not_hidden() -> None:
    with pytest.raises(ZeroDivisionError):
        made(ZeroDivisionError())


def test_report_counts_by_severity_and_names_what_was_skipped() -> None:
    found = Finding(id="x", severity="warning", what="what", fix="fix")
    results = [Result(check="a", findings=(found,)), Result(check="b", skipped="why")]
    document = report("s", results)
    assert (document["faults"], document["warnings"], document["checks"]) == (0, 1, 2)
    assert document["findings"] == [
        {"id": "x", "severity": "warning", "check": "a", "what": "what", "fix": "fix"}
    ]
    assert document["skipped"] == [{"check": "b", "why": "why"}]


def test_every_check_and_finding_has_a_name_of_its_own() -> None:
    assert len({check.name for check in CHECKS}) == len(CHECKS)
    assert len(set(DOCUMENTED)) == len(DOCUMENTED) > 50


def test_every_finding_of_the_code_is_documented() -> None:
    code = "".join(path.read_text() for path in (ROOT / "callscribe_cli").glob("doctor*.py"))
    plain = set(re.findall(r'(?:fault|warning|found)\(\s*"([a-z0-9-]+)"', code))
    assert len(plain) > 30
    assert plain <= set(DOCUMENTED)


def test_stack_must_be_named(callscribe: Callscribe) -> None:
    refused = callscribe("doctor")
    assert refused.code == 2
    assert "--stack" in refused.fix


# ------------------------------------------------------------------------------------------ vendors
def test_countries_of_a_number_are_those_of_its_longest_code() -> None:
    listed = [
        {"iso_code": iso, "country_codes": codes}
        for iso, codes in (("US", ["+1"]), ("CA", ["+1"]), ("BS", ["+1242"]), ("GB", ["+44"]))
    ]
    assert [one["iso_code"] for one in countries_of("+14155550100", listed)] == ["US", "CA"]
    assert [one["iso_code"] for one in countries_of("+12425550100", listed)] == ["BS"]
    assert countries_of("+33155550100", listed) == []


@pytest.mark.parametrize(
    ("url", "target"),
    [("", ""), ("https://demo.twilio.com/welcome/voice/", ""), ("https://x/y", "https://x/y")],
)
def test_number_is_in_use_if_something_of_its_owner_answers(url: str, target: str) -> None:
    empty = dict.fromkeys(("voice_method", "voice_fallback_url", "status_callback"), "")
    number = Number(
        sid="PN", phone_number="+1", voice=True, voice_url=url, application_sid="", trunk_sid="",
        **empty,
    )  # fmt: skip
    assert number.target == target


def test_next_page_is_asked_of_the_same_host_only() -> None:
    asked: list[str] = []

    def answer(request: Request) -> Response:
        asked.append(f"{request.raw_path}?{request.raw_query}")
        following = "https://elsewhere.example/v1/next?Page=1" if len(asked) == 1 else "null"
        text = f'"{following}"' if len(asked) == 1 else following
        return Response(body=f'{{"content": [], "meta": {{"next_page_url": {text}}}}}'.encode())

    server = Server(answer)
    try:
        Twilio(Web(), server.url, "AC", "user", "password").countries()
    finally:
        server.close()
    assert asked == ["/v1/DialingPermissions/Countries?PageSize=1000", "/v1/next?Page=1"]
