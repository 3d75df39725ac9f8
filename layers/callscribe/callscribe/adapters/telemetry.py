"""Logs and metrics: one JSON line for each thing that happened, counts as CloudWatch metrics."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Mapping
from typing import Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit

# a full number in E.164, as it stands or in a URL
_PHONE_NUMBER = re.compile(r"(?:\+|%2[Bb])[1-9][0-9]{6,14}")


class PowertoolsTelemetry:
    """Implements ``ports.Telemetry``. Metrics leave with ``flush``, once an invocation."""

    def __init__(self) -> None:
        # Lambda's JSON format opens the root logger at INFO, where Twilio's library writes every
        # query and urllib3 every URL: the numbers of whoever was called. Ours has a level of its own
        logging.getLogger().setLevel(logging.ERROR)
        self.logger = Logger(json_serializer=_line)
        self._metrics = Metrics()

    def count(self, metric: str, value: float = 1) -> None:
        self._metrics.add_metric(name=metric, unit=MetricUnit.Count, value=value)

    def note(self, message: str, **fields: object) -> None:
        self.logger.info(message, extra=fields)

    def warn(self, message: str, **fields: object) -> None:
        self.logger.warning(message, extra=fields)

    def flush(self) -> None:
        """Writes the invocation's metrics; nothing where nothing was counted."""
        if self._metrics.metric_set:
            self._metrics.flush_metrics()


def _line(fields: Mapping[str, Any]) -> str:
    """One line of the log. No number is meant to come here; the text of a bug may still hold one."""
    text = json.dumps(fields, default=str, separators=(",", ":"), ensure_ascii=False)
    return _PHONE_NUMBER.sub("(a phone number)", text)
