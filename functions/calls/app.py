"""What people ask for: calls, transcripts, audio, another try, imports, erasure, no more dialing."""

from __future__ import annotations

from dataclasses import asdict

from callscribe.api.entrypoints import Context, http_function
from callscribe.api.http import Request, Response, respond, respond_text
from callscribe.bootstrap import wiring


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


def retry_call(request: Request, _: Context) -> Response:
    return respond(202, wiring.redrive().retry_call(request.path_parameters["call_id"]))


def retry_failed(request: Request, _: Context) -> Response:
    return respond(202, wiring.redrive().retry_failed(request.json()))


def erase_call(request: Request, _: Context) -> Response:
    call_id = request.path_parameters["call_id"]
    return respond(202, wiring.request_erasure().request(call_id, asked_by=request.caller))


def erase_calls(request: Request, _: Context) -> Response:
    answer = wiring.request_erasure().request_for_number(request.json(), asked_by=request.caller)
    return respond(202, answer)


def list_scheduled(request: Request, _: Context) -> Response:
    answer = wiring.scheduled_calls().page(request.query, principal=request.principal)
    return respond(200, answer)


def cancel_call(request: Request, _: Context) -> Response:
    call_id = request.path_parameters["call_id"]
    return respond(200, wiring.scheduled_calls().cancel(call_id, principal=request.principal))


def cancel_calls(request: Request, _: Context) -> Response:
    answer = wiring.scheduled_calls().cancel_all(request.json(), principal=request.principal)
    return respond(200, answer)


def ask_import(request: Request, _: Context) -> Response:
    answer = wiring.import_recordings().create_import(
        request.json(),
        principal=request.principal,
        idempotency_key=request.headers.get("idempotency-key"),
    )
    return respond(202, answer)


def get_import(request: Request, _: Context) -> Response:
    return respond(200, wiring.import_recordings().get(request.path_parameters["import_id"]))


def get_dialing(_: Request, __: Context) -> Response:
    return respond(200, asdict(wiring.manage_dialing().state()))


def switch_dialing(request: Request, _: Context) -> Response:
    switch = wiring.manage_dialing().switch(request.json(), changed_by=request.caller)
    return respond(200, asdict(switch))


def set_do_not_call(request: Request, _: Context) -> Response:
    number = request.path_parameters["phone_number"]
    return respond(200, asdict(wiring.manage_dialing().list_number(number, listed=True)))


def take_off_list(request: Request, _: Context) -> Response:
    number = request.path_parameters["phone_number"]
    return respond(200, asdict(wiring.manage_dialing().list_number(number, listed=False)))


handler = http_function(
    {
        "GET /calls": list_calls,
        "GET /calls/{call_id}": get_call,
        "GET /calls/{call_id}/recordings": get_recordings,
        "GET /calls/{call_id}/transcript": get_transcript,
        "DELETE /calls/{call_id}": erase_call,
        "POST /erasures": erase_calls,
        "POST /calls/{call_id}/retry": retry_call,
        "POST /retries": retry_failed,
        "GET /scheduled-calls": list_scheduled,
        "POST /calls/{call_id}/cancel": cancel_call,
        "POST /cancellations": cancel_calls,
        "POST /imports": ask_import,
        "GET /imports/{import_id}": get_import,
        "GET /dialing": get_dialing,
        "PUT /dialing": switch_dialing,
        "PUT /do-not-call/{phone_number}": set_do_not_call,
        "DELETE /do-not-call/{phone_number}": take_off_list,
    }
)
