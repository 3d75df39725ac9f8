"""Jobs: queued, processing, completed or error, and the webhook that tells of it."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from threading import Lock
from typing import Any

import requests

from local.simulators.assemblyai import rules
from local.simulators.assemblyai.recognition import AudioError, read_audio
from local.simulators.assemblyai.transcripts import new_transcript, transcribe
from local.simulators.faults import CALLBACK_FAULTS, Faults
from local.simulators.tasks import Tasks


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    queued_seconds: float
    processing_seconds: float
    webhook_retry_seconds: float


@dataclass(slots=True)
class Job:
    """``request`` with the webhook's secret; ``transcript`` is what is shown."""

    request: dict[str, Any]
    transcript: dict[str, Any]
    number: int
    created: str
    completed: str | None = None
    webhooks: list[dict[str, Any]] = field(default_factory=list)


class Jobs:
    """All transcripts of one account, in the order they were submitted."""

    def __init__(
        self,
        tasks: Tasks,
        faults: Faults,
        timing: Timing,
        *,
        concurrency: int | None,
        uploaded: Callable[[str], bytes | None],
    ) -> None:
        self._tasks = tasks
        self._faults = faults
        self._timing = timing
        self._concurrency = concurrency
        self._uploaded = uploaded
        self._jobs: dict[str, Job] = {}
        self._running: set[str] = set()
        self._waiting: list[str] = []
        self._held: list[Callable[[], None]] = []
        # those that have not ended, or whose webhook is under way
        self.working = 0
        self._lock = Lock()
        self.session = requests.Session()

    def submit(self, request: dict[str, Any]) -> dict[str, Any]:
        transcript = new_transcript(str(uuid.uuid4()), request)
        created = rules.timestamp(datetime.now(UTC))
        with self._lock:
            job = Job(request, transcript, len(self._jobs), created)
            self._jobs[transcript["id"]] = job
            self._waiting.append(transcript["id"])
            self.working += 1
        self._tasks.after(self._timing.queued_seconds, self._begin)
        return dict(transcript)

    def get(self, transcript_id: str) -> Job | None:
        with self._lock:
            return self._jobs.get(transcript_id)

    def newest_first(self) -> list[Job]:
        with self._lock:
            return sorted(self._jobs.values(), key=lambda job: job.number, reverse=True)

    def delete(self, job: Job) -> None:
        job.transcript = rules.deleted(job.transcript)

    def _begin(self) -> None:
        with self._lock:
            full = self._concurrency is not None and len(self._running) >= self._concurrency
            if full or not self._waiting:
                return
            transcript_id = self._waiting.pop(0)
            self._running.add(transcript_id)
            job = self._jobs[transcript_id]
            job.transcript["status"] = "processing"
        self._tasks.after(self._timing.processing_seconds, lambda: self._finish(job))

    def _finish(self, job: Job) -> None:
        try:
            audio = read_audio(*self._download(str(job.request["audio_url"])))
            result = transcribe(job.transcript, audio)
        except AudioError as error:
            result = {"status": "error", "error": str(error)}
        with self._lock:
            job.transcript.update(result)
            job.completed = rules.timestamp(datetime.now(UTC))
            self._running.discard(job.transcript["id"])
        self._begin()
        if job.request.get("webhook_url"):
            self._send_webhooks(job)
        with self._lock:
            self.working -= 1

    def _download(self, url: str) -> tuple[bytes, str]:
        """The bytes and their content type. Raises AudioError in AssemblyAI's words."""
        uploaded = self._uploaded(url)
        if uploaded is not None:
            return uploaded, "application/octet-stream"
        problem = (
            f"Download error, unable to download {url}. Please make sure the file exists and is "
            "accessible from the internet."
        )
        if self._faults.draw("audio.download", ("status",)):
            raise AudioError(problem)
        try:
            response = self.session.get(url, timeout=30)
        except requests.RequestException as error:
            raise AudioError(problem) from error
        if response.status_code != 200:
            raise AudioError(problem)
        return response.content, response.headers.get("Content-Type", "")

    def _send_webhooks(self, job: Job) -> None:
        struck = {rule.fault: rule for rule in self._faults.draw("webhook", CALLBACK_FAULTS)}
        if "lose" in struck:
            return
        if "reorder" in struck:
            self._held.append(lambda: self._deliver(job, corrupt=False))
            # nothing else may ever come: then it goes out by itself
            self._tasks.after(struck["reorder"].seconds or 2, self._release)
            return
        if "delay" in struck:
            self._tasks.after(
                struck["delay"].seconds, lambda: self._deliver(job, corrupt="corrupt" in struck)
            )
        else:
            self._deliver(job, corrupt="corrupt" in struck)
        for _ in range(struck["repeat"].repeat if "repeat" in struck else 0):
            self._deliver(job, corrupt=False)
        self._release()

    def _release(self) -> None:
        while self._held:
            self._held.pop(0)()

    def _deliver(self, job: Job, *, corrupt: bool) -> None:
        body = rules.webhook_body(job.transcript)
        data = b"{corrupted" if corrupt else json.dumps(body).encode()
        headers = {"Content-Type": "application/json", "X-Simulated": "callscribe AssemblyAI"}
        if job.request.get("webhook_auth_header_value"):
            name = job.request["webhook_auth_header_name"]
            headers[name] = job.request["webhook_auth_header_value"]
        for attempt in range(rules.WEBHOOK_ATTEMPTS):
            if attempt and not self._tasks.sleep(self._timing.webhook_retry_seconds):
                return
            status = self._post(job.request["webhook_url"], data, headers)
            job.webhooks.append({"attempt": attempt + 1, "status": status})
            job.transcript["webhook_status_code"] = status
            if rules.is_delivered(status):
                return

    def _post(self, url: str, data: bytes, headers: dict[str, str]) -> int | None:
        try:
            response = self.session.post(
                url,
                data=data,
                headers=headers,
                timeout=rules.WEBHOOK_TIMEOUT_SECONDS,
                allow_redirects=False,
            )
        except requests.RequestException:
            return None
        return response.status_code
