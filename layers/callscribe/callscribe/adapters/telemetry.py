"""Logs, counts and metrics: JSON lines, one of them with all that an invocation counted.

A metric costs 0.30 dollar a month by its name and an alarm 0.10, so there is one of each for all that
a person should look at, sent only while there is such a thing; every count is a field of the log
(docs/operating.md has the queries).
"""

from __future__ import annotations

import json
import logging
import re
from collections import defaultdict
from collections.abc import Mapping
from functools import cached_property
from math import inf
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger

if TYPE_CHECKING:
    from aws_lambda_powertools import Metrics

# watched by NeedsAttentionAlarm in template.yaml
METRIC = "NeedsAttention"
# count → up to where it needs no attention
ATTENTION_LIMITS = {"OldestOverdueSeconds": 900.0, "UnmappedRecordings": 0.0}
# from the logging library past Powertools and the method here to who says something
_CALLER = 3

# a full number in E.164, as it stands or in a URL
_PHONE_NUMBER = re.compile(r"(?:\+|%2[Bb])[1-9][0-9]{6,14}")


class PowertoolsTelemetry:
    """Implements ``ports.InvocationTelemetry``. Counts leave with ``flush``, once an invocation.

    ``stack_name``: each stack's metrics have a namespace of their own, ``callscribe/<stack>``.
    """

    def __init__(self, stack_name: str) -> None:
        self._namespace = f"callscribe/{stack_name}"
        # Lambda's JSON format opens the root logger at INFO, where Twilio's library writes every
        # query and urllib3 every URL: the numbers that were called. Ours has a level of its own
        logging.getLogger().setLevel(logging.ERROR)
        self.logger = Logger(json_serializer=_line)
        self._counts: defaultdict[str, float] = defaultdict(int)

    def begin(self, request_id: str | None) -> None:
        self.logger.append_keys(request_id=request_id)

    def count(self, metric: str, value: float = 1) -> None:
        if value > ATTENTION_LIMITS.get(metric, inf):
            self._metrics.add_metric(name=METRIC, unit="Count", value=1)
        # whole numbers are written as such
        self._counts[metric] += int(value) if value == int(value) else value

    def info(self, message: str, **fields: object) -> None:
        self.logger.info(message, extra=fields, stacklevel=_CALLER)

    def warn(self, message: str, **fields: object) -> None:
        self.logger.warning(message, extra=fields, stacklevel=_CALLER)

    def exception(self, message: str, error: Exception) -> None:
        self.logger.exception(message, exc_info=error, stacklevel=_CALLER)

    def flush(self) -> None:
        """Writes the invocation's counts and metrics; nothing where nothing was counted."""
        counts = {name: value for name, value in self._counts.items() if value}
        self._counts.clear()
        if counts:
            self.logger.info("counts", extra={"counts": counts}, stacklevel=_CALLER)
        if "_metrics" in self.__dict__ and self._metrics.metric_set:
            self._metrics.flush_metrics()

    @cached_property
    def _metrics(self) -> Metrics:
        # only `reconcile` ever has one: no other function's cold start pays for them
        from aws_lambda_powertools import Metrics  # noqa: PLC0415

        return Metrics(namespace=self._namespace)


def _line(fields: Mapping[str, Any]) -> str:
    """One line of the log. No number is meant to come here; the text of a bug may still hold one."""
    text = json.dumps(fields, default=str, separators=(",", ":"), ensure_ascii=False)
    return _PHONE_NUMBER.sub("(a phone number)", text)
