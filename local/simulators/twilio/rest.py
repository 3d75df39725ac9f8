"""Twilio's REST API, version 2010-04-01: calls, recordings and their media."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from urllib.parse import parse_qs, urlsplit

from local.http_server import Request, Response
from local.simulators.faults import json_response
from local.simulators.twilio.account_setup import AccountSetup
from local.simulators.twilio.answers import page, refuse
from local.simulators.twilio.audio import mixed, write_wav
from local.simulators.twilio.rules import (
    API_VERSION,
    NOT_ENDED,
    UNFINISHED,
    Refusal,
    not_found,
    not_valid,
)
from local.simulators.twilio.state import (
    Account,
    Call,
    Recording,
    call_resource,
    new_sid,
    recording_resource,
)

_E164 = re.compile(r"\+[1-9]\d{6,14}")
# the numbers of Twilio's test credentials, which fail in one way each (the last is our own); Twilio
# repeats the number in its words
_MAGIC = {
    "+15005550002": (21214, "The phone number you are attempting to call, {}, cannot be reached."),
    "+15005550003": (21215, "Account not authorized to call {}: geo permissions."),
    "+15005550004": (21216, "The phone number you are attempting to call, {}, is blocked."),
    "+15005550009": (21219, "The number {} is unverified. Trial accounts call verified numbers."),
}
_NOT_VALID = "+15005550001"


class Rest:
    """The resources of one account. ``dial`` is told of each call that is placed; ``auth_token``: the
    primary one."""

    def __init__(
        self, account: Account, dial: Callable[[Call], None], auth_token: Callable[[], str]
    ) -> None:
        self._account = account
        self._dial = dial
        self._setup = AccountSetup(account, auth_token)
        root = f"/{API_VERSION}/Accounts/{account.sid}"
        self._routes: list[tuple[str, re.Pattern[str], str]] = [
            ("POST", re.compile(rf"{root}/Calls\.json"), "calls.create"),
            ("GET", re.compile(rf"{root}/Calls\.json"), "calls.list"),
            ("GET", re.compile(rf"{root}/Calls/(CA\w+)\.json"), "calls.fetch"),
            ("POST", re.compile(rf"{root}/Calls/(CA\w+)\.json"), "calls.update"),
            ("DELETE", re.compile(rf"{root}/Calls/(CA\w+)\.json"), "calls.delete"),
            ("GET", re.compile(rf"{root}/Recordings\.json"), "recordings.list"),
            ("GET", re.compile(rf"{root}/Calls/(CA\w+)/Recordings\.json"), "recordings.list"),
            ("GET", re.compile(rf"{root}/Recordings/(RE\w+)\.json"), "recordings.fetch"),
            ("DELETE", re.compile(rf"{root}/Recordings/(RE\w+)\.json"), "recordings.delete"),
            ("GET", re.compile(rf"{root}/Recordings/(RE[0-9a-f]+)(\.wav|\.mp3)?"), "media.get"),
        ]

    def route(self, request: Request) -> tuple[str, Callable[[], Response]] | None:
        """The operation that a request asks for, and how to carry it out."""
        for method, pattern, operation in self._routes:
            match = pattern.fullmatch(request.raw_path)
            if match and method == request.method:
                handler = getattr(self, "_" + operation.replace(".", "_"))
                return operation, partial(handler, request, *match.groups())
        return self._setup.route(request)

    def _calls_create(self, request: Request) -> Response:
        form = parse_qs(request.body.decode(), keep_blank_values=True)
        refused = _refusal(form, self._account)
        if refused is not None:
            return refuse(refused)
        call = Call(new_sid("CA"), form["To"][-1], form["From"][-1], "outbound-api", form)
        with self._account.lock:
            self._account.calls[call.sid] = call
        resource = call_resource(call, self._account.sid)
        self._dial(call)
        return json_response(201, resource)

    def _calls_fetch(self, _: Request, sid: str) -> Response:
        return self._with_call(sid, lambda _: None)

    def _calls_update(self, request: Request, sid: str) -> Response:
        status = parse_qs(request.body.decode()).get("Status", [""])[-1]
        if status not in ("completed", "canceled"):
            return refuse(Refusal(20001, "Status must be completed or canceled"))
        return self._with_call(sid, lambda call: call.hung_up.set())

    def _calls_delete(self, _: Request, sid: str) -> Response:
        with self._account.lock:
            call = self._account.calls.get(sid)
            if call is not None and call.ended_at is None:
                return refuse(NOT_ENDED)
            self._account.calls.pop(sid, None)
        return Response(status=204) if call else refuse(not_found(sid))

    def _calls_list(self, request: Request) -> Response:
        query = parse_qs(request.raw_query)
        with self._account.lock:
            calls = list(self._account.calls.values())
        wanted = {"To": "to_number", "From": "from_number", "Status": "status"}
        for name, attribute in wanted.items():
            if name in query:
                calls = [call for call in calls if getattr(call, attribute) == query[name][-1]]
        calls = [c for c in calls if _within_dates(query, "StartTime", c.answered_at)]
        calls = [c for c in calls if _within_dates(query, "EndTime", c.ended_at)]
        calls.sort(key=lambda call: call.created_at, reverse=True)
        resources = [call_resource(call, self._account.sid) for call in calls]
        return json_response(200, page("calls", resources, request))

    def _recordings_list(self, request: Request, call_sid: str | None = None) -> Response:
        query = parse_qs(request.raw_query)
        call_sid = call_sid or (query.get("CallSid") or [""])[-1]
        with self._account.lock:
            recordings = list(self._account.recordings.values())
        if call_sid:
            recordings = [r for r in recordings if r.call_sid == call_sid]
        recordings = [r for r in recordings if _within_dates(query, "DateCreated", r.created_at)]
        recordings.sort(key=lambda recording: recording.created_at, reverse=True)
        resources = [recording_resource(r, self._account.sid) for r in recordings]
        return json_response(200, page("recordings", resources, request))

    def _recordings_fetch(self, _: Request, sid: str) -> Response:
        recording = self._recording(sid)
        if recording is None:
            return refuse(not_found(sid))
        return json_response(200, recording_resource(recording, self._account.sid))

    def _recordings_delete(self, _: Request, sid: str) -> Response:
        with self._account.lock:
            recording = self._account.recordings.get(sid)
            if recording is not None and recording.status in UNFINISHED:
                return refuse(NOT_ENDED)
            self._account.recordings.pop(sid, None)
        return Response(status=204) if recording else refuse(not_found(sid))

    def _media_get(self, request: Request, sid: str, suffix: str | None) -> Response:
        recording = self._recording(sid)
        if recording is None or recording.channels is None or time.monotonic() < recording.ready_at:
            return refuse(not_found(sid))
        if suffix == ".mp3":
            return refuse(Refusal(20500, "The simulator has no MP3 encoder: ask for .wav", 501))
        wanted = parse_qs(request.raw_query).get("RequestedChannels", [None])[-1]
        channels = recording.channels
        if wanted == "2" and len(channels) == 1:
            return refuse(Refusal(20001, "RequestedChannels is 2 but the recording has one"))
        if wanted != "2" and len(channels) == 2:
            channels = (mixed(channels),)
        return Response(headers={"Content-Type": "audio/x-wav"}, body=write_wav(channels))

    def _with_call(self, sid: str, act: Callable[[Call], object]) -> Response:
        with self._account.lock:
            call = self._account.calls.get(sid)
        if call is None:
            return refuse(not_found(sid))
        act(call)
        return json_response(200, call_resource(call, self._account.sid))

    def _recording(self, sid: str) -> Recording | None:
        with self._account.lock:
            return self._account.recordings.get(sid)


def _refusal(form: Mapping[str, Sequence[str]], account: Account) -> Refusal | None:
    to_number = (form.get("To") or [""])[-1]
    from_number = (form.get("From") or [""])[-1]
    if not to_number:
        return Refusal(21201, "No 'To' number is specified")
    if not from_number:
        return Refusal(21213, "No 'From' number is specified")
    if not _E164.fullmatch(to_number) or to_number == _NOT_VALID:
        return not_valid(to_number)
    if to_number in _MAGIC:
        code, words = _MAGIC[to_number]
        return Refusal(code, words.format(to_number))
    if from_number not in account.numbers:
        return Refusal(21210, "The source phone number provided is not yet verified.")
    return _url_refusal(form)


def _url_refusal(form: Mapping[str, Sequence[str]]) -> Refusal | None:
    url = (form.get("Url") or [""])[-1]
    if not url and not form.get("Twiml") and not form.get("ApplicationSid"):
        return Refusal(21205, "Url parameter is missing")
    for name in ("Url", "StatusCallback", "RecordingStatusCallback"):
        value = (form.get(name) or [""])[-1]
        parts = urlsplit(value)
        if value and (parts.scheme not in ("http", "https") or not parts.hostname):
            return Refusal(21205, f"{name} is not a valid URL: {value}")
        if "_" in (parts.hostname or ""):
            return Refusal(21205, f"{name} has an underscore in its hostname")
    return None


def _within_dates(query: Mapping[str, Sequence[str]], name: str, moment: datetime | None) -> bool:
    """Twilio's filters have their comparison in the name: StartTime>, StartTime<, by day or time."""
    for suffix in ("", ">", "<"):
        given = query.get(name + suffix)
        if not given:
            continue
        if moment is None:
            return False
        shown = moment.strftime("%Y-%m-%dT%H:%M:%SZ")[: len(given[-1])]
        holds = {"": shown == given[-1], ">": shown >= given[-1], "<": shown <= given[-1]}
        if not holds[suffix]:
            return False
    return True
