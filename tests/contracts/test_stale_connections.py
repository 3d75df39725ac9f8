"""Connections that died while the sandbox was frozen, or never came about: what may be repeated is, and a
POST reaches the vendor once."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from callscribe.adapters.assemblyai.client import AssemblyAITranscriber, PresignedAudio
from callscribe.adapters.aws.secrets import Secrets
from callscribe.adapters.aws.streams import S3Streams
from callscribe.adapters.twilio.client import TwilioTelephony
from callscribe.adapters.twilio.media import TwilioAudioSource
from callscribe.adapters.vendor_http import VendorSession
from callscribe.domain.calls import Call, CallState
from callscribe.domain.errors import VendorOutcomeUnknownError, VendorRateLimitedError
from callscribe.domain.transcription_jobs import AudioReference, TranscriptionRequest
from tests.support.sockets import HANG_UP, RESET, BadServer, answer, bad_server

VALUES = {"api_key_sid": "SK1", "api_key_secret": "s", "api_key": "k"}
SECRETS = cast(
    Secrets,
    SimpleNamespace(read=lambda *_, **__: VALUES, value=lambda _, key, **__: VALUES[key]),
)
A_REQUEST = TranscriptionRequest(
    audio=AudioReference("https://example.com/a.wav", "example.com/a.wav"),
    channels=1,
    callback_url="https://example.com/hook",
    callback_secret="s",
    options={},
)
NOW = "2026-03-04T05:06:07.000Z"
CALL = Call(
    call_id="0" * 32,
    status=CallState.PLACING,
    created_at=NOW,
    updated_at=NOW,
    mode="message",
    to_number="+15005550006",
    from_number="+14155550100",
    base_url="https://example.com",
)


@dataclass
class Vendor:
    """One that is asked a question that may be repeated, and one that may not."""

    client: Any
    session: VendorSession
    path: str
    body: str
    created: str

    def ask(self) -> None:
        self.client.get_call("CA1") if self.created == "201 Created" else self.client.get("1")

    def post(self) -> None:
        if self.created == "201 Created":
            self.client.place_call(CALL)
        else:
            self.client.submit(A_REQUEST)

    def answers(self) -> str:
        return answer(self.body)

    def creates(self) -> str:
        return answer(self.body, self.created)


@contextmanager
def talking_to(name: str, url: str) -> Iterator[Vendor]:
    if name == "twilio":
        telephony = TwilioTelephony(SECRETS, secret_name="x", account_sid="AC1", api_url=url)
        body = json.dumps({"sid": "CA1", "status": "queued", "to": "+1", "from": "+2"})
        path = "/2010-04-01/Accounts/AC1/Calls.json"
        vendor = Vendor(telephony, telephony._http.session, path, body, "201 Created")
    else:
        transcriber = AssemblyAITranscriber(
            SECRETS,
            secret_name="x",
            api_url=url,
            audio=PresignedAudio(cast(Any, None)),
            sleep=lambda _: None,
        )
        body = json.dumps({"id": "1", "status": "queued"})
        vendor = Vendor(transcriber, transcriber._session, "/v2/transcript", body, "200 OK")
    vendor.session.trust_env = False
    with closing(vendor.session):
        yield vendor


@pytest.fixture(params=["twilio", "assemblyai"])
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def posts(server: BadServer) -> list[tuple[int, str]]:
    return [(number, path) for number, method, path in server.seen if method == "POST"]


def test_post_goes_over_a_connection_of_its_own(name: str) -> None:
    with bad_server([], []) as server, talking_to(name, server.url) as vendor:
        # the first would hang up on a second request, as a proxy does that dropped an idle connection
        server.scripts = [[vendor.answers(), HANG_UP], [vendor.creates()]]
        vendor.ask()
        vendor.post()
        assert posts(server) == [(1, vendor.path)]


def test_question_that_meets_a_dead_connection_is_asked_once_more(name: str) -> None:
    with bad_server([], []) as server, talking_to(name, server.url) as vendor:
        server.scripts = [[vendor.answers(), HANG_UP], [vendor.answers()]]
        vendor.ask()
        vendor.ask()
        assert [number for number, _, _ in server.seen] == [0, 0, 1]


def test_post_whose_answer_is_lost_is_unknown_and_never_repeated(name: str) -> None:
    with bad_server([HANG_UP]) as server, talking_to(name, server.url) as vendor:
        with pytest.raises(VendorOutcomeUnknownError):
            vendor.post()
        assert posts(server) == [(0, vendor.path)]


def test_post_that_is_reset_after_it_may_have_left_is_unknown(name: str) -> None:
    """Over plain HTTP the connection stands at once: what was written may have arrived."""
    with bad_server([RESET]) as server, talking_to(name, server.url) as vendor:
        with pytest.raises(VendorOutcomeUnknownError):
            vendor.post()
        assert (server.connections, server.seen) == (1, [])


@pytest.mark.parametrize("resets", [1, 2])
def test_reset_during_the_handshake_is_tried_again_at_once(
    name: str, certificate: Path, resets: int
) -> None:
    with bad_server([], certificate=certificate) as server, talking_to(name, server.url) as vendor:
        vendor.session.verify = str(certificate)
        server.scripts = [*[[RESET]] * resets, [vendor.creates()]]
        vendor.post()
        assert posts(server) == [(resets, vendor.path)]


def test_handshakes_that_all_fail_leave_nothing_done(name: str, certificate: Path) -> None:
    with (
        bad_server(*[[RESET]] * 12, certificate=certificate) as server,
        talking_to(name, server.url) as vendor,
    ):
        vendor.session.verify = str(certificate)
        with pytest.raises(VendorRateLimitedError):
            vendor.post()
        assert (server.connections % 3, server.seen) == (0, [])


@pytest.mark.parametrize("host", ["127.0.0.1", "no-such-host.invalid"])
def test_refused_connection_and_unknown_host_leave_nothing_done(name: str, host: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with talking_to(name, f"http://{host}:{port}") as vendor, pytest.raises(VendorRateLimitedError):
        vendor.post()


def test_certificate_of_another_leaves_nothing_done(name: str, certificate: Path) -> None:
    with (
        bad_server(*[[]] * 12, certificate=certificate) as server,
        talking_to(name, server.url) as vendor,
    ):
        with pytest.raises(VendorRateLimitedError):
            vendor.post()
        assert server.seen == []


def test_download_survives_a_dead_connection() -> None:
    stored: list[bytes] = []
    s3 = SimpleNamespace(
        meta=SimpleNamespace(endpoint_url="https://s3"),
        put_object=lambda **put: stored.append(put["Body"].read() + put["Body"].read()),
    )
    wav = "RIFF0000WAVEfmt ".ljust(60, "0")
    media = answer(wav, kind="audio/x-wav")
    with bad_server([media, HANG_UP], [media]) as server:
        audio = TwilioAudioSource(
            SECRETS,
            S3Streams(cast(Any, s3), "b"),
            secret_name="x",
            account_sid="AC1",
            api_url=server.url,
        )
        audio._session.trust_env = False
        with closing(audio._session):
            audio.copy("RE1", channels=1, key="a")
            audio.copy("RE1", channels=1, key="a")
        assert [number for number, _, _ in server.seen] == [0, 0, 1]
    assert stored == [wav.encode()] * 2


def test_question_ends_when_its_time_is_over() -> None:
    """Also in the middle of its tries."""
    clock = iter([0.0, 0.0, 9.0, 9.0, 21.0, 21.0, 21.0])
    session = VendorSession(connect_seconds=3, read_seconds=10, now=lambda: next(clock))
    session.trust_env = False
    with bad_server([RESET], certificate=None) as server, closing(session):
        session.begin(20)
        with pytest.raises(Exception, match="Connection aborted"):
            session.post(server.url)
        assert server.connections == 1
