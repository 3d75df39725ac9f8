"""What people ask for: calls, transcripts, audio, another try, imports, erasure, no more dialing."""

from __future__ import annotations

from dataclasses import asdict

from callscribe.api.entrypoints import http_function
from callscribe.api.http import Request, Response, respond, respond_empty, respond_text
from callscribe.api.queries import (
    read_call_list,
    read_changes,
    read_format,
    read_scheduled_list,
)
from callscribe.api.share_views import ShareListView, new_share_view, share_view
from callscribe.api.views import (
    call_audio_view,
    call_page_view,
    call_summary,
    call_view,
    change_page_view,
    import_view,
    scheduled_page_view,
)
from callscribe.bootstrap.application import Application, process_application


def list_calls(app: Application, request: Request) -> Response:
    page = app.read_calls.page(read_call_list(request.query))
    return respond(200, call_page_view(page))


def get_call(app: Application, request: Request) -> Response:
    call, recordings = app.read_calls.get(request.path_parameters["call_id"])
    return respond(200, call_view(call, recordings))


def get_recordings(app: Application, request: Request) -> Response:
    audio = app.read_calls.recordings(request.path_parameters["call_id"])
    return respond(200, call_audio_view(audio))


def get_transcript(app: Application, request: Request) -> Response:
    export = read_format(request.query)
    transcript = app.read_calls.transcript(request.path_parameters["call_id"])
    return respond_text(export.render(transcript), export.content_type)


def get_peaks(app: Application, request: Request) -> Response:
    ids = [request.path_parameters[name] for name in ("call_id", "recording_sid")]
    return respond(200, app.read_calls.peaks(*ids))


def list_changes(app: Application, request: Request) -> Response:
    page = app.follow_changes.page(read_changes(request.query))
    return respond(200, change_page_view(page))


def retry_call(app: Application, request: Request) -> Response:
    return respond(202, asdict(app.redrive.retry_call(request.path_parameters["call_id"])))


def retry_failed(app: Application, request: Request) -> Response:
    return respond(202, asdict(app.redrive.retry_failed(request.json())))


def erase_call(app: Application, request: Request) -> Response:
    call_id = request.path_parameters["call_id"]
    call = app.request_erasure.request(call_id, asked_by=request.caller)
    return respond(202, call_summary(call))


def erase_calls(app: Application, request: Request) -> Response:
    erasures = app.request_erasure.request_for_number(request.json(), asked_by=request.caller)
    return respond(202, asdict(erasures))


def list_scheduled(app: Application, request: Request) -> Response:
    page = app.scheduled_calls.page(read_scheduled_list(request.query, request.principal))
    return respond(200, scheduled_page_view(page))


def cancel_call(app: Application, request: Request) -> Response:
    call_id = request.path_parameters["call_id"]
    call = app.scheduled_calls.cancel(call_id, principal=request.principal)
    return respond(200, call_summary(call))


def cancel_calls(app: Application, request: Request) -> Response:
    canceled = app.scheduled_calls.cancel_all(request.json(), principal=request.principal)
    return respond(200, asdict(canceled))


def share_call(app: Application, request: Request) -> Response:
    made = app.share_call.create(
        request.path_parameters["call_id"],
        request.json(),
        created_by=request.caller,
        own_base_url=request.own_base_url,
    )
    return respond(201, new_share_view(made))


def list_shares(app: Application, request: Request) -> Response:
    shares = app.share_call.current(request.path_parameters["call_id"])
    return respond(200, ShareListView(shares=[share_view(share) for share in shares]))


def revoke_share(app: Application, request: Request) -> Response:
    parameters = request.path_parameters
    app.share_call.revoke(parameters["call_id"], parameters["share_id"])
    return respond_empty()


def create_import(app: Application, request: Request) -> Response:
    sweep = app.import_recordings.create_import(
        request.json(), principal=request.principal, idempotency_key=request.idempotency_key
    )
    return respond(202, import_view(sweep))


def get_import(app: Application, request: Request) -> Response:
    sweep = app.import_recordings.get(request.path_parameters["import_id"])
    return respond(200, import_view(sweep))


def get_dialing(app: Application, _: Request) -> Response:
    return respond(200, asdict(app.manage_dialing.state()))


def switch_dialing(app: Application, request: Request) -> Response:
    switch = app.manage_dialing.switch(request.json(), changed_by=request.caller)
    return respond(200, asdict(switch))


def set_do_not_call(app: Application, request: Request) -> Response:
    number = request.path_parameters["phone_number"]
    return respond(200, asdict(app.manage_dialing.list_number(number, listed=True)))


def take_off_list(app: Application, request: Request) -> Response:
    number = request.path_parameters["phone_number"]
    return respond(200, asdict(app.manage_dialing.list_number(number, listed=False)))


ROUTES = {
    "GET /calls": list_calls,
    "GET /calls/{call_id}": get_call,
    "GET /calls/{call_id}/recordings": get_recordings,
    "GET /calls/{call_id}/transcript": get_transcript,
    "GET /calls/{call_id}/recordings/{recording_sid}/peaks": get_peaks,
    "GET /changes": list_changes,
    "DELETE /calls/{call_id}": erase_call,
    "POST /calls/{call_id}/shares": share_call,
    "GET /calls/{call_id}/shares": list_shares,
    "DELETE /calls/{call_id}/shares/{share_id}": revoke_share,
    "POST /erasures": erase_calls,
    "POST /calls/{call_id}/retry": retry_call,
    "POST /retries": retry_failed,
    "GET /scheduled-calls": list_scheduled,
    "POST /calls/{call_id}/cancel": cancel_call,
    "POST /cancellations": cancel_calls,
    "POST /imports": create_import,
    "GET /imports/{import_id}": get_import,
    "GET /dialing": get_dialing,
    "PUT /dialing": switch_dialing,
    "PUT /do-not-call/{phone_number}": set_do_not_call,
    "DELETE /do-not-call/{phone_number}": take_off_list,
}

handler = http_function(ROUTES, process_application)
