"""AssemblyAI's webhook: its secret is checked, its body is a hint, the transcript is fetched."""

from __future__ import annotations

from callscribe.api.entrypoints import http_function
from callscribe.api.http import Request, Response, respond_empty
from callscribe.bootstrap.application import Application, process_application


def transcript_complete(app: Application, request: Request) -> Response:
    transcript_id = app.assemblyai_webhooks.transcript_id(request)
    if transcript_id is not None:
        app.finish_recording.from_webhook(**request.path_parameters, transcript_id=transcript_id)
    return respond_empty()


ROUTES = {"POST /transcript-complete/{call_id}/{recording_sid}": transcript_complete}

handler = http_function(ROUTES, process_application)
