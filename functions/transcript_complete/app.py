"""AssemblyAI's webhook: its secret is checked, its body is a hint, the transcript is fetched."""

from __future__ import annotations

from callscribe.api.entrypoints import Context, http_function
from callscribe.api.http import Request, Response, respond_empty
from callscribe.bootstrap import wiring
from callscribe.domain.errors import FieldError, InvalidInputError


def transcript_complete(request: Request, _: Context) -> Response:
    """AssemblyAI gives up on any 4xx, so those are for what can never be right."""
    wiring.verifier().assemblyai(request)
    body = request.json()
    transcript_id = body.get("transcript_id") if isinstance(body, dict) else None
    if isinstance(body, dict) and body.get("status") == "redacted_audio_ready":
        return respond_empty()
    if not isinstance(transcript_id, str) or not 1 <= len(transcript_id) <= 64:
        raise InvalidInputError([FieldError("transcript_id", "must be a string")])
    wiring.finish_recording().from_webhook(
        request.path_parameters["call_id"],
        request.path_parameters["recording_sid"],
        transcript_id,
    )
    return respond_empty()


handler = http_function(
    {"POST /transcript-complete/{call_id}/{recording_sid}": transcript_complete}
)
