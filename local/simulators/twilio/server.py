"""The simulator as a whole: Twilio's API, the fault control, and test hooks for tests under /_sim."""

from __future__ import annotations

import base64
import hmac
import json
import time
from collections.abc import Sequence
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from typing import Any

from local.http_server import Request, Response, Server
from local.simulators.faults import Faults, json_response
from local.simulators.tasks import Tasks
from local.simulators.twilio.answers import refuse
from local.simulators.twilio.callbacks import Callbacks
from local.simulators.twilio.engine import Engine
from local.simulators.twilio.rest import Rest
from local.simulators.twilio.rules import UNAUTHORIZED, not_found
from local.simulators.twilio.state import BEHAVIORS, Account, Call, Phone, Recording, new_sid
from local.speech.clips import load_clips

OPERATIONS = (
    "calls.create",
    "calls.fetch",
    "calls.list",
    "calls.update",
    "calls.delete",
    "recordings.list",
    "recordings.fetch",
    "recordings.delete",
    "media.get",
    "account.fetch",
    "balance.fetch",
    "numbers.list",
    "numbers.update",
    "caller_ids.list",
    "countries.list",
    "callback.twiml",
    "callback.status",
    "callback.recording",
)
SIMULATED = {"X-Simulated": "callscribe Twilio simulator"}


class TwilioSimulator:
    """Listens until closed. ``numbers`` are the account's own, in E.164."""

    def __init__(  # noqa: PLR0913 - every option of the simulator
        self,
        account_sid: str,
        auth_token: str,
        api_key_sid: str,
        api_key_secret: str,
        *,
        numbers: Sequence[str],
        port: int = 0,
        speed: float = 10.0,
        seed: int = 0,
        media_ready_after_seconds: float = 0.0,
    ) -> None:
        self._api_key_sid = api_key_sid
        self.credentials = {account_sid: auth_token, api_key_sid: api_key_secret}
        self.auth_token = auth_token
        self.account = Account(account_sid, tuple(numbers))
        self.faults = Faults(OPERATIONS, seed=seed)
        self.requests: list[dict[str, Any]] = []
        self._tasks = Tasks("twilio")
        self.callbacks = Callbacks(account_sid, auth_token, self._tasks, self.faults)
        self.engine = Engine(
            self.account,
            self.callbacks,
            self._tasks,
            speed=speed,
            media_ready_after_seconds=media_ready_after_seconds,
        )
        self._rest = Rest(self.account, self._start, lambda: self.auth_token)
        self._server = Server(self._answer, port=port)
        self.url = self._server.url

    def close(self) -> None:
        self._server.close()
        self._tasks.close()
        self.callbacks.session.close()

    def _start(self, call: Call) -> None:
        self._tasks.start(lambda: self.engine.dial(call))

    def _answer(self, request: Request) -> Response:
        answer = self.faults.control(request) or self._test_hooks(request) or self._vendor(request)
        headers = {**answer.headers, **SIMULATED}
        return Response(status=answer.status, headers=headers, body=answer.body)

    def _vendor(self, request: Request) -> Response:
        found = self._rest.route(request)
        if found is None:
            return refuse(not_found(request.raw_path))
        operation, act = found
        self.requests.append(
            {
                "operation": operation,
                "method": request.method,
                "path": request.raw_path,
                "query": request.raw_query,
                "form": request.body.decode(errors="replace"),
            }
        )

        def authenticated() -> Response:
            user = self._user(request)
            # a standard API key opens everything but the account itself
            closed = operation == "account.fetch" and user == self._api_key_sid
            return refuse(UNAUTHORIZED) if user is None or closed else act()

        return self.faults.serve(operation, authenticated)

    def _user(self, request: Request) -> str | None:
        """Whose credentials the request has; None: none that are right."""
        scheme, _, encoded = (request.header("Authorization") or "").partition(" ")
        try:
            name, _, secret = base64.b64decode(encoded).decode().partition(":")
        except ValueError:
            return None
        expected = self.credentials.get(name, "")
        matches = hmac.compare_digest(secret.encode(), expected.encode())
        return name if scheme.lower() == "basic" and expected and matches else None

    def _test_hooks(self, request: Request) -> Response | None:
        if not request.raw_path.startswith("/_sim/"):
            return None
        hook = (request.method, request.raw_path.removeprefix("/_sim/"))
        try:
            body = json.loads(request.body) if request.body else {}
            return self._pull(hook, body)
        except (ValueError, KeyError, TypeError) as problem:
            return json_response(400, {"title": "Bad test hook", "detail": repr(problem)})

    def _pull(  # noqa: PLR0911 - a table
        self, hook: tuple[str, str], body: dict[str, Any]
    ) -> Response:
        """One of the test hooks under /_sim; docs/simulators.md describes each."""
        match hook:
            case ("GET", "calls"):
                return json_response(200, {"calls": [_shown(c) for c in self._calls()]})
            case ("GET", "requests"):
                return json_response(200, {"requests": self.requests})
            case ("GET", "notifications"):
                return json_response(200, {"notifications": self.account.notifications})
            case ("POST", "phones"):
                phone = _phone(body)
                with self.account.lock:
                    self.account.phones[phone.number] = phone
                return json_response(201, {"number": phone.number, "behavior": phone.behavior})
            case ("POST", "numbers"):
                with self.account.lock:
                    self.account.numbers[body["number"]] = body
                return json_response(201, body)
            case ("POST", "inbound"):
                return self._inbound(body)
            case ("POST", "recordings"):
                return self._add_recording(body)
        return json_response(404, {"title": f"No hook {hook[0]} {hook[1]}"})

    def _calls(self) -> list[Call]:
        with self.account.lock:
            return list(self.account.calls.values())

    def _inbound(self, body: dict[str, Any]) -> Response:
        """A call from outside to one of the account's numbers."""
        number = self.account.numbers[body["to"]]
        parameters = {
            "StatusCallback": [number.get("status_callback", "")],
            "StatusCallbackEvent": ["completed"],
            "FallbackUrl": [number.get("voice_fallback_url", "")],
        }
        call = Call(new_sid("CA"), body["to"], body["from"], "inbound", parameters)
        with self.account.lock:
            self.account.calls[call.sid] = call
        self._tasks.start(lambda: self.engine.receive(call, number["voice_url"]))
        return json_response(201, {"call_sid": call.sid})

    def _add_recording(self, body: dict[str, Any]) -> Response:
        """A recording that was made elsewhere: of a call that this application never placed."""
        made_at = datetime.now(UTC) - timedelta(minutes=float(body.get("minutes_ago", 0)))
        call = Call(new_sid("CA"), body["to"], body["from"], "inbound", {}, status="completed")
        call.created_at = call.answered_at = call.ended_at = made_at
        pcm = load_clips()[body.get("says", "callee_message")].pcm
        recording = Recording(new_sid("RE"), call.sid, "RecordVerb", made_at)
        recording.created_at = made_at
        recording.status, recording.channels = "completed", (pcm,)
        recording.duration_seconds = len(pcm) // 16000 + 1
        recording.ready_at = time.monotonic()
        with self.account.lock:
            self.account.calls[call.sid] = call
            self.account.recordings[recording.sid] = recording
        if body.get("callback"):
            form = self.engine.recording_form(recording)
            self.callbacks.tell(
                body["callback"], form, operation="callback.recording", done=lambda _: None
            )
        return json_response(201, {"call_sid": call.sid, "recording_sid": recording.sid})


def _phone(body: dict[str, Any]) -> Phone:
    """Raises ValueError or TypeError for what no phone has."""
    if body.get("behavior", "answers") not in BEHAVIORS:
        raise ValueError(f"behavior must be one of {', '.join(BEHAVIORS)}")
    if body.get("says") is not None and body["says"] not in load_clips():
        raise ValueError(f"says must be one of {', '.join(load_clips())}")
    known = {field.name for field in fields(Phone)}
    values = {name: value for name, value in body.items() if name in known - {"pcm"}}
    if "pcm_base64" in body:
        values["pcm"] = base64.b64decode(body["pcm_base64"])
    return Phone(**values)


def _shown(call: Call) -> dict[str, Any]:
    return {
        "call_sid": call.sid,
        "status": call.status,
        "to": call.to_number,
        "from": call.from_number,
        "documents": call.documents,
        "executed": call.executed,
        "callbacks": call.callbacks,
    }
