"""The small copies of botocore's models have every operation that the adapters call."""

from __future__ import annotations

import importlib.util
import re
from types import ModuleType

from local.options import ROOT

ADAPTERS = ROOT / "layers/callscribe/callscribe/adapters"
# which client an adapter's module is given
SERVICES = {
    "dynamodb.py": "dynamodb",
    "eventbridge.py": "events",
    "s3.py": "s3",
    "assemblyai.py": "s3",
    "scheduler.py": "scheduler",
    "secrets.py": "ssm",
    "sqs.py": "sqs",
    "twilio_media.py": "s3",
}
# made by the client itself, of the operation named beside it; and what is no operation
NO_OPERATIONS = {"generate_presigned_url", "get_paginator", "exceptions"}


def load() -> ModuleType:
    spec = importlib.util.spec_from_file_location("aws", ROOT / "layers/dependencies/aws.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def camel(name: str) -> str:
    return "".join(part.capitalize() for part in name.split("_"))


def test_every_operation_that_is_called_is_in_the_copies() -> None:
    operations = load().OPERATIONS
    called: dict[str, set[str]] = {name: set() for name in operations}
    for module, service in SERVICES.items():
        source = (ADAPTERS / module).read_text()
        names = set(re.findall(r"self\._(?:client|s3)\.(\w+)", source)) - NO_OPERATIONS
        names |= set(re.findall(r'get_paginator\("(\w+)"\)', source))
        names |= set(re.findall(r'generate_presigned_url\(\s*"(\w+)"', source))
        called[service] |= {camel(name) for name in names}
    assert all(called.values())
    for service, names in called.items():
        assert names - set(operations[service]) == set(), service


def test_adapters_with_a_client_are_all_looked_at() -> None:
    with_client = {
        path.name
        for path in ADAPTERS.glob("*.py")
        if re.search(r"self\._(?:client|s3)\.\w+\(", path.read_text())
    }
    # its client is Twilio's own
    assert with_client - {"twilio_api.py"} == set(SERVICES)
