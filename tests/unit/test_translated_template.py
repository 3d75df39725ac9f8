"""What CloudFormation is given: the template as SAM translates it, with what SAM names by itself."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from samtranslator.yaml_helper import yaml_parse

from local.deploy import translate
from local.options import ROOT

SOURCE = yaml_parse(Path(ROOT / "template.yaml").read_text())
TRANSLATED = translate(SOURCE, {"TwilioAccountSid": "AC" + "0" * 32}, "http://127.0.0.1")
RESOURCES: dict[str, dict[str, Any]] = TRANSLATED["Resources"]
# as long as CloudFormation lets one be
LONGEST_STACK_NAME = "s" * 128

# property → whose it is: a name that is looked for within something of the stack's own
NAMES_WITHIN = {
    "AttributeName": "the table",
    "IndexName": "the table",
    "PolicyName": "the role",
    "StageName": "the API",
    "MetricName": "the alarm reads it, and makes none",
    "Dimensions/Name": "the alarm reads it, and makes none",
}
# (type, property) → (service, operation, its parameter) that says how long and of what the name may be
NAMED_BY_US = {
    ("AWS::Events::EventBus", "Name"): ("events", "CreateEventBus", "Name"),
    ("AWS::Lambda::LayerVersion", "LayerName"): ("lambda", "PublishLayerVersion", "LayerName"),
    ("AWS::Logs::LogGroup", "LogGroupName"): ("logs", "CreateLogGroup", "logGroupName"),
    ("AWS::Scheduler::Schedule", "Name"): ("scheduler", "CreateSchedule", "Name"),
    ("AWS::Scheduler::ScheduleGroup", "Name"): ("scheduler", "CreateScheduleGroup", "Name"),
}


def names(properties: object, parent: str = "") -> Iterator[tuple[str, Any]]:
    """Every property that is called a name, however deep, with its value."""
    if isinstance(properties, list):
        for entry in properties:
            yield from names(entry, parent)
    if not isinstance(properties, dict):
        return
    for key, value in properties.items():
        if key == "Name" and parent:
            yield f"{parent}/{key}", value
        elif re.search(r"(Name|Identifier|Alias)$", key):
            yield key, value
        yield from names(value, key)


def is_reference(value: object) -> bool:
    """To another resource, which bears the name."""
    return isinstance(value, dict) and (
        value.get("Ref") in RESOURCES or value.get("Fn::GetAtt", [None])[0] in RESOURCES
    )


def named() -> list[tuple[str, str, Any]]:
    """(logical id, property, value) of every name that this template gives."""
    return [
        (logical_id, property_name, value)
        for logical_id, resource in RESOURCES.items()
        for property_name, value in names(resource.get("Properties", {}))
        if property_name not in NAMES_WITHIN and not is_reference(value)
    ]


def test_two_stacks_share_no_name() -> None:
    shared = [entry for entry in named() if "AWS::StackName" not in json.dumps(entry[2])]
    assert shared == []


@pytest.mark.parametrize("entry", named(), ids=lambda entry: f"{entry[0]}.{entry[1]}")
def test_longest_stack_name_still_makes_a_name(entry: tuple[str, str, Any]) -> None:
    logical_id, property_name, value = entry
    service, operation, parameter = NAMED_BY_US[(RESOURCES[logical_id]["Type"], property_name)]
    model = botocore.session.get_session().get_service_model(service)
    shape = model.operation_model(operation).input_shape
    assert shape is not None
    limits = shape.members[parameter].metadata
    text = value.get("Fn::Sub", "${AWS::StackName}") if isinstance(value, dict) else value
    name = text.replace("${AWS::StackName}", LONGEST_STACK_NAME)
    assert "${" not in name
    assert len(name) <= limits["max"]
    assert re.fullmatch(limits["pattern"], name)


# Lambda: 4 KB for all variables of a function, measured as JSON
ENVIRONMENT_BYTES = 4096
# for the next variables, so that the first that does not fit is no surprise
SPARE_BYTES = 300
# how long what CloudFormation names can be, or what it names them by
LONGEST = {
    "AWS::DynamoDB::Table": len(f"{LONGEST_STACK_NAME}-CallsTable-0123456789AB"),
    "AWS::S3::Bucket": 63,
    "AWS::SQS::Queue": len("https://sqs.ap-southeast-1.amazonaws.com.cn/123456789012/") + 80,
    "AWS::Events::EventBus": len(LONGEST_STACK_NAME),
    "AWS::Scheduler::ScheduleGroup": 64,
    "AWS::ApiGatewayV2::Api": 10,
    "AWS::IAM::Role": len("arn:aws-us-gov:iam::123456789012:role/") + 64,
    "AWS::StackName": len(LONGEST_STACK_NAME),
    "AWS::Region": len("ap-southeast-1"),
    "AWS::URLSuffix": len("amazonaws.com.cn"),
    "AWS::Partition": len("aws-us-gov"),
    "AWS::AccountId": 12,
}
DIGITS = 10
BYTES_OF_A_CHARACTER = 4


def longest_parameter(name: str) -> int:
    """Bytes of its longest value, as far as CloudFormation lets one in: it counts characters."""
    parameter = SOURCE["Parameters"][name]
    if parameter["Type"] == "Number":
        return DIGITS
    if "AllowedValues" in parameter:
        return max(len(str(value)) for value in parameter["AllowedValues"])
    # all patterns but those of what is said are of ASCII
    is_spoken = name in ("InboundSay", "ConsentAnnouncement")
    return int(parameter["MaxLength"]) * (BYTES_OF_A_CHARACTER if is_spoken else 1)


def longest_value(value: Any) -> int:
    if isinstance(value, str):
        return len(value)
    [(function, argument)] = value.items()
    match function:
        case "Ref" if argument in SOURCE["Parameters"]:
            return longest_parameter(argument)
        case "Ref":
            return LONGEST.get(argument) or LONGEST[RESOURCES[argument]["Type"]]
        case "Fn::GetAtt":
            return LONGEST[RESOURCES[argument[0]]["Type"]]
        case "Fn::Sub":
            names = re.findall(r"\$\{([\w:]+)\}", argument)
            fixed = len(re.sub(r"\$\{[\w:]+\}", "", argument))
            return fixed + sum(longest_value({"Ref": name}) for name in names)
        case "Fn::If":
            return max(longest_value(branch) for branch in argument[1:])
    raise AssertionError(f"{function} in an environment: say how long it can be")


@pytest.mark.parametrize(
    "logical_id", [n for n, r in RESOURCES.items() if r["Type"] == "AWS::Lambda::Function"]
)
def test_environment_fits_whatever_the_parameters_are(logical_id: str) -> None:
    variables = RESOURCES[logical_id]["Properties"]["Environment"]["Variables"]
    # the local stack's own
    variables = {k: v for k, v in variables.items() if k != "MINISTACK_LAMBDA_PROXY_URL"}
    quoted = sum(len(f'"{name}":"",') + longest_value(value) for name, value in variables.items())
    left = ENVIRONMENT_BYTES - len("{}") - quoted
    assert left >= SPARE_BYTES, f"{logical_id} has {left} bytes left"


@pytest.mark.parametrize("name", ["InboundSay", "ConsentAnnouncement"])
def test_what_is_said_holds_nothing_that_json_makes_longer_than_four_bytes(name: str) -> None:
    pattern = re.compile(SOURCE["Parameters"][name]["AllowedPattern"])
    assert pattern.fullmatch('"Grüß Gott", 你好 👋')
    for number in (*range(32), 127):
        assert not pattern.fullmatch(f"a{chr(number)}b")
