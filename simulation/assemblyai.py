"""AssemblyAI in virtual time: jobs, their list, webhooks with the vendor's retries. All simulated."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from callscribe.adapters.assemblyai.documents import audio_location, read_job, read_listed_job
from callscribe.adapters.assemblyai.requests import build_transcript_request
from callscribe.domain.calls import call_id_for_sid
from callscribe.domain.errors import VendorNotFoundError
from callscribe.domain.recordings import ids_of_audio
from callscribe.domain.transcription_jobs import (
    AudioReference,
    TranscriptionJob,
    TranscriptionRequest,
)
from callscribe.ports.vendors import Page
from local.simulators.assemblyai import rules
from local.simulators.assemblyai.transcripts import new_transcript
from simulation.api import Api
from simulation.aws import SimulatedBucket
from simulation.fault_injector import WEBHOOK_FAULTS, FaultInjector, arrivals
from simulation.lambdas import NO_CALL, Lambdas, cut_page
from simulation.plans import Plan
from simulation.scheduler import Scheduler

OTHERS_BUCKET = "another-bucket"
_LIST_LAG_SECONDS = 150.0
# how many of a recording's jobs end in a fault of AssemblyAI's own
_FAILURES = {"fails-once": 1, "fails-thrice": 3}
SPEECH_MODELS = ("universal-3-5-pro", "universal-2")


@dataclass(slots=True)
class Job:
    transcript_id: str
    recording_sid: str
    plan: Plan
    request: Mapping[str, Any]
    created: str
    seen_from: float
    status: str = "queued"
    text: str = ""
    error: str | None = None
    deleted: bool = False


@dataclass(slots=True)
class AssemblyAI:
    """Implements ``ports.Transcriber``. ``outcomes`` says what becomes of a recording."""

    scheduler: Scheduler
    lambdas: Lambdas
    injector: FaultInjector
    api: Api
    bucket: SimulatedBucket
    note: Callable[..., None]
    plan_of: Callable[[str], Plan]
    jobs: dict[str, Job] = field(default_factory=dict)
    # another stack's, in the same account
    others: dict[str, Job] = field(default_factory=dict)

    def prepare_audio(self, key: str) -> AudioReference:
        url = self.bucket.presigned_url(key, seconds=3600)
        return AudioReference(url, audio_location(url))

    def submit(self, request: TranscriptionRequest) -> TranscriptionJob:
        ids = ids_of_audio(request.audio.location)
        assert ids is not None  # noqa: S101 - the application sends links to its own bucket
        plan = self.plan_of(ids[1])

        def act() -> TranscriptionJob:
            number = len(self._jobs_of(ids[1]))
            seed = self.injector.number(f"transcript/{ids[1]}/{number}")
            job = Job(
                str(uuid.UUID(int=int(seed * 2**52) << 70)),
                ids[1],
                plan,
                build_transcript_request(request, speech_models=SPEECH_MODELS),
                rules.timestamp(self.scheduler.time()),
                self.scheduler.now
                + self.injector.number(f"list/{ids[1]}/{number}", 0, _LIST_LAG_SECONDS),
            )
            self.jobs[job.transcript_id] = job
            self.note("AssemblyAI took", entity=plan.label, transcript_id=job.transcript_id)
            takes = self.injector.number(f"takes/{job.transcript_id}", 5, 90)
            self.scheduler.after(takes, lambda: self._finish(job))
            return read_job(self._shown(job))

        return self.lambdas.vendor("AssemblyAI", plan.label, "transcripts.create", act)

    def get(self, transcript_id: str) -> TranscriptionJob:
        job = self.jobs.get(transcript_id) or self.others.get(transcript_id)
        label = job.plan.label if job else NO_CALL

        def act() -> TranscriptionJob:
            return read_job(self._shown(self._existing(transcript_id)))

        return self.lambdas.vendor("AssemblyAI", label, "transcripts.get", act)

    def delete(self, transcript_id: str) -> None:
        def act() -> None:
            self._existing(transcript_id).deleted = True

        self.lambdas.vendor("AssemblyAI", NO_CALL, "transcripts.delete", act)

    def list_since(self, since: str) -> list[TranscriptionJob]:
        act = partial(self._listed, since)
        return self.lambdas.vendor("AssemblyAI", NO_CALL, "transcripts.list", act)

    def page_since(self, since: str, cursor: str | None) -> Page[TranscriptionJob]:
        def act() -> Page[TranscriptionJob]:
            found = self._listed(since)
            return cut_page(found, cursor)

        return self.lambdas.vendor("AssemblyAI", NO_CALL, "transcripts.page", act)

    def transcribe_for_another(self, call_sid: str, recording_sid: str) -> None:
        """Another stack knows the same call by the same id, and has the audio in its own bucket."""
        ids = f"{call_id_for_sid(call_sid)}/{recording_sid}"
        request = {
            "audio_url": f"https://{OTHERS_BUCKET}.s3.us-east-1.amazonaws.com/audio/{ids}.wav?X-Amz=1",
            "webhook_url": f"https://other.simulated.example/transcript-complete/{ids}",
        }
        seed = self.injector.number(f"another/{recording_sid}")
        transcript_id = str(uuid.UUID(int=int(seed * 2**52) << 70))
        created = rules.timestamp(self.scheduler.time())
        plan = self.plan_of(recording_sid)
        job = Job(transcript_id, recording_sid, plan, request, created, self.scheduler.now)
        job.status, job.text = "completed", "the other stack's words"
        self.others[transcript_id] = job

    def _finish(self, job: Job) -> None:
        jobs = len(self._jobs_of(job.recording_sid))
        outcome = job.plan.outcome
        if outcome == "fails":
            job.status, job.error = "error", rules.TOO_SHORT
        elif jobs <= _FAILURES.get(outcome, 0):
            job.status, job.error = "error", rules.ITS_OWN_FAULT
        else:
            job.status = "completed"
            job.text = "" if outcome == "silent" else f"the words of {job.recording_sid}"
        self.note("AssemblyAI finished", entity=job.plan.label, status=job.status)
        self._tell(job)

    def _tell(self, job: Job) -> None:
        fault = self.injector.draw(job.plan.label, "webhook", WEBHOOK_FAULTS)
        if fault is not None:
            self.note(fault, request="webhook", entity=job.plan.label)
        if fault == "misrouted":
            self._misroute(job)
        spread = self.injector.number(f"webhook/{job.transcript_id}/{fault}")
        for seconds in arrivals(fault, spread):
            self.scheduler.spawn(lambda: self._deliver(job), after=seconds)

    def _misroute(self, job: Job) -> None:
        """The right secret, the wrong recording: an attacker who knows the header."""
        others = [other for other in self.jobs.values() if other.recording_sid != job.recording_sid]
        if others:
            other = others[
                int(self.injector.number(f"misrouted/{job.transcript_id}", 0, len(others)))
            ]
            wrong = replace(job, request=other.request)
            self.scheduler.spawn(lambda: self._deliver(wrong))

    def _deliver(self, job: Job) -> None:
        body = rules.webhook_body(self._shown(job))
        secret = job.request["webhook_auth_header_value"]
        for _ in range(rules.WEBHOOK_ATTEMPTS):
            status = self.api.tell_assemblyai(
                job.plan.label, job.request["webhook_url"], body, secret
            )
            if rules.is_delivered(status):
                return
            self.scheduler.pause(rules.WEBHOOK_PAUSE_SECONDS)

    def _existing(self, transcript_id: str) -> Job:
        job = self.jobs.get(transcript_id) or self.others.get(transcript_id)
        if job is None:
            raise VendorNotFoundError("AssemblyAI", rules.NOT_FOUND, status=rules.NOT_FOUND_STATUS)
        return job

    def _jobs_of(self, recording_sid: str) -> list[Job]:
        return [job for job in self.jobs.values() if job.recording_sid == recording_sid]

    def _listed(self, since: str) -> list[TranscriptionJob]:
        listed = sorted((*self.jobs.values(), *self.others.values()), key=lambda job: job.created)
        return [
            read_listed_job(rules.listed(self._shown(job), job.created))
            for job in reversed(listed)
            if job.created >= since.removesuffix("Z") and job.seen_from <= self.scheduler.now
        ]

    def _shown(self, job: Job) -> dict[str, Any]:
        transcript = new_transcript(job.transcript_id, job.request) | {
            "status": job.status,
            "text": job.text or None,
            "error": job.error,
            "audio_duration": 12,
            "confidence": 0.9,
        }
        return rules.deleted(transcript) if job.deleted else transcript
