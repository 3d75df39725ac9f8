"""What people ask for: calls, their list, transcripts, audio."""

from __future__ import annotations

from callscribe import wiring
from callscribe.handling import Context, http_function
from callscribe.http import Request, Response, respond, respond_text


def list_calls(request: Request, _: Context) -> Response:
    return respond(200, wiring.read_calls().page(request.query))


def get_call(request: Request, _: Context) -> Response:
    return respond(200, wiring.read_calls().get(request.path_parameters["call_id"]))


def get_recordings(request: Request, _: Context) -> Response:
    return respond(200, wiring.read_calls().recordings(request.path_parameters["call_id"]))


def get_transcript(request: Request, _: Context) -> Response:
    content_type, text = wiring.read_calls().transcript(
        request.path_parameters["call_id"], request.query
    )
    return respond_text(text, content_type)


handler = http_function(
    {
        "GET /calls": list_calls,
        "GET /calls/{call_id}": get_call,
        "GET /calls/{call_id}/recordings": get_recordings,
        "GET /calls/{call_id}/transcript": get_transcript,
    }
)
