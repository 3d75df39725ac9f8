"""`callscribe ui` as a person starts it. What its server refuses: tests/viewer/test_ui.py."""

from __future__ import annotations

import json
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from callscribe_cli.errors import CredentialsError
from callscribe_cli.messages import Answer
from callscribe_cli.ui_backend import forward_with
from callscribe_cli.ui_replies import ForwardError
from local.http_server import Response
from tests.cli.conftest import Callscribe
from tests.cli.double import ApiDouble, problem
from tests.cli.test_start import COMMAND, environment
from tests.support.waiting import wait_until

C1 = "c1" * 16
HOST = "http://127.0.0.1:"


@dataclass
class Running:
    """``url``: what it printed. ``ended``: its exit status and its standard error, after Ctrl-C."""

    url: str
    ended: tuple[int, str] = (0, "")


@contextmanager
def started(*arguments: str, **more: str) -> Iterator[Running]:
    """The running command; at the end it is stopped as by Ctrl-C."""
    command = [*COMMAND, "ui", *arguments]
    pipe = subprocess.PIPE
    with subprocess.Popen(
        command, stdout=pipe, stderr=pipe, text=True, env=environment(**more)
    ) as process:
        assert process.stdout is not None
        running = Running(process.stdout.readline().strip())
        try:
            yield running
        finally:
            process.send_signal(signal.SIGINT)
            running.ended = (process.wait(10), process.communicate()[1])


def get(url: str) -> tuple[int, str, bytes]:
    """Status, where it leads, body."""
    parts = urlsplit(url)
    connection = HTTPConnection(parts.netloc, timeout=10)
    connection.request("GET", url.partition(parts.netloc)[2])
    answer = connection.getresponse()
    got = answer.status, answer.headers["Location"] or "", answer.read()
    connection.close()
    return got


@pytest.mark.usefixtures("callscribe")
def test_pages_show_the_api_as_the_user(double: ApiDouble) -> None:
    double.add_call(C1)
    double.add_transcript(C1, "Hello.")
    with started("--no-open") as running:
        url = running.url
        assert b"<!doctype html>" in get(url)[2]
        assert json.loads(get(f"{url}api/calls")[2])["calls"][0]["call_id"] == C1
        transcript = f"{url}api/calls/{C1}/transcript"
        assert json.loads(get(transcript)[2])["call_id"] == C1
        assert get(f"{transcript}?format=docx")[2].startswith(b"PK")
        assert b"Hello." in get(f"{transcript}?format=csv")[2]
        assert get(f"{url}api/calls/{'0' * 32}")[0] == 404
    assert running.ended == (130, "Ctrl-C stops it\n\nstopped\n")


@pytest.mark.usefixtures("callscribe")
def test_browser_is_started_with_an_address_that_holds_once(home: Path) -> None:
    browser, opened = home / "browser", home / "opened"
    browser.write_text(f'#!/bin/sh\necho "$1" > {opened}\n')
    browser.chmod(0o700)
    with started(BROWSER=f"{browser} %s") as running:
        wait_until(lambda: opened.exists() and opened.read_text().endswith("\n"))
        entrance = opened.read_text().strip()
        assert entrance.startswith(HOST)
        assert urlsplit(running.url).path.strip("/") not in entrance
        assert get(entrance)[:2] == (303, running.url)
        assert get(entrance)[0] == 404


@pytest.mark.usefixtures("callscribe")
def test_address_for_programs() -> None:
    with started("--no-open", "--query", "url") as running:
        assert get(running.url)[0] == 200


def test_wrong_keys_are_told_before_anything_is_served(
    callscribe: Callscribe, double: ApiDouble
) -> None:
    double.fault("GET", "/calls", Response(status=403, body=b'{"message": "Forbidden"}'))
    refused = callscribe("ui", "--no-open")
    assert (refused.code, refused.out) == (4, "")
    assert "aws sts get-caller-identity" in refused.fix


@pytest.mark.usefixtures("callscribe")
def test_port_that_is_taken_is_told(callscribe: Callscribe) -> None:
    with started("--no-open") as running:
        taken = callscribe("ui", "--no-open", "--port", str(urlsplit(running.url).port))
    assert taken.code == 1
    assert "--port" in taken.fix


class Expired:
    """An API whose user's credentials have expired."""

    def forward(self, *_: object, **__: object) -> Answer:
        raise CredentialsError("the token has expired", fix="aws sso login")


def test_credentials_that_expire_are_told_on_the_page() -> None:
    with pytest.raises(ForwardError, match=r"the token has expired.*aws sso login"):
        forward_with(Expired())("GET", "/calls", {}, b"")  # type: ignore[arg-type]


@pytest.mark.usefixtures("callscribe")
def test_refusal_of_aws_is_told_with_its_fix(double: ApiDouble) -> None:
    with started("--no-open") as running:
        get(f"{running.url}api/calls")
        double.fault(
            "GET", "/calls", Response(status=403, body=b'{"message": "The token is expired"}')
        )
        status, _, body = get(f"{running.url}api/calls")
    assert status == 502
    assert "The token is expired" in json.loads(body)["detail"]
    assert "aws sts get-caller-identity" in json.loads(body)["detail"]


@pytest.mark.usefixtures("callscribe")
def test_refusal_of_the_api_is_the_pages(double: ApiDouble) -> None:
    double.add_call(C1, "in-progress")
    late = problem(409, "transcript-not-ready", {"retry-after": "7"})
    double.fault("GET", "/calls/.*/transcript", late)
    with started("--no-open") as running:
        status, _, body = get(f"{running.url}api/calls/{C1}/transcript")
    assert (status, json.loads(body)["title"]) == (409, "transcript-not-ready")
