"""Twilio's recording callback: verified, put on the queue, answered. Acknowledged means kept."""

from __future__ import annotations

from callscribe.adapters.twilio.callbacks import read_recording_status
from callscribe.api.entrypoints import http_function
from callscribe.api.http import Request, Response, respond_empty
from callscribe.bootstrap.application import Application, process_application


def recording_complete(app: Application, request: Request) -> Response:
    form = app.twilio_callbacks.form(request)
    update = read_recording_status(
        form,
        call_id=request.path_parameters.get("call_id"),
        base_url=request.base_url(app.settings.public_base_url),
    )
    app.receive_recording.receive(update)
    return respond_empty()


ROUTES = {
    "POST /recording-complete": recording_complete,
    "POST /recording-complete/{call_id}": recording_complete,
}

handler = http_function(ROUTES, process_application)
