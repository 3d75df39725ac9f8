"""One copy in a process of its own: prints its seconds and its peak memory as JSON."""

from __future__ import annotations

import http.client
import json
import re
import ssl
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast
from urllib.parse import urlsplit

_BLOCK = 1 << 20


def application(source: str, sink: str, certificate: str) -> Callable[[int], None]:
    """The adapter that `transcribe` has, as it is wired there; made once, as in a warm environment."""
    import boto3  # noqa: PLC0415 - each kind loads its own only
    from botocore.config import Config  # noqa: PLC0415

    from callscribe.adapters.aws import clients  # noqa: PLC0415
    from callscribe.adapters.aws.streams import S3Streams  # noqa: PLC0415
    from callscribe.adapters.twilio.media import TwilioAudioSource  # noqa: PLC0415

    time_outs = clients.STREAM_CONNECT_AND_READ_SECONDS
    config = clients.client_config("s3", time_outs).merge(Config(s3={"addressing_style": "path"}))
    client = boto3.Session().client(
        "s3",
        region_name="us-east-1",
        endpoint_url=sink,
        aws_access_key_id="bench",
        aws_secret_access_key="bench",  # noqa: S106
        verify=certificate,
        config=config,
    )
    secret = {"api_key_sid": "SK", "api_key_secret": "bench"}
    secrets = cast(Any, SimpleNamespace(read=lambda *_, **__: secret))
    audio = TwilioAudioSource(
        secrets,
        S3Streams(cast(Any, client), "bucket"),
        secret_name="",
        account_sid="AC",
        api_url=source,
    )
    # the certificate of this run, whatever the machine's environment names
    audio._session.verify, audio._session.trust_env = certificate, False  # noqa: SLF001

    def copy(megabytes: int) -> None:
        audio.copy(f"RE{megabytes}", channels=2, key="audio/x/y.wav")

    return copy


def plain(source: str, sink: str, certificate: str) -> Callable[[int], None]:
    """The floor: two TLS sockets and a loop between them, one PUT, no signature."""
    context = ssl.create_default_context(cafile=certificate)
    ports = [urlsplit(url).port for url in (source, sink)]
    incoming, outgoing = (
        http.client.HTTPSConnection("localhost", port, context=context) for port in ports
    )

    def copy(megabytes: int) -> None:
        incoming.request("GET", f"/RE{megabytes}.wav")
        response = incoming.getresponse()
        outgoing.putrequest("PUT", "/bucket/key")
        outgoing.putheader("Content-Length", str(megabytes * 1_000_000))
        outgoing.endheaders()
        while block := response.read(_BLOCK):
            outgoing.send(block)
        outgoing.getresponse().read()

    return copy


def main() -> int:
    kind, source, sink, megabytes, certificate = sys.argv[1:]
    make = application if kind == "application" else plain
    copy = make(source, sink, certificate)
    # what a warm environment has behind it: imports, clients, connections
    copy(1)
    begin = time.perf_counter()
    copy(int(megabytes))
    seconds = time.perf_counter() - begin
    status = Path("/proc/self/status").read_text()
    peak = re.search(r"VmHWM:\s+(\d+) kB", status)
    result = {
        "seconds": seconds,
        "peak_mb": int(peak[1]) / 1000 if peak else 0,
    }
    print(json.dumps(result))
    return 0


if __name__ == "__main__":
    sys.exit(main())
