"""Who asks for a call: a request that is signed, or a schedule that fires."""

from __future__ import annotations

import json
from typing import Any

from callscribe.api.http import Event, Request
from callscribe.use_cases.place_call import Caller


def read_caller(request: Request) -> Caller:
    """Who signed the request, and what they sent beside its body."""
    return Caller(
        principal=request.principal,
        signed_by=request.caller,
        base_url=request.own_base_url,
        function_arn=request.function_arn,
        idempotency_key=request.idempotency_key,
    )


def read_recurring_call(event: Event, *, function_arn: str) -> tuple[Any, Caller]:
    """The request of the template's RecurringCall, and who asks: the schedule itself.

    ``request`` is the JSON of ``POST /calls``, as an object or as a string.
    """
    request = event["request"]
    caller = Caller(
        principal=event["schedule_arn"],
        signed_by=event["schedule_arn"],
        base_url=event["base_url"],
        function_arn=function_arn,
        # a schedule may fire twice for one time: the same key is the same call
        idempotency_key=event["scheduled_time"],
        scheduled_time=event["scheduled_time"],
    )
    return json.loads(request) if isinstance(request, str) else request, caller
