"""Checks of the stack's own resources at AWS, and of this machine."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from callscribe_cli.doctor_context import SECRETS, Context, Finding, fault, read_secret, warning

# as the alarm: deferred items are tried again sooner
_OVERDUE_AFTER = timedelta(minutes=15)
# the partitions of the index by_deadline (tests/cli/test_doctor.py)
DEADLINE_SHARDS = 4
# a new account's is 10
_SMALL_QUOTA = 100
_OPERATING = "docs/operating.md says what each means"


def stack_is_deployed(context: Context) -> Iterator[Finding]:
    status = context.stack.status
    if status in ("CREATE_COMPLETE", "UPDATE_COMPLETE"):
        return
    if status.endswith("IN_PROGRESS"):
        yield warning("stack-changing", f"the stack is {status}", "try again when it has ended")
    elif status == "UPDATE_ROLLBACK_COMPLETE":
        what = "the last deployment failed, and the one before it runs"
        yield warning("stack-rolled-back", what, "aws cloudformation describe-stack-events; deploy")
    else:
        yield fault("stack-broken", f"the stack is {status}", "docs/deploying.md; deploy it again")


def secrets_are_stored(context: Context) -> Iterator[Finding]:
    fix = f"callscribe setup --stack {context.stack.name}"
    for name, (output, keys) in SECRETS.items():
        parameter = context.stored(name)
        where = context.stack.outputs[output]
        if parameter is None:
            yield fault(f"{name}-missing", f"{where} is not stored", fix)
            continue
        if read_secret(parameter["Value"], keys) is None:
            what = f"{where} is not a JSON object with {' and '.join(keys)}"
            yield fault(f"{name}-malformed", what, fix)
        if parameter["Type"] != "SecureString":
            what = f"{where} is stored as {parameter['Type']}, in the clear"
            yield fault(f"{name}-not-encrypted", what, f"delete it, then {fix}")


def no_dead_letters(context: Context) -> Iterator[Finding]:
    sqs = context.client("sqs")
    for name, output in (
        ("dead-recordings", "RecordingsDeadLetterQueueUrl"),
        ("dead-invocations", "InvocationsDeadLetterQueueUrl"),
    ):
        counts = sqs.get_queue_attributes(
            QueueUrl=context.stack.outputs[output],
            AttributeNames=[
                "ApproximateNumberOfMessages",
                "ApproximateNumberOfMessagesNotVisible",
            ],
        )["Attributes"]
        if count := sum(map(int, counts.values())):
            what = f"{count} messages are in the queue of output {output}"
            yield fault(name, what, f"{_OPERATING}; then empty it")


def nothing_is_overdue(context: Context) -> Iterator[Finding]:
    dynamodb, before = context.client("dynamodb"), _ago(context, _OVERDUE_AFTER)
    found = [
        item["due_at"]["S"]
        for shard in range(DEADLINE_SHARDS)
        for item in dynamodb.query(
            TableName=context.stack.outputs["CallsTableName"],
            IndexName="by_deadline",
            KeyConditionExpression="waiting_for = :shard AND due_at < :before",
            ExpressionAttributeValues={
                ":shard": {"S": f"waiting#{shard}"},
                ":before": {"S": before},
            },
            Limit=100,
        )["Items"]
    ]
    if found:
        what = f"{len(found)} calls or recordings are overdue, the oldest since {min(found)}"
        yield fault("overdue", what, "the log of `reconcile` says why (docs/operating.md)")


def no_alarm_fires(context: Context) -> Iterator[Finding]:
    names = context.stack.ids("AWS::CloudWatch::Alarm")
    found = context.client("cloudwatch").describe_alarms(AlarmNames=names)["MetricAlarms"]
    for alarm in found:
        name = alarm["AlarmName"]
        if alarm["StateValue"] == "ALARM":
            what = f"{name} has been in alarm since {alarm['StateUpdatedTimestamp']:%Y-%m-%d %H:%M}"
            yield fault("alarm", what, _OPERATING)
        if not alarm["ActionsEnabled"]:
            what = f"{name} tells no one: its actions are disabled"
            yield warning(
                "alarm-muted", what, f"aws cloudwatch enable-alarm-actions --alarm-names {name}"
            )
    for name in sorted(set(names) - {alarm["AlarmName"] for alarm in found}):
        yield fault("alarm-missing", f"{name} is not there any more", "deploy the stack again")


def alarms_are_read(context: Context) -> Iterator[Finding]:
    topic = context.stack.outputs["AlarmTopicArn"]
    found = context.client("sns").list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
    waiting = [one for one in found if one["SubscriptionArn"] == "PendingConfirmation"]
    if not found:
        fix = f"callscribe setup --stack {context.stack.name} --alarm-email ADDRESS"
        yield warning("alarm-unread", "no one is subscribed to the alarms", fix)
    for one in waiting:
        what = f"{one['Endpoint']} has not confirmed its subscription to the alarms"
        yield warning("alarm-unconfirmed", what, "follow the link in the email from AWS")


def schedules_run(context: Context) -> Iterator[Finding]:
    scheduler = context.client("scheduler")
    for name in context.stack.ids("AWS::Scheduler::Schedule"):
        listed = scheduler.list_schedules(NamePrefix=name)["Schedules"]
        states = [one["State"] for one in listed if one["Name"] == name]
        if not states:
            what = f"the schedule {name} is not there any more"
            yield fault("schedule-missing", what, "deploy the stack again")
        elif states != ["ENABLED"]:
            what = f"the schedule {name} is {states[0].lower()}"
            yield fault("schedule-disabled", what, "enable it in EventBridge Scheduler")


def queue_is_worked_on(context: Context) -> Iterator[Finding]:
    ours = context.stack.ids("AWS::Lambda::EventSourceMapping")
    pages = context.client("lambda").get_paginator("list_event_source_mappings").paginate()
    for mapping in (one for page in pages for one in page["EventSourceMappings"]):
        if mapping["UUID"] in ours and mapping["State"] in ("Disabled", "Disabling"):
            what = "recordings stay in their queue: its trigger is disabled"
            fix = f"aws lambda update-event-source-mapping --uuid {mapping['UUID']} --enabled"
            yield fault("queue-disabled", what, fix)


def concurrency_suffices(context: Context) -> Iterator[Finding]:
    limits = context.client("lambda").get_account_settings()["AccountLimit"]
    quota, most = limits["ConcurrentExecutions"], context.stack.parameters.get(_WORKERS, "5")
    request = "request 1,000 in Service Quotas: AWS Lambda, L-B99A9384; it is free"
    if quota < _SMALL_QUOTA:
        what = f"Lambda runs {quota} functions at once in this account and region"
        yield warning("concurrency-low", what, request)
    if int(most) > quota / 2:
        what = f"MaxTranscribeConcurrency is {most}, more than half of Lambda's quota of {quota}"
        yield warning("concurrency-share", what, f"lower it, or {request}")


def search_is_possible(_: Context) -> Iterator[Finding]:
    try:
        sqlite3.connect(":memory:").execute("CREATE VIRTUAL TABLE t USING fts5(x)")
    except sqlite3.OperationalError:
        what = "this Python's SQLite has no FTS5, which `callscribe search` needs"
        yield warning("fts5-missing", what, "install callscribe with another Python")


_WORKERS = "MaxTranscribeConcurrency"


def _ago(context: Context, age: timedelta) -> str:
    """As the table has times."""
    moment = datetime.fromtimestamp(context.now(), UTC) - age
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
