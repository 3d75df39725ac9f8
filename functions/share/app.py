"""What a link to a call shows, to a person without an account: a page, and what it asks for.

The page is the same for every link. Its requests carry the link's token in a header, so that no log
has it.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from callscribe.api.entrypoints import http_function
from callscribe.api.http import Request, Response, respond, respond_text
from callscribe.api.queries import read_format
from callscribe.api.share_page import SECURITY_HEADERS, Page, build_page, origin_of
from callscribe.api.share_views import shared_audio_view, shared_call_view
from callscribe.bootstrap.application import Application, process_application
from callscribe.domain.rendering.formats import FORMATS

_VIEWER = Path(__file__).with_name("viewer")


def get_page(app: Application, _: Request) -> Response:
    page = _page(origin_of(app.gateways.documents.presigned_url("audio", seconds=1)))
    response = respond_text(page.html, "text/html; charset=utf-8")
    response["headers"]["content-security-policy"] = page.content_security_policy
    return response


def get_call(app: Application, request: Request) -> Response:
    return respond(200, shared_call_view(app.read_share.call(request.bearer_token)))


def get_recordings(app: Application, request: Request) -> Response:
    return respond(200, shared_audio_view(app.read_share.recordings(request.bearer_token)))


def get_transcript(app: Application, request: Request) -> Response:
    export = read_format(request.query)
    transcript = app.read_share.transcript(request.bearer_token)
    return respond_text(export.render(transcript), export.content_type)


@cache
def _page(audio_origin: str) -> Page:
    return build_page(_VIEWER, formats=[*FORMATS], audio_origin=audio_origin)


ROUTES = {
    "GET /shared": get_page,
    "GET /shared/call": get_call,
    "GET /shared/recordings": get_recordings,
    "GET /shared/transcript": get_transcript,
}

handler = http_function(ROUTES, process_application, headers=SECURITY_HEADERS)
