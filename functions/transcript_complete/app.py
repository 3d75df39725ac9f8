"""AssemblyAI's webhook: its secret is checked, its body is a hint, the transcript is fetched."""

from __future__ import annotations

from callscribe.adapters.assemblyai.webhook import UnreadableWebhookError, read_webhook
from callscribe.api.entrypoints import http_function
from callscribe.api.http import Request, Response, respond_empty
from callscribe.bootstrap.application import Application, process_application
from callscribe.domain.errors import FieldError, InvalidInputError


def transcript_complete(app: Application, request: Request) -> Response:
    """AssemblyAI gives up on any 4xx, so those are for what can never be right."""
    app.assemblyai_webhooks.assemblyai(request)
    try:
        transcript_id = read_webhook(request.json())
    except UnreadableWebhookError as error:
        raise InvalidInputError([FieldError("transcript_id", "must be a string")]) from error
    if transcript_id is None:
        return respond_empty()
    app.finish_recording.from_webhook(
        request.path_parameters["call_id"],
        request.path_parameters["recording_sid"],
        transcript_id,
    )
    return respond_empty()


ROUTES = {"POST /transcript-complete/{call_id}/{recording_sid}": transcript_complete}

handler = http_function(ROUTES, process_application)
