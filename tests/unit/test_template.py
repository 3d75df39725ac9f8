"""What the template promises, read off the template itself."""

from __future__ import annotations

import importlib
import json
import re
import tomllib
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

from callscribe.adapters.dynamodb.shares import PARTITION
from callscribe.adapters.telemetry import ATTENTION_LIMITS, METRIC
from callscribe.api.http import read_request
from callscribe.domain.calls import new_call_id
from callscribe.domain.deadlines import read_deadlines
from callscribe.use_cases.handle_recording_messages import MAX_RECEIVES
from local.options import ROOT
from local.template import BY_FOLDER, RESOURCES, TEMPLATE, routes, statements

FUNCTIONS = sorted(path.parent.name for path in (ROOT / "functions").glob("*/app.py"))


def test_every_folder_is_a_function_and_the_other_way_round() -> None:
    assert sorted(BY_FOLDER) == FUNCTIONS


@pytest.mark.parametrize("folder", FUNCTIONS)
def test_function_has_its_own_log_group_with_retention(folder: str) -> None:
    group = BY_FOLDER[folder][1]["Properties"]["LoggingConfig"]["LogGroup"]["Ref"]
    assert RESOURCES[group]["Properties"]["RetentionInDays"] == {"Ref": "LogRetentionDays"}


@pytest.mark.parametrize("folder", FUNCTIONS)
def test_policy_is_narrow(folder: str) -> None:
    for statement in statements(folder):
        assert statement["Sid"]
        resources = statement["Resource"]
        for resource in resources if isinstance(resources, list) else [resources]:
            assert resource != "*"
        assert not [action for action in statement["Action"] if "*" in action or "Scan" in action]


@pytest.mark.parametrize("folder", [f for f in FUNCTIONS if routes(f)])
def test_environment_of_what_the_api_routes_to_does_not_name_it(folder: str) -> None:
    variables = BY_FOLDER[folder][1]["Properties"]["Environment"]["Variables"]
    assert "HttpApi" not in json.dumps(variables)


@pytest.mark.parametrize("folder", [f for f in FUNCTIONS if routes(f)])
def test_handler_answers_exactly_the_routes_of_the_template(folder: str) -> None:
    app = importlib.import_module(f"functions.{folder}.app")
    source = Path(app.__file__ or "").read_text()
    in_code = set(re.findall(r'"((?:GET|POST|PUT|DELETE) /[^"]*)"', source))
    assert in_code == set(routes(folder))


def test_only_the_vendors_callbacks_and_links_are_open() -> None:
    assert RESOURCES["HttpApi"]["Properties"]["Auth"]["DefaultAuthorizer"] == "AWS_IAM"
    is_open = {
        route.path.split("/")[1]
        for folder in FUNCTIONS
        for route in routes(folder).values()
        if not route.needs_signature
    }
    assert is_open == {
        "twiml",
        "call-status",
        "recording-complete",
        "transcript-complete",
        "shared",
    }


@pytest.mark.parametrize("logical_id", ["CallsTable", "Bucket"])
def test_what_people_said_outlives_the_stack(logical_id: str) -> None:
    # but not a deployment that failed: there were no calls yet, and the next try would find it in the way
    assert RESOURCES[logical_id]["DeletionPolicy"] == "RetainExceptOnCreate"
    assert RESOURCES[logical_id]["UpdateReplacePolicy"] == "Retain"


def test_alarms_watch_metrics_that_exist_and_have_actions() -> None:
    code = "".join(p.read_text() for p in (ROOT / "layers/callscribe").rglob("*.py"))
    assert set(re.findall(r'\.count\(\s*"(\w+)"', code)) >= set(ATTENTION_LIMITS)
    namespaces: dict[str, set[str]] = {}
    known = {
        "AWS/Lambda": {"Invocations"},
        "AWS/SQS": {"ApproximateNumberOfMessagesVisible"},
        # an HTTP API's name; 5XXError is the REST API's and would never fire
        "AWS/ApiGateway": {"5xx"},
        "callscribe/${AWS::StackName}": {METRIC},
    }
    alarms = [r for r in RESOURCES.values() if r["Type"] == "AWS::CloudWatch::Alarm"]
    assert alarms
    for alarm in alarms:
        properties = alarm["Properties"]
        namespace = properties["Namespace"]
        namespace = namespace if isinstance(namespace, str) else namespace["Sub"]
        namespaces.setdefault(namespace, set()).add(properties["MetricName"])
        assert properties["AlarmActions"]
    assert namespaces == known


def test_reconcile_that_does_not_run_or_fails_raises_an_alarm() -> None:
    heartbeat = RESOURCES["ReconcileNotRunningAlarm"]["Properties"]
    assert heartbeat["Dimensions"] == [
        {"Name": "FunctionName", "Value": {"Ref": BY_FOLDER["reconcile"][0]}}
    ]
    assert heartbeat["TreatMissingData"] == "breaching"
    assert (heartbeat["Threshold"], heartbeat["ComparisonOperator"]) == (1, "LessThanThreshold")
    # a run that fails is an asynchronous invocation that Lambda gives up at once
    invoked = BY_FOLDER["reconcile"][1]["Properties"]["EventInvokeConfig"]
    assert invoked["MaximumRetryAttempts"] == 0
    queue = invoked["DestinationConfig"]["OnFailure"]["Destination"]["GetAtt"].partition(".")[0]
    [alarm] = [
        r["Properties"]
        for r in RESOURCES.values()
        if r["Type"] == "AWS::CloudWatch::Alarm"
        and r["Properties"]["Dimensions"][0]["Value"] == {"GetAtt": f"{queue}.QueueName"}
    ]
    assert alarm["Threshold"] == 0


@pytest.mark.parametrize("folder", FUNCTIONS)
def test_function_has_sample_events_that_its_code_reads(folder: str) -> None:
    samples = sorted((ROOT / "events" / folder).glob("*.json"))
    assert samples
    for sample in samples:
        event = json.loads(sample.read_text())
        if "routeKey" in event:
            assert read_request(event).route in routes(folder)
    sampled = {json.loads(s.read_text()).get("routeKey") for s in samples}
    assert set(routes(folder)) <= sampled


def test_an_asynchronous_invocation_goes_to_a_dead_letter_queue_when_aws_gives_up() -> None:
    """Schedules and what Lambda queues itself: each has a dead-letter queue and a bounded patience."""
    queue = {"GetAtt": "InvocationsDeadLetterQueue.Arn"}
    for folder in ("dial", "reconcile"):
        invoked = BY_FOLDER[folder][1]["Properties"]["EventInvokeConfig"]
        assert invoked["DestinationConfig"]["OnFailure"] == {"Type": "SQS", "Destination": queue}
        assert invoked["MaximumEventAgeInSeconds"] <= 900
    scheduled = [
        event["Properties"]
        for _, function in BY_FOLDER.values()
        for event in function["Properties"].get("Events", {}).values()
        if event["Type"] == "ScheduleV2"
    ]
    scheduled.append(RESOURCES["RecurringCall"]["Properties"]["Target"])
    assert len(scheduled) == 2
    for schedule in scheduled:
        assert schedule["DeadLetterConfig"] == {"Arn": queue}
        assert schedule["RetryPolicy"]["MaximumEventAgeInSeconds"] <= 900
    allowed = RESOURCES["ScheduledCallsPolicy"]["Properties"]["PolicyDocument"]["Statement"]
    assert {"sqs:SendMessage"} <= {statement["Action"] for statement in allowed}


def test_dead_letters_are_waited_for() -> None:
    """Else SQS asks only some of its servers, and leaves out messages that are there."""
    queue = RESOURCES["RecordingsDeadLetterQueue"]["Properties"]
    assert queue["ReceiveMessageWaitTimeSeconds"] > 0


def test_worker_gives_up_before_the_queue_does() -> None:
    queue = RESOURCES["RecordingsQueue"]["Properties"]
    assert queue["RedrivePolicy"]["maxReceiveCount"] > MAX_RECEIVES
    # no other worker gets a message while its own may still run
    timeout = BY_FOLDER["transcribe"][1]["Properties"]["Timeout"]
    assert queue["VisibilityTimeout"] > timeout


def test_workers_leave_room_for_what_answers_the_phone() -> None:
    """A new account runs 10 functions at once; a backlog must not take them all."""
    mapping = BY_FOLDER["transcribe"][1]["Properties"]["Events"]["Recordings"]["Properties"]
    assert mapping["ScalingConfig"] == {"MaximumConcurrency": {"Ref": "MaxTranscribeConcurrency"}}
    parameter = TEMPLATE["Parameters"]["MaxTranscribeConcurrency"]
    assert parameter["Default"] <= 5
    # Lambda's own bounds
    assert (parameter["MinValue"], parameter["MaxValue"]) == (2, 1000)


def test_open_routes_cannot_take_what_answers_the_phone() -> None:
    """What people reach without a signature, all at once: a new account runs 10 functions."""
    limits = RESOURCES["HttpApi"]["Properties"]["RouteSettings"]
    assert set(limits) == set(routes("share"))
    assert sum(limit["ThrottlingBurstLimit"] for limit in limits.values()) <= 8
    assert all(limit["ThrottlingRateLimit"] <= 5 for limit in limits.values())


def test_access_log_has_nothing_that_a_link_is_made_of() -> None:
    """The token is in a header; were it in a path one day, the log must not have that either."""
    told = RESOURCES["HttpApi"]["Properties"]["AccessLogSettings"]["Format"]
    assert set(re.findall(r"\$context\.[\w.]+", told)) == {
        *("$context.requestId", "$context.routeKey", "$context.status"),
        *("$context.responseLatency", "$context.integrationErrorMessage"),
    }


def leading_keys(folder: str, action: str) -> list[str]:
    [statement] = [s for s in statements(folder) if action in s["Action"]]
    patterns: list[str] = statement["Condition"]["ForAllValues:StringLike"]["dynamodb:LeadingKeys"]
    return patterns


def test_function_behind_links_reads_calls_and_writes_to_links_alone() -> None:
    """The emulator does not look at a table's keys: the patterns are compared with all that there are."""
    call, link = new_call_id(), PARTITION + new_call_id()
    others = ("switches", "do-not-call", "sweeps", "leases", f"key#{'0' * 64}", "counter#day")
    for action, key in (("GetItem", call), ("Query", call), ("UpdateItem", link)):
        [pattern] = leading_keys("share", f"dynamodb:{action}")
        assert fnmatchcase(key, pattern)
        assert [name for name in (*others, call, link) if fnmatchcase(name, pattern)] == [key]
    assert leading_keys("calls", "dynamodb:DeleteItem") == [f"{PARTITION}*"]
    allowed = {action for statement in statements("share") for action in statement["Action"]}
    assert {action for action in allowed if action.startswith("dynamodb:")} == {
        *("dynamodb:GetItem", "dynamodb:Query", "dynamodb:UpdateItem"),
    }


def test_lease_outlives_a_run() -> None:
    source = (ROOT / "layers/callscribe/callscribe/use_cases/reconcile.py").read_text()
    minutes = int(re.findall(r"^_LEASE = timedelta\(minutes=(\d+)\)$", source, re.MULTILINE)[0])
    assert minutes * 60 > BY_FOLDER["reconcile"][1]["Properties"]["Timeout"]


@pytest.mark.parametrize("parameter", ["Deadlines"])
def test_pattern_lets_the_documented_example_through(parameter: str) -> None:
    pattern = TEMPLATE["Parameters"][parameter]["AllowedPattern"]
    for text in ("", "call.in-progress=1455,recording.submitted=30"):
        assert re.fullmatch(pattern, text)
        read_deadlines(text)


OWN_KEY = {"If": ["HasOwnKey", {"Ref": "KmsKeyArn"}, {"Ref": "AWS::NoValue"}]}
# resource type → where its key stands
KEYS = {
    "AWS::DynamoDB::Table": ("SSESpecification", "KMSMasterKeyId"),
    "AWS::SQS::Queue": ("KmsMasterKeyId",),
    "AWS::Logs::LogGroup": ("KmsKeyId",),
    "AWS::SNS::Topic": ("KmsMasterKeyId",),
}


@pytest.mark.parametrize("kind", KEYS)
def test_own_key_encrypts_everything_of_its_kind(kind: str) -> None:
    found = [r["Properties"] for r in RESOURCES.values() if r["Type"] == kind]
    assert found
    for properties in found:
        value = properties
        for name in KEYS[kind]:
            value = value[name]
        assert value == OWN_KEY


def test_bucket_is_private_encrypted_versioned_and_spoken_to_by_tls() -> None:
    bucket = RESOURCES["Bucket"]["Properties"]
    [rule] = bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert rule["ServerSideEncryptionByDefault"]["KMSMasterKeyID"] == OWN_KEY
    assert rule["ServerSideEncryptionByDefault"]["SSEAlgorithm"] == "aws:kms"
    assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
    assert bucket["VersioningConfiguration"] == {"Status": "Enabled"}
    [deny] = RESOURCES["BucketPolicy"]["Properties"]["PolicyDocument"]["Statement"]
    assert (deny["Effect"], deny["Condition"]) == (
        "Deny",
        {"Bool": {"aws:SecureTransport": "false"}},
    )


def test_whoever_needs_the_own_key_may_use_it_through_aws_only() -> None:
    policy = RESOURCES["OwnKeyPolicy"]
    roles = {n for n, r in RESOURCES.items() if r["Type"] == "AWS::IAM::Role"}
    named = {role["Ref"] for role in policy["Properties"]["Roles"]}
    # made by SAM, for the schedule of `reconcile`
    assert named == roles | {"ReconcileFunctionEveryFiveMinutesRole"}
    [statement] = policy["Properties"]["PolicyDocument"]["Statement"]
    assert statement["Resource"] == {"Ref": "KmsKeyArn"}
    assert "kms:ViaService" in statement["Condition"]["StringEquals"]


def test_every_function_has_a_role_of_its_own_that_may_write_its_own_log_only() -> None:
    roles = [BY_FOLDER[folder][1]["Properties"]["Role"]["GetAtt"] for folder in FUNCTIONS]
    assert len(set(roles)) == len(FUNCTIONS)
    for folder in FUNCTIONS:
        group = BY_FOLDER[folder][1]["Properties"]["LoggingConfig"]["LogGroup"]["Ref"]
        [logs] = [s for s in statements(folder) if s["Sid"] == "Logs"]
        assert logs["Resource"] == {"GetAtt": f"{group}.Arn"}


def test_no_secret_is_a_parameter_or_in_an_environment() -> None:
    """They are stored after deploying."""
    names = [*TEMPLATE["Parameters"]]
    for _, function in BY_FOLDER.values():
        names += function["Properties"]["Environment"]["Variables"]
    suspicious = re.compile("TOKEN|SECRET|PASSWORD|API_?KEY", re.IGNORECASE)
    assert [n for n in names if suspicious.search(n)] == []


def test_no_environment_has_parameters_that_the_command_line_would_drop() -> None:
    """SAM takes the overrides of the command line, or else of the file: never both."""
    environments = tomllib.loads((ROOT / "samconfig.toml").read_text())
    given = {
        name: commands["deploy"]["parameters"].get("parameter_overrides")
        for name, commands in environments.items()
        if isinstance(commands, dict)
    }
    assert given == {"default": None, "prod": None}


def test_output_for_numbers_urls_is_what_callbacks_are_given() -> None:
    """Where a number's URLs are typed in by hand, they must begin as those that we give out."""
    own = TEMPLATE["Outputs"]["ApiUrl"]["Value"]
    value = TEMPLATE["Outputs"]["CallbackBaseUrl"]["Value"]
    assert value == {"If": ["HasPublicBaseUrl", {"Ref": "PublicBaseUrl"}, own]}
