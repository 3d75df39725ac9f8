"""Places calls: ``POST /calls``, and the schedules that place one later."""

from __future__ import annotations

import json
from typing import Any

from callscribe.api.entrypoints import Context, http_function
from callscribe.api.http import Event, Request, Response, respond
from callscribe.bootstrap.application import Application, process_application
from callscribe.domain.views import call_view
from callscribe.use_cases.place_call import Caller


def place_call(app: Application, request: Request) -> Response:
    caller = Caller(
        principal=request.principal,
        base_url=request.own_base_url,
        function_arn=request.function_arn,
        idempotency_key=request.headers.get("idempotency-key"),
    )
    call = app.place_call.from_request(request.json(), caller)
    app.telemetry.info("call asked", call_id=call.call_id, asked_by=request.caller)
    return respond(202, call_view(call, []))


def place_scheduled_call(app: Application, event: Event, context: Context) -> dict[str, Any]:
    """A one-time schedule carries ``call_id``; a recurring one a whole ``request`` and its time."""
    use_case = app.place_call
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


ROUTES = {"POST /calls": place_call}

handler = http_function(ROUTES, process_application, otherwise=place_scheduled_call)
