"""Places calls: ``POST /calls``, and the schedules that place one later."""

from __future__ import annotations

from typing import Any

from callscribe.api.callers import read_caller, read_recurring_call
from callscribe.api.entrypoints import Context, http_function
from callscribe.api.http import Event, Request, Response, respond
from callscribe.api.views import call_view
from callscribe.bootstrap.application import Application, process_application


def place_call(app: Application, request: Request) -> Response:
    call = app.place_call.from_request(request.json(), read_caller(request))
    return respond(202, call_view(call))


def place_scheduled_call(app: Application, event: Event, context: Context) -> dict[str, Any]:
    """A one-time schedule carries ``call_id``; a recurring one a whole ``request`` and its time."""
    if "call_id" in event:
        call = app.place_call.from_schedule(event["call_id"])
    else:
        arn = context.invoked_function_arn
        call = app.place_call.from_request(*read_recurring_call(event, function_arn=arn))
    return {"call_id": call.call_id, "status": call.status}


ROUTES = {"POST /calls": place_call}

handler = http_function(ROUTES, process_application, otherwise=place_scheduled_call)
