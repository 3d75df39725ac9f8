"""boto3's clients, with the application's time-outs."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import boto3
from botocore.config import Config

# With three tries an AWS service that hangs is given up before the shortest function's time-out of 14 s
# (tests/unit/test_time_outs.py adds it up); nothing that is asked for takes a second
CONNECT_AND_READ_SECONDS = (1, 3)
TRIES = 3
# audio, in the one function that has fifteen minutes: S3 answers when it has all of it
STREAM_CONNECT_AND_READ_SECONDS = (3, 60)


class AwsClients:
    """Makes clients of one session, which shares what it has read of the SDK's data."""

    @cached_property
    def session(self) -> boto3.Session:
        """Credentials and region of the function's environment."""
        return boto3.Session()

    def make(self, service: str, time_outs: tuple[float, float] = CONNECT_AND_READ_SECONDS) -> Any:
        """A client of a service by its name, such as ``dynamodb``. ``time_outs`` in seconds."""
        client: Any = self.session.client  # typed for services that are known by name only
        return client(service, config=client_config(service, time_outs))


def client_config(service: str, time_outs: tuple[float, float]) -> Config:
    """``time_outs``: to connect, and between two bytes. SigV4 everywhere, presigned links included."""
    connect, read = time_outs
    return Config(
        connect_timeout=connect,
        read_timeout=read,
        retries={"mode": "standard", "total_max_attempts": TRIES},
        signature_version="s3v4" if service == "s3" else None,
    )
