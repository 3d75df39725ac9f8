"""AssemblyAI's webhook: its secret is checked, its body is a hint, the transcript is fetched."""

from __future__ import annotations

from callscribe.adapters.assemblyai.webhook import UnreadableWebhookError, read_webhook
from callscribe.api.entrypoints import Context, http_function
from callscribe.api.http import Request, Response, respond_empty
from callscribe.bootstrap import wiring
from callscribe.domain.errors import FieldError, InvalidInputError


def transcript_complete(request: Request, _: Context) -> Response:
    """AssemblyAI gives up on any 4xx, so those are for what can never be right."""
    wiring.verifier().assemblyai(request)
    try:
        transcript_id = read_webhook(request.json())
    except UnreadableWebhookError as error:
        raise InvalidInputError([FieldError("transcript_id", "must be a string")]) from error
    if transcript_id is None:
        return respond_empty()
    wiring.finish_recording().from_webhook(
        request.path_parameters["call_id"],
        request.path_parameters["recording_sid"],
        transcript_id,
    )
    return respond_empty()


handler = http_function(
    {"POST /transcript-complete/{call_id}/{recording_sid}": transcript_complete}
)
