"""What a stack costs at AWS in a month without calls, computed from the template.

List prices (bench/prices.json), no free tier, 30 days. What an idle run of `reconcile` does was
counted on the local stack, and tests/http/test_idle_cost.py checks that.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

PRICES: dict[str, Any] = json.loads(Path(__file__).with_name("prices.json").read_text())
AIM = 1.0
MINUTES = 30 * 24 * 60
# requests of an idle run: the lease, three windows of the vendors' lists, four shards of deadlines
RUN = {"UpdateItem": 8, "Query": 5, "ReceiveMessage": 1}
# a warm run takes 0.4 s here and a second of waiting for dead letters, with a whole core and vendors
# that answer at once; Lambda gives 0.29 of one, and three answers of the vendors come from far
WARM_SECONDS = 1.9
# Lambda ends even busy environments "every few hours" (its guide, on the environment's life cycle)
COLD_SECONDS = 4.5
HOURS_BETWEEN_COLD = 2
LOG_BYTES = 1000
# Lambda keeps five requests waiting for messages, twenty seconds each
POLLERS = 5
POLL_SECONDS = 20
# a secret is read anew every quarter of an hour; DynamoDB asks for its key every five minutes
SECRET_MINUTES = 15
TABLE_KEY_MINUTES = 5


def idle_month(resources: Mapping[str, Mapping[str, Any]]) -> dict[str, float]:
    """Dollars by component, of a translated template's resources."""
    runs = sum(MINUTES / minutes for minutes in _schedules(resources))
    [memory] = [
        r["Properties"]["MemorySize"]
        for name, r in resources.items()
        if name == "ReconcileFunction"
    ]
    colds = MINUTES / 60 / HOURS_BETWEEN_COLD
    seconds = runs * WARM_SECONDS + colds * (COLD_SECONDS - WARM_SECONDS)
    polls = len(_of(resources, "AWS::Lambda::EventSourceMapping")) * POLLERS
    polls *= int(MINUTES * 60 / POLL_SECONDS)
    role = json.dumps(resources["ReconcileRole"]["Properties"]["Policies"])
    secrets = len(set(re.findall(r":parameter/[^\"]+", role)))
    tables = len(_of(resources, "AWS::DynamoDB::Table"))
    return {
        "alarms": len(_of(resources, "AWS::CloudWatch::Alarm")) * PRICES["alarm_month"],
        "SQS, waiting for recordings": (polls + runs * RUN["ReceiveMessage"])
        * PRICES["sqs_request"],
        "Lambda, reconcile": runs * PRICES["lambda_request"]
        + seconds * memory / 1024 * PRICES["lambda_gb_second_arm64"],
        "DynamoDB, reconcile": runs
        * (
            RUN["UpdateItem"] * PRICES["dynamodb_write_unit"]
            + RUN["Query"] * PRICES["dynamodb_read_unit"]
        ),
        "KMS": (secrets * MINUTES / SECRET_MINUTES + tables * MINUTES / TABLE_KEY_MINUTES)
        * PRICES["kms_request"],
        "Scheduler": runs * PRICES["scheduler_invocation"],
        "logs": runs * LOG_BYTES / 1e9 * PRICES["logs_gb"],
        "secrets": len(_of(resources, "AWS::SecretsManager::Secret")) * PRICES["secret_month"],
    }


def _schedules(resources: Mapping[str, Mapping[str, Any]]) -> Iterator[int]:
    """How many minutes lie between two runs, of each schedule that is always there."""
    for resource in _of(resources, "AWS::Scheduler::Schedule"):
        if "Condition" not in resource:
            expression = resource["Properties"]["ScheduleExpression"]
            [minutes] = re.findall(r"^rate\((\d+) minutes\)$", expression)
            yield int(minutes)


def _of(resources: Mapping[str, Mapping[str, Any]], kind: str) -> list[Mapping[str, Any]]:
    return [resource for resource in resources.values() if resource["Type"] == kind]
