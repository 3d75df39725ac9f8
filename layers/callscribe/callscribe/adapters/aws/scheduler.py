"""EventBridge Scheduler: one-time schedules for calls that are to be placed later."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from callscribe.adapters.aws.errors import translated
from callscribe.domain.errors import RetryLaterError

if TYPE_CHECKING:
    from mypy_boto3_scheduler import EventBridgeSchedulerClient


class EventBridgeSchedules:
    """Implements ``ports.Schedules``."""

    def __init__(
        self,
        client: EventBridgeSchedulerClient,
        *,
        group_name: str,
        role_arn: str,
        dead_letter_arn: str,
    ) -> None:
        self._client = client
        self._group = group_name
        self._role_arn = role_arn
        self._dead_letter_arn = dead_letter_arn

    @translated("EventBridge Scheduler")
    def place_call_at(self, call_id: str, place_at: str, *, target_arn: str) -> None:
        """Named after the call, so that asking twice is harmless; deletes itself afterwards."""
        try:
            self._client.create_schedule(
                Name=call_id,
                GroupName=self._group,
                # Scheduler's at() takes seconds and no offset
                ScheduleExpression=f"at({place_at[:19]})",
                ScheduleExpressionTimezone="UTC",
                FlexibleTimeWindow={"Mode": "OFF"},
                ActionAfterCompletion="DELETE",
                Target={
                    "Arn": target_arn,
                    "RoleArn": self._role_arn,
                    "Input": json.dumps({"call_id": call_id}),
                    # the call stands in the table: what Scheduler gives up, `reconcile` places
                    "RetryPolicy": {"MaximumEventAgeInSeconds": 900, "MaximumRetryAttempts": 3},
                    "DeadLetterConfig": {"Arn": self._dead_letter_arn},
                },
            )
        except self._client.exceptions.ConflictException:
            return
        except self._client.exceptions.ServiceQuotaExceededException as error:
            raise RetryLaterError("EventBridge Scheduler is full", seconds=60) from error
