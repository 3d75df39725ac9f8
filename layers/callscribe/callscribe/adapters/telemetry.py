"""Logs and metrics: one JSON line for each thing that happened, counts as CloudWatch metrics."""

from __future__ import annotations

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit


class PowertoolsTelemetry:
    """Implements ``ports.Telemetry``. Metrics leave with ``flush``, once an invocation."""

    def __init__(self) -> None:
        self.logger = Logger()
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
