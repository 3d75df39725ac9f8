"""Events as AWS hands them to the functions, for whatever is measured."""

from __future__ import annotations

import json
import uuid
from typing import Any
from urllib.parse import urlencode

import requests

from local.events import http_event
from local.simulators.twilio.signature import sign
from local.stack import LocalStack


def callback_event(stack: LocalStack, route: str, path: str, **form: str) -> dict[str, Any]:
    """Twilio's, signed; a ``call_id`` in the route is the path's second part."""
    account = stack.options.account
    fields = {"AccountSid": account.account_sid, "CallSid": "CA" + uuid.uuid4().hex, **form}
    url = stack.connection.api_url + path
    headers = {
        "content-type": "application/x-www-form-urlencoded",
        "x-twilio-signature": sign(account.auth_token, url, list(fields.items())),
    }
    names = {"call_id": path.split("/")[2]} if "{call_id}" in route else {}
    return http_event(route, path, headers=headers, pathParameters=names, body=urlencode(fields))


def webhook_event(
    stack: LocalStack, call_id: str, recording_sid: str, transcript_id: str
) -> dict[str, Any]:
    """AssemblyAI's, with the stack's own secret."""
    return http_event(
        "POST /transcript-complete/{call_id}/{recording_sid}",
        f"/transcript-complete/{call_id}/{recording_sid}",
        headers={"x-callscribe-webhook-secret": webhook_secret(stack)},
        pathParameters={"call_id": call_id, "recording_sid": recording_sid},
        body=json.dumps({"transcript_id": transcript_id, "status": "completed"}),
    )


def message_event(notice: dict[str, str]) -> dict[str, Any]:
    """One message of the recordings queue."""
    record = {
        "messageId": "1",
        "receiptHandle": "1",
        "body": json.dumps(notice),
        "attributes": {"ApproximateReceiveCount": "1"},
    }
    return {"Records": [record]}


def make_recording(stack: LocalStack) -> dict[str, str]:
    """One at the simulated Twilio: ``call_sid`` and ``recording_sid``."""
    made = {"from": "+14155550100", "to": "+15005550006"}
    url = f"{stack.twilio_url}/_sim/recordings"
    known: dict[str, str] = requests.post(url, json=made, timeout=10).json()
    return known


def webhook_secret(stack: LocalStack) -> str:
    return stack.secret("AssemblyAIWebhookSecretParameterName")["webhook_secret"]


def first_event(stack: LocalStack, function: str) -> Any:  # noqa: PLR0911 - a table
    """One for each function that takes it all the way through; what it names is not known yet."""
    unknown, sid = uuid.uuid4().hex, f"RE{uuid.uuid4().hex}"
    match function:
        case "dial":
            return http_event("POST /calls", "/calls", body=json.dumps({"to": "+14155550100"}))
        case "twiml":
            return callback_event(stack, "POST /call-status", "/call-status", CallStatus="ringing")
        case "recording_complete":
            return callback_event(
                stack,
                "POST /recording-complete",
                "/recording-complete",
                RecordingSid=sid,
                RecordingStatus="absent",
            )
        case "transcribe":
            known = make_recording(stack)
            base_url = stack.connection.api_url
            return message_event({**known, "status": "completed", "base_url": base_url})
        case "transcript_complete":
            return webhook_event(stack, unknown, sid, "bench")
        case "share":
            headers = {"authorization": f"Bearer {unknown * 3}"}
            return http_event("GET /shared/call", "/shared/call", headers=headers)
        case "calls":
            names = {"call_id": unknown}
            return http_event("GET /calls/{call_id}", f"/calls/{unknown}", pathParameters=names)
    return {"source": "bench"}
