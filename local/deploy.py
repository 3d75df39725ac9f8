"""Deploys template.yaml to MiniStack: the real SAM translator, then CloudFormation."""

from __future__ import annotations

import io
import json
import re
import time
import warnings
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from math import inf
from pathlib import Path
from typing import Any
from unittest import mock

from local.ministack import REGION, MiniStack

with warnings.catch_warnings():
    # the translator's own imports use what pydantic has deprecated
    warnings.simplefilter("ignore")
    from samtranslator.translator.transform import transform
    from samtranslator.yaml_helper import yaml_parse

_WAIT_SECONDS = 60
_CODE_BUCKET = "local-code"
_ENVIRONMENT_BYTES = 4096


class DeploymentError(Exception):
    """The stack could not be created; names the resource and its reason."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Function:
    """A deployed function: ``code`` and ``layers`` are the template's folders, not built ones."""

    logical_id: str
    name: str
    arn: str
    handler: str
    code: Path
    layers: tuple[tuple[str, Path], ...]
    environment: Mapping[str, str]
    role_arn: str
    timeout_seconds: int
    memory_mb: int
    # Lambda's own AWS_LAMBDA_LOG_… variables, as LoggingConfig makes it set them
    log_variables: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    outputs: Mapping[str, str]
    functions: Mapping[str, Function]
    openapi: Mapping[str, Any]
    template: Mapping[str, Any]


def deploy(
    ministack: MiniStack,
    template: Path,
    *,
    stack_name: str,
    parameters: Mapping[str, str],
    invoke_url: str,
) -> Deployment:
    """Creates the stack; functions are invoked at ``invoke_url``/<logical id>.

    Raises:
        DeploymentError: with the first resource that failed, and why.
    """
    source = yaml_parse(template.read_text())
    check_parameters(source, parameters)
    translated = translate(source, parameters, invoke_url)
    _put_placeholder_code(ministack)
    cloudformation = ministack.client("cloudformation")
    # as `sam deploy` does: in the request itself a template may have 51,200 bytes only
    ministack.client("s3").put_object(
        Bucket=_CODE_BUCKET, Key="template.json", Body=json.dumps(translated).encode()
    )
    cloudformation.create_stack(
        StackName=stack_name,
        TemplateURL=f"{ministack.url}/{_CODE_BUCKET}/template.json",
        Capabilities=["CAPABILITY_IAM"],
        Parameters=[
            {"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()
        ],
    )
    outputs = _wait(cloudformation, stack_name)
    return Deployment(
        outputs=outputs,
        functions=_functions(ministack, stack_name, source, template.parent),
        openapi=_openapi(translated),
        template=translated,
    )


def check_parameters(source: Mapping[str, Any], given: Mapping[str, str]) -> None:
    """Refuses what CloudFormation refuses, which MiniStack lets in.

    Raises:
        DeploymentError: names the parameter and what it breaks.
    """
    declared = source.get("Parameters", {})
    unknown = sorted(set(given) - set(declared))
    if unknown:
        raise DeploymentError(f"Parameters: [{', '.join(unknown)}] do not exist in the template")
    for name, value in given.items():
        rule = declared[name]
        broken = [
            "AllowedValues" in rule and value not in map(str, rule["AllowedValues"]),
            "AllowedPattern" in rule and not re.fullmatch(rule["AllowedPattern"], value),
            len(value) > int(rule.get("MaxLength", 4096)),
            len(value) < int(rule.get("MinLength", 0)),
            rule["Type"] == "Number" and not _is_within(value, rule),
        ]
        if any(broken):
            what = rule.get("ConstraintDescription", rule.get("Description", ""))
            raise DeploymentError(f"Parameter {name} failed to satisfy constraint: {what}")


def _is_within(value: str, rule: Mapping[str, Any]) -> bool:
    if not re.fullmatch(r"-?[0-9]+(\.[0-9]+)?", value):
        return False
    return bool(rule.get("MinValue", -inf) <= float(value) <= rule.get("MaxValue", inf))


def check_environment(logical_id: str, variables: Mapping[str, str]) -> None:
    """Raises DeploymentError where Lambda would: it measures all variables as JSON."""
    measured = json.dumps(variables, ensure_ascii=False, separators=(",", ":")).encode()
    if len(measured) > _ENVIRONMENT_BYTES:
        raise DeploymentError(
            f"{logical_id}: Lambda was unable to configure your environment variables because the "
            f"environment variables you have provided exceeded the 4KB limit ({len(measured)} bytes)"
        )


def translate(
    source: Mapping[str, Any], parameters: Mapping[str, str], invoke_url: str
) -> dict[str, Any]:
    """SAM to CloudFormation, with code in a placeholder: it runs from the checkout, not from S3."""
    # MiniStack holds every schedule against the default group's ARN, whatever its group
    any_group = json.dumps(source, default=str).replace(
        ":schedule/${ScheduledCallsGroup}/", ":schedule/*/"
    )
    adapted = json.loads(any_group)
    placeholder = f"s3://{_CODE_BUCKET}/code.zip"
    for logical_id, resource in adapted["Resources"].items():
        properties = resource.get("Properties", {})
        if resource["Type"] == "AWS::Serverless::Function":
            properties["CodeUri"] = placeholder
            # MiniStack hands SQS, schedule and EventBridge invocations to this address
            variables = properties.setdefault("Environment", {}).setdefault("Variables", {})
            variables["MINISTACK_LAMBDA_PROXY_URL"] = f"{invoke_url}/{logical_id}"
        elif resource["Type"] == "AWS::Serverless::LayerVersion":
            properties["ContentUri"] = placeholder
        elif resource["Type"] == "AWS::S3::BucketPolicy":
            # on this machine S3 is spoken to without TLS
            document = properties["PolicyDocument"]
            document["Statement"] = [
                s for s in document["Statement"] if "aws:SecureTransport" not in str(s)
            ]
    with warnings.catch_warnings(), mock.patch.dict("os.environ", AWS_DEFAULT_REGION=REGION):
        warnings.simplefilter("ignore")
        translated = transform(adapted, dict(parameters), _ManagedPolicies())
    result: dict[str, Any] = json.loads(json.dumps(translated, default=str))
    _count_concurrency(result, source, parameters)
    return result


def _count_concurrency(
    translated: Mapping[str, Any], source: Mapping[str, Any], parameters: Mapping[str, str]
) -> None:
    """CloudFormation makes numbers of parameters; MiniStack would compare a text with a number."""
    for resource in translated["Resources"].values():
        scaling = resource.get("Properties", {}).get("ScalingConfig", {})
        name = scaling.get("MaximumConcurrency", {}).get("Ref")
        if name:
            default = source["Parameters"][name]["Default"]
            scaling["MaximumConcurrency"] = int(parameters.get(name, default))


class _ManagedPolicies:
    """The translator asks AWS for ARNs of managed policies; these are all that it needs here."""

    def load(self) -> dict[str, str]:
        names = ("AWSLambdaBasicExecutionRole", "AWSLambdaSQSQueueExecutionRole")
        return {name: f"arn:aws:iam::aws:policy/service-role/{name}" for name in names}


def _put_placeholder_code(ministack: MiniStack) -> None:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("app.py", "")
    s3 = ministack.client("s3")
    s3.create_bucket(Bucket=_CODE_BUCKET)
    s3.put_object(Bucket=_CODE_BUCKET, Key="code.zip", Body=archive.getvalue())


def _wait(cloudformation: Any, stack_name: str) -> dict[str, str]:
    deadline = time.monotonic() + _WAIT_SECONDS
    while time.monotonic() < deadline:
        stack = cloudformation.describe_stacks(StackName=stack_name)["Stacks"][0]
        status = stack["StackStatus"]
        if status == "CREATE_COMPLETE":
            return {o["OutputKey"]: o["OutputValue"] for o in stack.get("Outputs", [])}
        if not status.endswith("IN_PROGRESS") or status.startswith("ROLLBACK"):
            break
        time.sleep(0.05)
    events = cloudformation.describe_stack_events(StackName=stack_name)["StackEvents"]
    failures = [e for e in reversed(events) if e["ResourceStatus"].endswith("FAILED")]
    reasons = [f"{e['LogicalResourceId']}: {e.get('ResourceStatusReason')}" for e in failures]
    raise DeploymentError("; ".join(reasons) or f"the stack {stack_name} did not come up")


def _functions(
    ministack: MiniStack, stack_name: str, source: Mapping[str, Any], root: Path
) -> dict[str, Function]:
    found = {}
    for logical_id, resource in source["Resources"].items():
        if resource["Type"] != "AWS::Serverless::Function":
            continue
        physical = ministack.client("cloudformation").describe_stack_resource(
            StackName=stack_name, LogicalResourceId=logical_id
        )["StackResourceDetail"]["PhysicalResourceId"]
        configuration = ministack.client("lambda").get_function_configuration(FunctionName=physical)
        variables = dict(configuration.get("Environment", {}).get("Variables", {}))
        variables.pop("MINISTACK_LAMBDA_PROXY_URL")
        check_environment(logical_id, variables)
        found[logical_id] = Function(
            logical_id=logical_id,
            name=physical,
            arn=configuration["FunctionArn"],
            handler=configuration["Handler"],
            code=root / resource["Properties"]["CodeUri"],
            layers=_layers(source, resource, root),
            environment=variables,
            role_arn=configuration["Role"],
            timeout_seconds=configuration["Timeout"],
            memory_mb=configuration["MemorySize"],
            log_variables=_log_variables(resource["Properties"].get("LoggingConfig", {})),
        )
    return found


def _log_variables(logging: Mapping[str, Any]) -> dict[str, str]:
    """Lambda tells its runtime of the format, and with JSON of the level, which is INFO unless set."""
    if logging.get("LogFormat") != "JSON":
        return {}
    level = logging.get("ApplicationLogLevel", "INFO")
    return {"AWS_LAMBDA_LOG_FORMAT": "JSON", "AWS_LAMBDA_LOG_LEVEL": level}


def _layers(
    source: Mapping[str, Any], resource: Mapping[str, Any], root: Path
) -> tuple[tuple[str, Path], ...]:
    in_globals = source.get("Globals", {}).get("Function", {}).get("Layers", [])
    references = [*in_globals, *resource["Properties"].get("Layers", [])]
    names = [reference["Ref"] for reference in references]
    return tuple(
        (name, root / source["Resources"][name]["Properties"]["ContentUri"]) for name in names
    )


def _openapi(translated: Mapping[str, Any]) -> dict[str, Any]:
    """The routes, where SAM puts them: the API's Body, which MiniStack ignores."""
    for resource in translated["Resources"].values():
        if resource["Type"] == "AWS::ApiGatewayV2::Api":
            body: dict[str, Any] = resource["Properties"]["Body"]
            return body
    return {"paths": {}}
