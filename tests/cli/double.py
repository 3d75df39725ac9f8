"""A stack's API in memory, behind a real socket: it checks signatures, and every request and answer of
its own against docs/openapi.yaml. Faults lose answers, or give others."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, unquote

import yaml
from jsonschema import Draft202012Validator

from local.http_server import DropConnection, Request, Response, Server
from local.options import ROOT
from local.sigv4 import Caller, authenticate

REGION = "eu-central-1"
CALLER = Caller(
    access_key_id="AKIDEXAMPLE",
    secret_access_key="a-secret-of-the-tests",
    user_arn="arn:aws:iam::123456789012:user/tester",
    account_id="123456789012",
    user_id="AIDATEST",
)
OPENAPI = yaml.safe_load((ROOT / "docs/openapi.yaml").read_text())
AUDIO = bytes(range(256)) * 1000
DAY = "2026-11-20"
Body = dict[str, Any]


@dataclass
class Fault:
    """What happens to the next ``times`` requests of a route. ``answer`` None: none is sent; with
    ``done`` the request is carried out all the same."""

    method: str
    pattern: str
    answer: Response | None = None
    done: bool = False
    times: int = 1

    def meets(self, method: str, path: str) -> bool:
        return self.times > 0 and method == self.method and bool(re.fullmatch(self.pattern, path))


def problem(
    status: int, kind: str, headers: Mapping[str, str] | None = None, **more: Any
) -> Response:
    document = {
        "type": f"urn:callscribe:problem:{kind}",
        "title": kind,
        "status": status,
        "detail": f"in words: {kind}",
        **more,
    }
    return _respond(status, document, "application/problem+json", headers)


@dataclass
class ApiDouble:
    """``seen``: method, path, query and body of every request that was signed."""

    url: str = ""
    calls: dict[str, Body] = field(default_factory=dict)
    keys: dict[str, str] = field(default_factory=dict)
    transcripts: dict[str, Body] = field(default_factory=dict)
    imports: dict[str, Body] = field(default_factory=dict)
    shares: dict[str, Body] = field(default_factory=dict)
    retries: list[Body] = field(default_factory=list)
    erasures: list[Body] = field(default_factory=list)
    dialing: Body = field(
        default_factory=lambda: (
            dict.fromkeys(("reason", "changed_at", "changed_by")) | {"stopped": False}
        )
    )
    dialed: int = 0
    described: int = 0
    expired_links: int = 0
    whole_only: bool = False
    lost_bytes_after: int | None = None
    page_size: int = 200
    changed: list[str] = field(default_factory=list)
    retention_days: int = 365
    server_time: str = f"{DAY}T12:00:00.000Z"
    faults: list[Fault] = field(default_factory=list)
    seen: list[tuple[str, str, dict[str, str], Any]] = field(default_factory=list)
    ranges: list[str | None] = field(default_factory=list)
    close: Callable[[], None] = lambda: None
    now: Callable[[], datetime] = lambda: datetime.now(UTC)

    def fault(self, method: str, pattern: str, answer: Response | None = None, **more: Any) -> None:
        self.faults.append(Fault(method, pattern, answer, **more))

    def asked(self, method: str, pattern: str) -> int:
        return sum(m == method and bool(re.fullmatch(pattern, path)) for m, path, _, _ in self.seen)

    def add_call(self, call_id: str, status: str = "completed", **more: Any) -> Body:
        self.calls[call_id] = {**_CALL, "call_id": call_id, "status": status, **more}
        return self.calls[call_id]

    def add_transcript(self, call_id: str, *texts: str) -> None:
        segments = [
            {
                "start_ms": 1000 * number,
                "end_ms": 1000 * number + 900,
                "speaker": None,
                "channel": str(1 + number % 2),
                "speaker_name": f"Channel {1 + number % 2}",
                "text": text,
                "confidence": 0.9,
            }
            for number, text in enumerate(texts)
        ]
        recording = {
            **dict.fromkeys(_TRANSCRIBED),
            "recording_sid": "RE" + "0" * 32,
            "offset_ms": 0,
            "transcript_id": "t",
            "warnings": [],
            "segments": segments,
            "text": " ".join(texts),
        }
        self.transcripts[call_id] = {"call_id": call_id, "recordings": [recording]}
        self.calls[call_id]["recordings"] = [dict(_RECORDING, text=" ".join(texts))]
        self.calls[call_id]["transcript_status"] = "completed"

    def handle(self, request: Request) -> Response:
        if request.raw_path.startswith("/audio"):
            return self._audio(request)
        if b"DescribeStacks" in request.body:
            return self._describe()
        if (
            authenticate(request, {CALLER.access_key_id: CALLER}, region=REGION, now=self.now())
            is None
        ):
            return _respond(403, {"message": "Forbidden"})
        return self._signed(request)

    def _signed(self, request: Request) -> Response:
        path, body = unquote(request.raw_path), json.loads(request.body or b"null")
        query = dict(parse_qsl(request.raw_query))
        self.seen.append((request.method, path, query, body))
        fault = next((one for one in self.faults if one.meets(request.method, path)), None)
        if fault is None:
            return self._route(request, path, query, body)
        fault.times -= 1
        if fault.done:
            self._route(request, path, query, body)
        if fault.answer is None:
            raise DropConnection
        return fault.answer

    def _route(self, request: Request, path: str, query: dict[str, str], body: Any) -> Response:
        for (method, pattern), (template, name) in _ROUTES.items():
            match = re.fullmatch(pattern, path)
            if match and method == request.method:
                check_body(method, template, body)
                arguments = {**match.groupdict(), "query": query, "body": body, "request": request}
                answer = getattr(self, name)(arguments)
                assert isinstance(answer, Response)
                check_answer(method, template, answer)
                return answer
        return _respond(404, {"message": "Not Found"})

    def place(self, given: dict[str, Any]) -> Response:
        key = given["request"].header("Idempotency-Key")
        if key not in self.keys:
            self.dialed += 1
            call_id = f"{self.dialed:032x}"
            self.keys[key] = call_id
            body = given["body"]
            more = {
                "to_number": body["to"],
                "place_at": body.get("place_at"),
                "created_at": self.now().isoformat(),
            }
            status = "scheduled" if body.get("place_at") else "queued"
            self.add_call(call_id, status, metadata=body.get("metadata", {}), **more)
        return _respond(202, self.calls[self.keys[key]])

    def list(self, given: dict[str, Any]) -> Response:
        query = given["query"]
        calls = [
            call
            for call in self.calls.values()
            if query.get("date") in (None, call["created_at"][:10])
            and query.get("status") in (None, call["status"])
        ]
        begin, size = (
            int(query.get("cursor", 0)),
            min(int(query.get("limit", "50")), self.page_size),
        )
        end = begin + size
        cursor = str(end) if end < len(calls) else None
        return _respond(200, {"calls": calls[begin:end], "next_cursor": cursor})

    def changes(self, given: dict[str, Any]) -> Response:
        """``changed``: call_ids, the one that changed first at the front; only its last place counts."""
        begin = int(given["query"].get("since", 0))
        size = min(int(given["query"]["limit"]), self.page_size)
        page = self.changed[begin : begin + size]
        more = begin + len(page) < len(self.changed)
        calls = [one for at, one in enumerate(page) if one not in self.changed[begin + at + 1 :]]
        document = {
            "calls": [self.calls[call_id] for call_id in calls],
            "next_cursor": str(begin + len(page)),
            "more": more,
            "server_time": self.server_time,
            "retention_days": self.retention_days,
        }
        return _respond(200, document)

    def scheduled(self, _: dict[str, Any]) -> Response:
        calls = [call | {"asked_by": None} for call in self.calls.values() if call["place_at"]]
        return _respond(200, {"calls": calls, "next_cursor": None})

    def show(self, given: dict[str, Any]) -> Response:
        call = self.calls.get(given["call_id"])
        return _respond(200, call) if call else problem(404, "not-found")

    def transcript(self, given: dict[str, Any]) -> Response:
        call = self.calls.get(given["call_id"])
        if call is None:
            return problem(404, "not-found")
        document = self.transcripts.get(given["call_id"])
        form = given["query"].get("format", "json")
        if document:
            text = " ".join(one["text"] for one in document["recordings"][0]["segments"])
            types = {"txt": "text/plain", "srt": "application/x-subrip", "vtt": "text/vtt"}
            if form == "json":
                return _respond(200, document)
            headers = {"Content-Type": f"{types[form]}; charset=utf-8"}
            return Response(headers=headers, body=f"{form}: {text}\n".encode())
        if call["status"] in ("queued", "ringing", "in-progress", "scheduled"):
            return problem(409, "transcript-not-ready", {"Retry-After": "5"})
        return problem(404, "no-transcript")

    def recordings(self, given: dict[str, Any]) -> Response:
        call = self.calls[given["call_id"]]
        url = f"{self.url}/audio/{self.asked('GET', '.*/recordings')}"
        found = [
            one
            | {
                "audio_url": None if one["status"] == "absent" else url,
                "audio_url_expires_at": None,
            }
            for one in call["recordings"]
        ]
        return _respond(200, {"call_id": call["call_id"], "recordings": found})

    def erase(self, given: dict[str, Any]) -> Response:
        call = self.calls.get(given["call_id"])
        if call is None:
            return problem(404, "not-found")
        call["status"] = "erasing"
        return _respond(202, call)

    def cancel(self, given: dict[str, Any]) -> Response:
        call = self.calls[given["call_id"]]
        call["status"] = "canceled"
        return _respond(200, call)

    def retry(self, given: dict[str, Any]) -> Response:
        refused = [{"recording_sid": "RE" + "1" * 32, "reason": "there was no speech"}]
        found = {"call_id": given["call_id"], "retried": ["RE" + "0" * 32], "refused": refused}
        return _respond(202, found)

    def share(self, given: dict[str, Any]) -> Response:
        made = {**_SHARE, "share_id": str(len(self.shares) + 1) * 32}
        made["show_numbers"] = given["body"]["show_numbers"]
        self.shares[made["share_id"]] = made
        url = f"https://stack.example/shared#{given['call_id']}"
        return _respond(201, {**made, "url": url})

    def list_shares(self, _: dict[str, Any]) -> Response:
        return _respond(200, {"shares": [*self.shares.values()]})

    def revoke_share(self, given: dict[str, Any]) -> Response:
        known = self.shares.pop(given["share_id"], None)
        return Response(status=204) if known else problem(404, "not-found")

    def retry_all(self, _: dict[str, Any]) -> Response:
        return _respond(202, self.retries.pop(0))

    def erase_number(self, _: dict[str, Any]) -> Response:
        return _respond(202, self.erasures.pop(0))

    def begin_import(self, given: dict[str, Any]) -> Response:
        found = {**_IMPORT, "since": given["body"].get("since") or _IMPORT["since"]}
        self.imports[str(found["import_id"])] = found
        return _respond(202, found)

    def show_import(self, given: dict[str, Any]) -> Response:
        return _respond(200, self.imports[given["import_id"]])

    def get_dialing(self, _: dict[str, Any]) -> Response:
        return _respond(200, self.dialing)

    def put_dialing(self, given: dict[str, Any]) -> Response:
        self.dialing |= given["body"]
        return _respond(200, self.dialing)

    def list_number(self, given: dict[str, Any]) -> Response:
        listed = given["request"].method == "PUT"
        return _respond(200, {"phone_number": given["number"], "listed": listed})

    def _audio(self, request: Request) -> Response:
        """As S3 answers: Range, and 403 after a link's end."""
        wanted = request.header("Range")
        self.ranges.append(wanted)
        if self.expired_links:
            self.expired_links -= 1
            return Response(status=403, body=b"<Code>AccessDenied</Code>")
        wanted = None if self.whole_only else wanted
        begin = int(wanted.removeprefix("bytes=").removesuffix("-")) if wanted else 0
        headers = {"Content-Type": "audio/x-wav", "Content-Length": str(len(AUDIO) - begin)}
        if self.lost_bytes_after is not None:
            body, self.lost_bytes_after = _torn(AUDIO[begin:], self.lost_bytes_after), None
        else:
            body = iter([AUDIO[begin:]])
        return Response(status=206 if wanted else 200, headers=headers, body=body)

    def _describe(self) -> Response:
        self.described += 1
        return Response(
            headers={"Content-Type": "text/xml"}, body=_STACKS.format(self.url).encode()
        )


def _torn(content: bytes, length: int) -> Iterator[bytes]:
    yield content[:length]
    raise DropConnection


def _respond(
    status: int,
    document: object,
    content_type: str = "application/json",
    headers: Mapping[str, str] | None = None,
) -> Response:
    head = {"Content-Type": content_type, **(headers or {})}
    return Response(status=status, headers=head, body=json.dumps(document).encode())


def check_body(method: str, template: str, body: Any) -> None:
    described = OPENAPI["paths"][template][method.lower()].get("requestBody")
    if described is None:
        assert body is None, (method, template, body)
        return
    _validate(described["content"]["application/json"]["schema"], body)


def check_answer(method: str, template: str, answer: Response) -> None:
    responses = OPENAPI["paths"][template][method.lower()]["responses"]
    assert str(answer.status) in responses, (method, template, answer.status)
    described = responses[str(answer.status)]
    if answer.status < 400 and "json" in answer.headers.get("Content-Type", ""):
        assert isinstance(answer.body, bytes)
        _validate(described["content"]["application/json"]["schema"], json.loads(answer.body))


def _validate(schema: Any, document: Any) -> None:
    Draft202012Validator({**schema, "components": OPENAPI["components"]}).validate(document)


@contextmanager
def running() -> Iterator[ApiDouble]:
    double = ApiDouble()
    server = Server(double.handle)
    double.url, double.close = server.url, server.close
    try:
        yield double
    finally:
        server.close()


_ID = r"/calls/(?P<call_id>[0-9A-Za-z]+)"
_ROUTES = {
    ("POST", "/calls"): ("/calls", "place"),
    ("GET", "/calls"): ("/calls", "list"),
    ("GET", "/changes"): ("/changes", "changes"),
    ("GET", "/scheduled-calls"): ("/scheduled-calls", "scheduled"),
    ("GET", _ID): ("/calls/{call_id}", "show"),
    ("DELETE", _ID): ("/calls/{call_id}", "erase"),
    ("GET", f"{_ID}/transcript"): ("/calls/{call_id}/transcript", "transcript"),
    ("GET", f"{_ID}/recordings"): ("/calls/{call_id}/recordings", "recordings"),
    ("POST", f"{_ID}/cancel"): ("/calls/{call_id}/cancel", "cancel"),
    ("POST", f"{_ID}/retry"): ("/calls/{call_id}/retry", "retry"),
    ("POST", f"{_ID}/shares"): ("/calls/{call_id}/shares", "share"),
    ("GET", f"{_ID}/shares"): ("/calls/{call_id}/shares", "list_shares"),
    ("DELETE", f"{_ID}/shares/(?P<share_id>.+)"): (
        "/calls/{call_id}/shares/{share_id}",
        "revoke_share",
    ),
    ("POST", "/retries"): ("/retries", "retry_all"),
    ("POST", "/erasures"): ("/erasures", "erase_number"),
    ("POST", "/imports"): ("/imports", "begin_import"),
    ("GET", "/imports/(?P<import_id>.+)"): ("/imports/{import_id}", "show_import"),
    ("GET", "/dialing"): ("/dialing", "get_dialing"),
    ("PUT", "/dialing"): ("/dialing", "put_dialing"),
    ("PUT", "/do-not-call/(?P<number>.+)"): ("/do-not-call/{phone_number}", "list_number"),
    ("DELETE", "/do-not-call/(?P<number>.+)"): ("/do-not-call/{phone_number}", "list_number"),
}
_CALL: Body = {
    **dict.fromkeys(
        "placed_at answered_at ended_at place_at duration_seconds answered_by error cancellation erasure "
        "say goodbye language voice consent call_sid from_number".split()
    ),
    "direction": "outbound-api",
    "mode": "message",
    "transcript_status": "none",
    "to_number": "+14155550100",
    "created_at": f"{DAY}T10:00:00.000Z",
    "updated_at": f"{DAY}T10:00:00.000Z",
    "metadata": {},
    "transcription": {},
    "recordings": [],
}
_SHARE: Body = {
    "created_at": f"{DAY}T10:00:00.000Z",
    "created_by": CALLER.user_arn,
    "expires_at": f"{DAY}T11:00:00.000Z",
    "show_numbers": False,
    "opened": 0,
    "requests": 0,
    "last_used_at": None,
}
_RECORDING: Body = {
    **dict.fromkeys(
        "started_at duration_seconds channels transcript_id transcript_status confidence language_code "
        "speech_model_used text text_truncated error".split()
    ),
    "recording_sid": "RE" + "0" * 32,
    "status": "completed",
    "warnings": [],
    "attempts": 1,
    "retries": 0,
    "updated_at": f"{DAY}T10:01:00.000Z",
}
_TRANSCRIBED = "confidence audio_duration_seconds language_code speech_model_used".split()
_IMPORT: Body = {
    **dict.fromkeys(("call_sid", "recording_sid", "error_message")),
    "import_id": "import-" + "0" * 32,
    "status": "running",
    "since": f"{DAY}T00:00:00Z",
    "until": f"{DAY}T10:00:00Z",
    "created_at": f"{DAY}T10:00:00Z",
    "updated_at": f"{DAY}T10:00:00Z",
    "seen": 0,
    "known": 0,
    "found": 0,
    "skipped": 0,
}
_STACKS = """<DescribeStacksResponse xmlns="http://cloudformation.amazonaws.com/doc/2010-05-15/">
<DescribeStacksResult><Stacks><member><StackName>callscribe-dev</StackName>
<StackStatus>CREATE_COMPLETE</StackStatus><CreationTime>2026-11-20T10:00:00Z</CreationTime><Outputs><member>
<OutputKey>ApiUrl</OutputKey><OutputValue>{}</OutputValue></member></Outputs></member></Stacks>
</DescribeStacksResult></DescribeStacksResponse>"""
