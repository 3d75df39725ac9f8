"""AssemblyAI's HTTP, as its documentation of November 2026 describes it."""

from __future__ import annotations

import hmac
import json
import uuid
from typing import Any
from urllib.parse import parse_qs

from local.http_server import Request, Response, Server
from local.simulators.assemblyai.jobs import Job, Jobs, Timing
from local.simulators.assemblyai.requests import refusal
from local.simulators.assemblyai.rules import (
    MAX_PAGE_SIZE,
    NOT_FOUND,
    NOT_FOUND_STATUS,
    listed,
)
from local.simulators.faults import Faults, json_response
from local.simulators.tasks import Tasks

OPERATIONS = (
    "transcripts.create",
    "transcripts.get",
    "transcripts.list",
    "transcripts.delete",
    "upload",
    "audio.download",
    "webhook",
)
SIMULATED = {"X-Simulated": "callscribe AssemblyAI simulator"}


class AssemblyAISimulator:
    """Listens until closed. ``queued_seconds`` and ``processing_seconds`` are each job's own."""

    def __init__(
        self,
        api_key: str,
        *,
        port: int = 0,
        seed: int = 0,
        queued_seconds: float = 0.3,
        processing_seconds: float = 0.7,
        webhook_retry_seconds: float = 10,
        concurrency: int | None = None,
    ) -> None:
        self._api_key = api_key
        self.faults = Faults(OPERATIONS, seed=seed)
        self._tasks = Tasks("assemblyai")
        self._uploads: dict[str, bytes] = {}
        self.requests: list[dict[str, Any]] = []
        self._jobs = Jobs(
            self._tasks,
            self.faults,
            Timing(
                queued_seconds=queued_seconds,
                processing_seconds=processing_seconds,
                webhook_retry_seconds=webhook_retry_seconds,
            ),
            concurrency=concurrency,
            uploaded=self._uploads.get,
        )
        self._server = Server(self._answer, port=port)
        self.url = self._server.url

    @property
    def working(self) -> int:
        """Transcripts that have not ended, or whose webhook is under way."""
        return self._jobs.working

    def close(self) -> None:
        self._server.close()
        self._tasks.close()
        self._jobs.session.close()

    def _answer(self, request: Request) -> Response:
        answer = self.faults.control(request) or self._inspect(request) or self._vendor(request)
        headers = {**answer.headers, **SIMULATED}
        return Response(status=answer.status, headers=headers, body=answer.body)

    def _inspect(self, request: Request) -> Response | None:
        """``GET /_sim/…``: what came in and what became of it, for tests and the curious."""
        if request.raw_path == "/_sim/requests":
            return json_response(200, {"requests": self.requests})
        if request.raw_path == "/_sim/transcripts":
            jobs = [
                {"transcript": job.transcript, "webhooks": job.webhooks}
                for job in self._jobs.newest_first()
            ]
            return json_response(200, {"transcripts": jobs})
        return None

    def _vendor(self, request: Request) -> Response:
        operation = _operation(request)
        if operation is None:
            return _error(404, "Not found")
        self._log(request)
        return self.faults.serve(operation, lambda: self._act(operation, request))

    def _act(self, operation: str, request: Request) -> Response:
        given = (request.header("Authorization") or "").encode()
        if not hmac.compare_digest(given, self._api_key.encode()):
            return _error(401, "Authentication error, API token missing/invalid")
        if operation == "transcripts.create":
            return self._create(request)
        if operation == "transcripts.list":
            return self._list(request)
        if operation == "upload":
            return self._upload(request)
        job = self._jobs.get(request.raw_path.rpartition("/")[2])
        if job is None:
            return _error(NOT_FOUND_STATUS, NOT_FOUND)
        if operation == "transcripts.delete":
            self._jobs.delete(job)
        return json_response(200, job.transcript)

    def _create(self, request: Request) -> Response:
        try:
            body = json.loads(request.body)
        except ValueError:
            return _error(400, "Invalid JSON payload")
        problem = refusal(body)
        return _error(400, problem) if problem else json_response(200, self._jobs.submit(body))

    def _upload(self, request: Request) -> Response:
        """Whatever is sent is kept; what is no audio fails later, in its job."""
        url = f"{self.url}/upload/{uuid.uuid4()}"
        self._uploads[url] = request.body
        return json_response(200, {"upload_url": url})

    def _list(self, request: Request) -> Response:
        query = {name: values[-1] for name, values in parse_qs(request.raw_query).items()}
        limit = query.get("limit", "10")
        if not limit.isdecimal() or not 1 <= int(limit) <= MAX_PAGE_SIZE:
            return _error(400, f"limit must be between 1 and {MAX_PAGE_SIZE}")
        jobs = self._jobs.newest_first()
        for name, older in (("before_id", True), ("after_id", False)):
            edge = self._jobs.get(query[name]) if name in query else None
            if edge is not None:
                jobs = [job for job in jobs if (job.number < edge.number) is older and job != edge]
        if "status" in query:
            jobs = [job for job in jobs if job.transcript["status"] == query["status"]]
        if "created_on" in query:
            jobs = [job for job in jobs if job.created.startswith(query["created_on"])]
        page = jobs[: int(limit)]
        return json_response(200, self._page(page, limit, more=len(jobs) > len(page)))

    def _page(self, page: list[Job], limit: str, *, more: bool) -> dict[str, Any]:
        here = f"{self.url}/v2/transcript?limit={limit}"
        # AssemblyAI calls the older page the previous one
        older = f"{here}&before_id={page[-1].transcript['id']}" if page and more else None
        newer = f"{here}&after_id={page[0].transcript['id']}" if page else None
        return {
            "page_details": {
                "limit": int(limit),
                "result_count": len(page),
                "current_url": here,
                "prev_url": older,
                "next_url": newer,
            },
            "transcripts": [self._listed(job) for job in page],
        }

    def _listed(self, job: Job) -> dict[str, Any]:
        transcript = job.transcript
        return {
            **listed(transcript, job.created),
            "resource_url": f"{self.url}/v2/transcript/{transcript['id']}",
            "completed": job.completed,
        }

    def _log(self, request: Request) -> None:
        is_json = (request.header("Content-Type") or "").startswith("application/json")
        self.requests.append(
            {
                "method": request.method,
                "path": request.raw_path,
                "query": request.raw_query,
                "headers": {
                    name: "***" if name.lower() == "authorization" else value
                    for name, value in request.headers
                },
                "body": request.body.decode(errors="replace") if is_json else None,
                "body_bytes": len(request.body),
            }
        )


def _operation(request: Request) -> str | None:
    collection = {"POST": "transcripts.create", "GET": "transcripts.list"}
    single = {"GET": "transcripts.get", "DELETE": "transcripts.delete"}
    if request.raw_path == "/v2/transcript":
        return collection.get(request.method)
    if request.raw_path == "/v2/upload":
        return "upload" if request.method == "POST" else None
    if request.raw_path.startswith("/v2/transcript/") and request.raw_path.count("/") == 3:
        return single.get(request.method)
    return None


def _error(status: int, message: str) -> Response:
    return json_response(status, {"error": message})
