"""The AssemblyAI simulator over HTTP, checked against the vendor's documents."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import jsonschema
import pytest
import requests

from local.http_server import Request, Response, Server
from local.simulators.assemblyai import AssemblyAISimulator
from local.simulators.twilio.audio import write_wav
from local.speech.clips import load_clips
from tests.support.fixtures import fixtures
from tests.support.waiting import wait_until

KEY = "key"
MESSAGE = load_clips()["callee_message"]
GREETING = load_clips()["greeting"]


class World:
    """A simulator, and a server that gives audio and takes webhooks."""

    def __init__(self) -> None:
        self.sim = AssemblyAISimulator(
            KEY, queued_seconds=0.01, processing_seconds=0.01, webhook_retry_seconds=0.01
        )
        self.audio: dict[str, bytes] = {}
        self.webhooks: list[Request] = []
        self.webhook_statuses = [200]
        self.server = Server(self._answer)

    def _answer(self, request: Request) -> Response:
        if request.method == "POST":
            self.webhooks.append(request)
            left = len(self.webhook_statuses)
            return Response(status=self.webhook_statuses[min(len(self.webhooks), left) - 1])
        data = self.audio.get(request.raw_path)
        headers = {"Content-Type": "audio/wav"}
        return Response(status=404) if data is None else Response(headers=headers, body=data)

    def close(self) -> None:
        self.sim.close()
        self.server.close()

    def ask(self, method: str, path: str, **arguments: Any) -> requests.Response:
        headers = {"Authorization": KEY, **arguments.pop("headers", {})}
        return requests.request(
            method, self.sim.url + path, headers=headers, timeout=10, **arguments
        )

    def transcribe(self, data: bytes, **options: Any) -> dict[str, Any]:
        self.audio["/a.wav"] = data
        request = {"audio_url": f"{self.server.url}/a.wav", **options}
        answer = self.ask("POST", "/v2/transcript", json=request)
        assert answer.status_code == 200, answer.text
        return self.ended(answer.json()["id"])

    def ended(self, transcript_id: str) -> dict[str, Any]:
        def probe() -> dict[str, Any] | None:
            found: dict[str, Any] = self.ask("GET", f"/v2/transcript/{transcript_id}").json()
            return found if found["status"] in ("completed", "error") else None

        found = wait_until(probe)
        assert found is not None
        return found


@pytest.fixture
def world() -> Iterator[World]:
    running = World()
    yield running
    running.close()


def test_clip_is_recognized_with_true_times(world: World) -> None:
    silence = bytes(16000)
    found = world.transcribe(write_wav((silence + MESSAGE.pcm + silence,)))
    assert found["text"] == MESSAGE.text
    assert found["words"][0]["start"] == 1000 + MESSAGE.words[0].start_ms
    assert found["words"][-1]["end"] <= found["audio_duration"] * 1000
    assert found["utterances"] is None
    assert found["audio_duration"] == -(-(MESSAGE.duration_ms + 2000) // 1000)


def test_channels_are_told_apart(world: World) -> None:
    length = max(len(MESSAGE.pcm), len(GREETING.pcm))
    channels = (MESSAGE.pcm.ljust(length, b"\0"), GREETING.pcm.ljust(length, b"\0"))
    found = world.transcribe(write_wav(channels), multichannel=True)
    assert found["audio_channels"] == 2
    by_channel = {u["channel"]: u["text"] for u in found["utterances"]}
    assert by_channel == {"1": MESSAGE.text, "2": GREETING.text}
    assert all(word["speaker"] == word["channel"] for word in found["words"])


def test_speakers_are_told_apart_by_voice(world: World) -> None:
    found = world.transcribe(write_wav((GREETING.pcm + MESSAGE.pcm,)), speaker_labels=True)
    assert [(u["speaker"], u["text"]) for u in found["utterances"]] == [
        ("A", GREETING.text),
        ("B", MESSAGE.text),
    ]


@pytest.mark.parametrize(
    ("data", "options", "error"),
    [
        (b"<html>", {}, "does not appear to contain audio"),
        (write_wav((bytes(100),)), {}, "too short"),
        (write_wav((bytes(32000),)), {"language_detection": True}, "no spoken audio"),
    ],
)
def test_jobs_that_fail(world: World, data: bytes, options: dict[str, Any], error: str) -> None:
    found = world.transcribe(data, **options)
    assert found["status"] == "error"
    assert error in found["error"]


def test_download_that_fails_names_the_url(world: World) -> None:
    request = {"audio_url": f"{world.server.url}/gone.wav"}
    answer = world.ask("POST", "/v2/transcript", json=request).json()
    found = world.ended(answer["id"])
    assert found["error"].startswith(f"Download error, unable to download {world.server.url}/gone")


def test_silence_and_unknown_sounds(world: World) -> None:
    assert world.transcribe(write_wav((bytes(32000),)))["text"] == ""
    noise = world.transcribe(write_wav((bytes(range(256)) * 100,)))
    assert noise["text"].startswith("[simulated AssemblyAI")


@pytest.mark.parametrize(
    ("statuses", "deliveries"), [([200], 1), ([500, 503, 204], 3), ([404], 1), ([500] * 20, 10)]
)
def test_webhook_is_retried_by_the_vendors_rule(
    world: World, statuses: list[int], deliveries: int
) -> None:
    world.webhook_statuses = statuses
    options = {
        "webhook_url": f"{world.server.url}/hook",
        "webhook_auth_header_name": "X-Secret",
        "webhook_auth_header_value": "s3cret",
    }
    found = world.transcribe(write_wav((MESSAGE.pcm,)), **options)
    wait_until(lambda: len(world.webhooks) == deliveries)
    code = statuses[min(deliveries, len(statuses)) - 1]
    path = f"/v2/transcript/{found['id']}"
    wait_until(lambda: world.ask("GET", path).json()["webhook_status_code"] == code)
    assert len(world.webhooks) == deliveries
    request = world.webhooks[0]
    assert request.header("x-secret") == "s3cret"
    assert json.loads(request.body) == {"transcript_id": found["id"], "status": "completed"}
    assert "s3cret" not in json.dumps(world.ask("GET", path).json())


def test_key_is_checked(world: World) -> None:
    answer = world.ask("GET", "/v2/transcript", headers={"Authorization": "Bearer key"})
    assert answer.status_code == 401
    assert answer.json() == {"error": "Authentication error, API token missing/invalid"}


def test_list_pages_to_the_older_ones(world: World) -> None:
    made = [world.transcribe(write_wav((MESSAGE.pcm,)))["id"] for _ in range(5)]
    seen: list[str] = []
    path: str | None = "/v2/transcript?limit=2"
    while path:
        page = world.ask("GET", path).json()
        seen += [item["id"] for item in page["transcripts"]]
        older = page["page_details"]["prev_url"]
        path = older and older.removeprefix(world.sim.url)
    assert seen == made[::-1]


def test_deleted_transcript_keeps_its_status(world: World) -> None:
    transcript_id = world.transcribe(write_wav((MESSAGE.pcm,)))["id"]
    deleted = world.ask("DELETE", f"/v2/transcript/{transcript_id}").json()
    assert (deleted["status"], deleted["text"]) == ("completed", "Deleted by user.")
    assert world.ask("GET", "/v2/transcript/none").status_code == 400


def test_upload_is_usable_as_audio(world: World) -> None:
    url = world.ask("POST", "/v2/upload", data=write_wav((MESSAGE.pcm,))).json()["upload_url"]
    answer = world.ask("POST", "/v2/transcript", json={"audio_url": url}).json()
    assert world.ended(answer["id"])["text"] == MESSAGE.text


REQUESTS: list[tuple[dict[str, Any], bool]] = [
    ({}, True),
    ({"speech_models": ["universal-2"], "speaker_labels": True}, True),
    ({"keyterms_prompt": ["a"], "language_code": "de", "multichannel": True}, True),
    ({"redact_pii": True, "redact_pii_policies": ["person_name"], "redact_pii_sub": "hash"}, True),
    ({"format_text": "yes"}, False),
    ({"speech_models": "universal-2"}, False),
    ({"word_boost": ["a"]}, False),
    ({"dual_channel": True}, False),
    ({"no_such_option": 1}, False),
]


@pytest.mark.parametrize(("options", "good"), REQUESTS)
def test_requests_are_held_to_the_documented_schema(
    world: World, options: dict[str, Any], good: bool
) -> None:
    request = {"audio_url": "https://example.com/a.wav", **options}
    assert world.ask("POST", "/v2/transcript", json=request).ok is good
    for schema in fixtures(
        "assemblyai-request.schema", "contracts/assemblyai-transcript-request.schema.json"
    ):
        assert jsonschema.Draft202012Validator(schema).is_valid(request) is good


def test_transcript_has_every_key_that_is_documented(world: World) -> None:
    found = world.transcribe(write_wav((MESSAGE.pcm,)))
    for name in ("queued", "completed.multichannel", "error.download"):
        path = f"assemblyai-transcript.{name}"
        for document in fixtures(path, f"samples/{path}.constructed.json"):
            assert document.keys() - found.keys() - {"audio_channels"} == set(), name
