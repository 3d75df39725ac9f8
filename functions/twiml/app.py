"""Tells Twilio what to say and record, and keeps the call's status.

One function on purpose: the *ringing* callback warms the environment that answers when the person
picks up, so that no callee hears a cold start.
"""

from __future__ import annotations

from callscribe.adapters.twilio.callbacks import pressed_key, read_call_status, recorded_call_id
from callscribe.adapters.twilio.twiml import render_twiml
from callscribe.api.entrypoints import http_function
from callscribe.api.http import Request, Response, respond_empty, respond_text
from callscribe.bootstrap.application import Application, process_application
from callscribe.domain.scripts import Script


def opening(app: Application, request: Request) -> Response:
    form = app.twilio_callbacks.form(request)
    call_id = request.path_parameters["call_id"]
    return _twiml(app.answer_call.opening(call_id, recorded=recorded_call_id(form)))


def consent(app: Application, request: Request) -> Response:
    """The answer of a callee who was asked to press a key."""
    key = pressed_key(app.twilio_callbacks.form(request))
    return _twiml(app.answer_call.after_consent(request.path_parameters["call_id"], key))


def recorded(app: Application, request: Request) -> Response:
    app.twilio_callbacks.form(request)
    return _twiml(app.answer_call.closing(request.path_parameters["call_id"]))


def inbound(app: Application, request: Request) -> Response:
    form = app.twilio_callbacks.form(request)
    news, base_url = read_call_status(form), request.base_url(app.settings.public_base_url)
    script = app.answer_call.inbound(news, base_url=base_url, recorded=recorded_call_id(form))
    return _twiml(script)


def call_status(app: Application, request: Request) -> Response:
    """With our call_id in the path, or without for a call that we never placed."""
    news = read_call_status(app.twilio_callbacks.form(request))
    call_id = request.path_parameters.get("call_id")
    base_url = request.base_url(app.settings.public_base_url)
    app.track_call.receive(news, call_id=call_id, base_url=base_url)
    return respond_empty()


def _twiml(script: Script) -> Response:
    return respond_text(render_twiml(script), "text/xml; charset=utf-8")


ROUTES = {
    "POST /twiml": inbound,
    "POST /twiml/{call_id}": opening,
    "POST /twiml/{call_id}/consent": consent,
    "POST /twiml/{call_id}/recorded": recorded,
    "POST /call-status": call_status,
    "POST /call-status/{call_id}": call_status,
}

handler = http_function(ROUTES, process_application)
