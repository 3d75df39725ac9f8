"""Twilio's recording callback: verified, put on the queue, answered. Acknowledged means kept."""

from __future__ import annotations

from callscribe.adapters.twilio.callbacks import read_recording_status
from callscribe.api.entrypoints import Context, http_function
from callscribe.api.http import Request, Response, respond_empty
from callscribe.bootstrap import wiring


def recording_complete(request: Request, _: Context) -> Response:
    form = wiring.verifier().twilio(request)
    update = read_recording_status(
        form,
        call_id=request.path_parameters.get("call_id"),
        base_url=request.base_url(wiring.settings().public_base_url),
    )
    wiring.receive_recording().receive(update)
    return respond_empty()


handler = http_function(
    {
        "POST /recording-complete": recording_complete,
        "POST /recording-complete/{call_id}": recording_complete,
    }
)
