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
