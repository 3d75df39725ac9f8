"""MiniStack, the AWS emulator: a process in an environment of its own, reached by endpoint only.

It listens on every interface and accepts any client unless told otherwise, hence ``--bind`` and AUTH.
"""

from __future__ import annotations

import os
import secrets
import socket
import time
import urllib.error
import urllib.request
from functools import cached_property
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

from local import processes

ROOT = Path(__file__).resolve().parent.parent
PYTHON = ROOT / ".venv-ministack" / "bin" / "python"
REGION = "us-east-1"
_START_SECONDS = 30


class MiniStackError(Exception):
    """MiniStack is not installed or did not come up; the message says what to do."""


class MiniStack:
    """Starts on construction. ``access_key_id`` is the account's root; no function ever gets it."""

    def __init__(self, *, log: Path) -> None:
        if not PYTHON.exists():
            raise MiniStackError("MiniStack is not installed: run `make setup` first")
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.access_key_id = "AKIA" + secrets.token_hex(8).upper()
        self.secret_access_key = secrets.token_hex(20)
        self._clients: dict[str, Any] = {}
        self._process = processes.start(
            [
                str(PYTHON),
                *("-m", "hypercorn", "ministack.app:app"),
                *("--bind", f"127.0.0.1:{self.port}"),
                # in this very process: a worker of its own would outlive a killed parent
                *("--workers", "0"),
            ],
            environment={
                "PATH": os.environ.get("PATH", ""),
                "AUTH": "true",
                "AWS_ACCESS_KEY_ID": self.access_key_id,
                "AWS_SECRET_ACCESS_KEY": self.secret_access_key,
                "GATEWAY_PORT": str(self.port),
                "MINISTACK_HOST": "127.0.0.1",
                # AWS's own quota, and not what this machine's memory would allow
                "LAMBDA_ACCOUNT_CONCURRENCY": "1000",
                "LOG_LEVEL": "WARNING",
            },
            cwd=ROOT,
            log=log,
        )
        self._log = log
        self._wait()

    @cached_property
    def session(self) -> boto3.Session:
        """A session of the root."""
        return boto3.Session(
            aws_access_key_id=self.access_key_id,
            aws_secret_access_key=self.secret_access_key,
            region_name=REGION,
        )

    def client(self, service: str) -> Any:
        """A client of the root, made once."""
        if service not in self._clients:
            self._clients[service] = self.session.client(
                service,
                endpoint_url=self.url,
                config=Config(signature_version="s3v4" if service == "s3" else None),
            )
        return self._clients[service]

    def close(self) -> None:
        for client in self._clients.values():
            client.close()
        processes.stop(self._process, grace_seconds=3)

    def _wait(self) -> None:
        deadline = time.monotonic() + _START_SECONDS
        while time.monotonic() < deadline and self._process.poll() is None:
            try:
                with urllib.request.urlopen(f"{self.url}/_ministack/health", timeout=2):
                    return
            except (urllib.error.URLError, ConnectionError, TimeoutError):
                time.sleep(0.05)
        self.close()
        raise MiniStackError(f"MiniStack did not come up; its log is {self._log}")


def free_port() -> int:
    """A port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
