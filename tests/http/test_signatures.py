"""Everything that an attacker can do to a callback without the token: 403, a metric, nothing written."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote, urlencode

import pytest
import requests

from local.simulators.twilio.signature import sign
from tests.support.stack import Driver
from tests.support.waiting import wait_until

FORM = "application/x-www-form-urlencoded"
JSON_BODY = b'{"CallStatus": "completed"}'


@dataclass(frozen=True)
class Sent:
    """A callback as it is sent: the bytes exactly as they stand."""

    url: str
    body: bytes
    signature: str
    kind: str = FORM
    is_signed: bool = True

    def send(self) -> int:
        """Also a path or query that `requests` would tidy up."""
        signature = {"X-Twilio-Signature": self.signature} if self.is_signed else {}
        headers = {"Content-Type": self.kind, **signature}
        prepared = requests.Request("POST", self.url, data=self.body, headers=headers).prepare()
        prepared.url = self.url
        with requests.Session() as session:
            return session.send(prepared, timeout=35).status_code


class Callback:
    """A genuine one."""

    def __init__(self, driver: Driver, call_id: str) -> None:
        account = driver.stack.options.account
        self.token = account.auth_token
        self.url = f"{driver.url}/call-status/{call_id}"
        self.fields = [
            ("AccountSid", account.account_sid),
            ("CallSid", "CA" + secrets.token_hex(16)),
            ("CallStatus", "ringing"),
            ("FromCity", ""),
            ("ToCity", "Z\u00fcrich & Co +1"),
        ]

    def sent(self, fields: list[tuple[str, str]] | None = None) -> Sent:
        fields = fields or self.fields
        return Sent(self.url, urlencode(fields).encode(), sign(self.token, self.url, fields))


def of_another_token(sent: Sent) -> Sent:
    fields = [("AccountSid", "AC" + "0" * 32)]
    return replace(sent, signature=sign("another token", sent.url, fields))


def with_an_encoded_path(sent: Sent) -> Sent:
    head, _, tail = sent.url.rpartition("/")
    return replace(sent, url=f"{head}/%{ord(tail[0]):02x}{tail[1:]}")


TAMPERINGS: dict[str, Callable[[Sent], Sent]] = {
    "unsigned": lambda sent: replace(sent, is_signed=False),
    "truncated": lambda sent: replace(sent, signature=sent.signature[:-2]),
    "emptied": lambda sent: replace(sent, signature=""),
    "of another token": of_another_token,
    "onto another path": lambda sent: replace(sent, url=sent.url[:-32] + "f" * 32),
    "onto another route": lambda sent: replace(
        sent, url=sent.url.replace("call-status", "recording-complete")
    ),
    "onto a query": lambda sent: replace(sent, url=f"{sent.url}?again=1"),
    "with an encoded path": with_an_encoded_path,
    "with another field": lambda sent: replace(sent, body=sent.body + b"&Surprise=1"),
    "with a repeated field": lambda sent: replace(sent, body=sent.body + b"&CallStatus=completed"),
    "without a blank field": lambda sent: replace(
        sent, body=sent.body.replace(b"FromCity=", b"FromCity=x")
    ),
    "with another value": lambda sent: replace(
        sent, body=sent.body.replace(b"ringing", b"completed")
    ),
    "of another case": lambda sent: replace(sent, body=sent.body.replace(b"ringing", b"Ringing")),
    "as JSON": lambda sent: replace(sent, kind="application/json", body=JSON_BODY),
    "as JSON with a hash of its own": lambda sent: replace(
        sent,
        kind="application/json",
        body=JSON_BODY,
        url=f"{sent.url}?bodySHA256={hashlib.sha256(JSON_BODY).hexdigest()}",
    ),
    "as text": lambda sent: replace(sent, kind="text/plain"),
    "as bytes that are no text": lambda sent: replace(sent, body=b"\xff\xfe" + sent.body),
    "with a thousand fields": lambda sent: replace(
        sent, body=urlencode([(f"a{n}", "x") for n in range(1000)]).encode()
    ),
    "with nothing": lambda sent: replace(sent, body=b""),
}


def rejected(driver: Driver) -> int:
    """How often the functions' logs count a rejected callback."""
    logs = (driver.stack.options.work_folder / "logs").glob("*.log")
    return sum(path.read_text().count('"CallbackRejected":1') for path in logs)


@pytest.fixture
def placed(driver: Driver) -> dict[str, Any]:
    """A call that stands still: nothing but a callback would change it."""
    return driver.place(place_at="2027-01-01T00:00:00Z")


def test_whatever_is_not_signed_as_it_came_is_refused(
    driver: Driver, placed: dict[str, Any]
) -> None:
    before, counted = driver.items(placed["call_id"]), rejected(driver)
    answers = {
        name: tamper(Callback(driver, placed["call_id"]).sent()).send()
        for name, tamper in TAMPERINGS.items()
    }
    assert answers == dict.fromkeys(answers, 403)
    assert driver.items(placed["call_id"]) == before
    wait_until(lambda: rejected(driver) == counted + len(answers))


def test_untouched_it_is_let_in_and_a_replay_changes_nothing(
    driver: Driver, placed: dict[str, Any]
) -> None:
    sent = Callback(driver, placed["call_id"]).sent()
    assert sent.send() == 204
    once = driver.items(placed["call_id"])
    assert once[0]["status"] == "ringing"
    assert sent.send() == 204
    assert driver.items(placed["call_id"]) == once


def test_repeated_fields_and_a_query_are_fine_where_they_were_signed(
    driver: Driver, placed: dict[str, Any]
) -> None:
    callback = Callback(driver, placed["call_id"])
    callback.url += f"?note={quote('a&b +', safe='')}&blank="
    sent = callback.sent([*callback.fields, ("Digits", "2"), ("Digits", "1")])
    assert sent.send() == 204
