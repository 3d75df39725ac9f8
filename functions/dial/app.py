"""Places calls: ``POST /calls``, and the schedules that place one later."""

from __future__ import annotations

import json
from typing import Any

from callscribe.api.entrypoints import Context, http_function, observed
from callscribe.api.http import Event, Request, Response, respond
from callscribe.bootstrap import wiring
from callscribe.domain.views import call_view
from callscribe.use_cases.place_call import Caller


def place_call(request: Request, context: Context) -> Response:
    caller = Caller(
        principal=request.principal,
        base_url=request.own_base_url,
        function_arn=context.invoked_function_arn,
        idempotency_key=request.headers.get("idempotency-key"),
    )
    call = wiring.place_call().from_request(request.json(), caller)
    wiring.telemetry().info("call asked", call_id=call.call_id, asked_by=request.caller)
    return respond(202, call_view(call, []))


@observed
def place_scheduled_call(event: Event, context: Context) -> dict[str, Any]:
    """A one-time schedule carries ``call_id``; a recurring one a whole ``request`` and its time."""
    use_case = wiring.place_call()
    if "call_id" in event:
        call = use_case.from_schedule(event["call_id"])
    else:
        request = event["request"]
        caller = Caller(
            principal=event["schedule_arn"],
            base_url=event["base_url"],
            function_arn=context.invoked_function_arn,
            # a schedule may fire twice for one time: the same key is the same call
            idempotency_key=event["scheduled_time"],
            scheduled_time=event["scheduled_time"],
        )
        body = json.loads(request) if isinstance(request, str) else request
        call = use_case.from_request(body, caller)
    return {"call_id": call.call_id, "status": call.status}


_answer_http = http_function({"POST /calls": place_call})


def handler(event: Event, context: Context) -> Any:
    """API Gateway's events name a route; EventBridge Scheduler's do not."""
    return (_answer_http if "routeKey" in event else place_scheduled_call)(event, context)
