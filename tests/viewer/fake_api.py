"""A small API behind the viewer's server: calls in several states, made-up dialogues, silent audio.

It is a ``Forward`` and an ``OpenAudio``. What it was asked is in ``requests`` and ``ranges``.
"""

from __future__ import annotations

import json
import random
import struct
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from callscribe_cli.ui_audio import Audio
from callscribe_cli.ui_replies import Answer

COMPLETED, LIVE, FAILED, ARABIC, LONG, HOSTILE = (f"{number:032x}" for number in range(1, 7))
RECORDING = "RE" + "a" * 32
TOKEN = "secret-of-the-link"
SHARE: dict[str, Any] = {
    "share_id": "5" * 32,
    "created_at": "2026-11-21T00:00:00.000Z",
    "created_by": "me",
    "expires_at": "2026-11-28T00:00:00.000Z",
    "show_numbers": False,
    "opened": 2,
    "requests": 7,
    "last_used_at": None,
}
_RATE = 8000
_WORDS = tuple(
    "yes no well I you we they the a to and of it is that this was for on with have from your my "
    "order refund delivery Friday invoice account number please thank can could would will because about "
    "price right okay sure tomorrow morning again before after always never something nothing "
    "Müller café".split()
)
_ARABIC = tuple("مرحبا كيف حالك اليوم أريد أن أسأل عن الطلب رقم خمسة شكرا جزيلا مع السلامة".split())

Json = dict[str, Any]


@cache
def dialogue(
    words: int, vocabulary: tuple[str, ...] = _WORDS, *, in_segment: int = 20
) -> list[Json]:
    """Segments of two channels that take turns, with words of 80 ms as AssemblyAI gives them."""
    chance = random.Random(words)  # noqa: S311 - the same dialogue each time
    segments, at = [], 500
    for number in range(0, words, in_segment):
        channel = str(number // in_segment % 2 + 1)
        spoken = []
        for _ in range(min(in_segment, words - number)):
            spoken.append((chance.choice(vocabulary), at))
            at += chance.randint(180, 450)
        segments.append(_segment(channel, spoken))
        at += 300
    return segments


def _segment(channel: str, spoken: list[tuple[str, int]]) -> Json:
    return {
        "start_ms": spoken[0][1],
        "end_ms": spoken[-1][1] + 80,
        "speaker": channel,
        "channel": channel,
        "speaker_name": f"Channel {channel}",
        "text": " ".join(word for word, _ in spoken),
        "confidence": 0.93,
        "words": [[start, start + 80, 0.9] for _, start in spoken],
    }


def call(call_id: str, **changes: object) -> Json:
    return {
        "call_id": call_id,
        "call_sid": "CA" + call_id,
        "status": "completed",
        "direction": "outbound-api",
        "mode": "call",
        "to_number": "+14155550100",
        "from_number": "+15005550006",
        "created_at": f"2026-11-20T10:00:{int(call_id, 16):02}.000Z",
        "updated_at": "2026-11-20T10:05:00.000Z",
        "place_at": None,
        "placed_at": "2026-11-20T10:00:20.000Z",
        "answered_at": "2026-11-20T10:00:30.000Z",
        "ended_at": "2026-11-20T10:04:30.000Z",
        "duration_seconds": 240,
        "answered_by": None,
        "metadata": {"order": "4711"},
        "error": None,
        "cancellation": None,
        "erasure": None,
        "transcript_status": "completed",
        **changes,
    }


def recording(**changes: object) -> Json:
    return {
        "recording_sid": RECORDING,
        "status": "completed",
        "started_at": "2026-11-20T10:00:30.000Z",
        "duration_seconds": 240,
        "channels": 2,
        "transcript_id": "t-1",
        "transcript_status": "completed",
        "confidence": 0.93,
        "language_code": "en_us",
        "speech_model_used": "universal",
        "warnings": [],
        "attempts": 1,
        "retries": 0,
        "updated_at": "2026-11-20T10:05:00.000Z",
        "error": None,
        **changes,
    }


class FakeApi:
    def __init__(self) -> None:
        self.requests: list[tuple[str, str, Mapping[str, str], bytes]] = []
        self.ranges: list[tuple[str, str | None]] = []
        self.shares: list[Json] = []
        self.links = 0
        self.valid_links: dict[str, int] = {}
        failure = {
            "code": "download_error",
            "message": "The audio was not read.",
            "retryable": True,
        }
        under_way = {"status": "in-progress", "ended_at": None, "duration_seconds": None}
        self.calls: dict[str, Json] = {
            COMPLETED: call(COMPLETED),
            LIVE: call(LIVE, **under_way, transcript_status="pending"),
            FAILED: call(FAILED, transcript_status="failed"),
            ARABIC: call(ARABIC, direction="inbound"),
            LONG: call(LONG, duration_seconds=14_400),
            HOSTILE: call(
                HOSTILE, metadata={"<img src=x onerror=alert(1)>": "<script>alert(1)</script>"}
            ),
        }
        self.recordings: dict[str, list[Json]] = {call_id: [recording()] for call_id in self.calls}
        self.recordings[LIVE] = []
        self.recordings[FAILED] = [recording(status="error", transcript_id=None, error=failure)]
        self.recordings[LONG] = [recording(duration_seconds=14_400)]
        self.segments: dict[str, list[Json]] = {
            COMPLETED: dialogue(400),
            ARABIC: dialogue(120, _ARABIC),
            LONG: dialogue(40_000),
            HOSTILE: [_segment("1", [("<b>bold</b>", 0), ("<script>alert(1)</script>", 400)])],
        }
        self.languages = {ARABIC: "ar"}

    def forward(self, method: str, path: str, query: Mapping[str, str], body: bytes) -> Answer:
        self.requests.append((method, path, query, body))
        if path == "/calls":
            return self._list(query)
        call_id, _, rest = path.removeprefix("/calls/").partition("/")
        if call_id not in self.calls:
            return _problem(404, "not-found", "There is no such call.")
        return self._of_call(method, call_id, rest, query)

    def open_audio(self, url: str, wanted: str | None) -> Audio:
        self.ranges.append((url, wanted))
        if url not in self.valid_links:
            return Audio(
                403, {"content-type": "application/xml"}, iter([b"<Error/>"]), lambda: None
            )
        return silence(self.valid_links[url], wanted)

    def expire_links(self) -> None:
        self.valid_links.clear()

    def _list(self, query: Mapping[str, str]) -> Answer:
        calls = sorted(self.calls.values(), key=lambda one: str(one["created_at"]), reverse=True)
        wanted = query.get("status")
        calls = [one for one in calls if wanted in (None, one["status"])]
        return _json(200, {"calls": calls, "next_cursor": None})

    def _of_call(self, method: str, call_id: str, rest: str, query: Mapping[str, str]) -> Answer:
        if method == "GET":
            return self._read(call_id, rest, query)
        match method, rest:
            case "DELETE", "":
                erasure = {"asked_at": "2026-11-21T10:00:00.000Z", "asked_by": "me"}
                self.calls[call_id] |= {"status": "erasing", "erasure": erasure}
                self.recordings[call_id] = []
                return _json(202, self.calls[call_id])
            case "POST", "retry":
                self.recordings[call_id] = [recording(status="submitted", transcript_id=None)]
                return _json(202, {"call_id": call_id, "retried": [RECORDING], "refused": []})
            case "POST", "shares":
                self.shares = [SHARE]
                url = f"https://example.com/shared#{TOKEN}"
                return _json(201, {**SHARE, "url": url})
        if method == "DELETE" and rest.startswith("shares/"):
            self.shares.clear()
            return 204, {}, b""
        return _json(200, {})

    def _read(self, call_id: str, rest: str, query: Mapping[str, str]) -> Answer:
        if rest and self.calls[call_id]["erasure"]:
            return _problem(404, "not-found", "The call was erased.")
        match rest:
            case "recordings":
                return self._audio_links(call_id)
            case "transcript":
                return self._transcript(call_id, query)
            case "shares":
                return _json(200, {"shares": self.shares})
        return _json(200, {**self.calls[call_id], "recordings": self.recordings[call_id]})

    def _audio_links(self, call_id: str) -> Answer:
        self.links += 1
        recordings = [self._with_link(one) for one in self.recordings[call_id]]
        return _json(200, {"call_id": call_id, "recordings": recordings})

    def _with_link(self, recording: Json) -> Json:
        link = f"https://bucket.example/{recording['recording_sid']}?signature={self.links}"
        self.valid_links[link] = int(recording["duration_seconds"])
        return {
            **recording,
            "audio_url": link,
            "audio_url_expires_at": "2026-11-21T12:05:00.000Z",
        }

    def _transcript(self, call_id: str, query: Mapping[str, str]) -> Answer:
        if any(one["error"] for one in self.recordings[call_id]):
            return _problem(404, "no-transcript", "There is no transcript, and there will be none.")
        if call_id not in self.segments or self.recordings[call_id][0]["status"] != "completed":
            problem = _problem(409, "transcript-not-ready", "The transcript is not ready.")
            return 409, {**problem[1], "retry-after": "1"}, problem[2]
        if query.get("format", "json") != "json":
            return (
                200,
                {"content-type": "text/plain; charset=utf-8"},
                b"[00:00:00.500] Channel 1: yes\n",
            )
        return _json(200, self._document(call_id, words=query.get("words") == "true"))

    def _document(self, call_id: str, *, words: bool) -> Json:
        kept = self.segments[call_id]
        segments = (
            kept if words else [{k: v for k, v in one.items() if k != "words"} for one in kept]
        )
        part = {
            "recording_sid": RECORDING,
            "offset_ms": 0,
            "language_code": self.languages.get(call_id, "en_us"),
            "audio_duration_seconds": self.recordings[call_id][0]["duration_seconds"],
            "segments": segments,
        }
        return {"call_id": call_id, "recordings": [part]}


def silence(seconds: int, wanted: str | None) -> Audio:
    """A WAV file of 8-bit silence, or the part of it that is ``wanted``; never all of it in memory."""
    data = seconds * _RATE
    size = 44 + data
    first, last = _part(wanted, size)
    if first > last:
        return Audio(
            416, {"content-range": f"bytes */{size}", "content-length": "0"}, iter(()), lambda: None
        )
    headers = {
        "content-type": "audio/wav",
        "content-length": str(last - first + 1),
        "accept-ranges": "bytes",
    }
    if wanted:
        headers["content-range"] = f"bytes {first}-{last}/{size}"
    return Audio(206 if wanted else 200, headers, _bytes(data, first, last), lambda: None)


def _part(wanted: str | None, size: int) -> tuple[int, int]:
    first, _, last = (wanted or "bytes=0-").removeprefix("bytes=").partition("-")
    if not first:
        return max(0, size - int(last)), size - 1
    return int(first), min(int(last), size - 1) if last else size - 1


def _bytes(data: int, first: int, last: int) -> Iterator[bytes]:
    header = struct.pack(
        "<4sI4s4sIHHIIHH4sI",
        *(b"RIFF", 36 + data, b"WAVE", b"fmt ", 16, 1, 1, _RATE, _RATE, 1, 8, b"data", data),
    )
    if first < len(header):
        yield header[first : last + 1]
        first = len(header)
    while first <= last:
        size = min(65_536, last - first + 1)
        yield b"\x80" * size
        first += size


def _json(status: int, document: object) -> Answer:
    return status, {"content-type": "application/json"}, json.dumps(document).encode()


def _problem(status: int, kind: str, detail: str) -> Answer:
    document = {
        "type": f"urn:callscribe:problem:{kind}",
        "title": kind,
        "status": status,
        "detail": detail,
    }
    return status, {"content-type": "application/problem+json"}, json.dumps(document).encode()
