"""Everything that an attacker can do to a callback without the token: 403, a metric, nothing written."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Callable
from typing import Any
from urllib.parse import quote, urlencode

import pytest
import requests

from local.simulators.twilio.signature import sign
from tests.support.stack import Driver
from tests.support.waiting import wait_until

Sent = dict[str, Any]
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


class Callback:
    """A genuine one, and what becomes of it. ``send`` sends the bytes exactly as they stand."""

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
        signature = sign(self.token, self.url, fields)
        return {
            "url": self.url,
            "body": urlencode(fields).encode(),
            "headers": {**FORM, "X-Twilio-Signature": signature},
        }


def send(sent: Sent) -> int:
    """Also a path or query that `requests` would tidy up."""
    prepared = requests.Request(
        "POST", sent["url"], data=sent["body"], headers=sent["headers"]
    ).prepare()
    prepared.url = sent["url"]
    with requests.Session() as session:
        return session.send(prepared, timeout=35).status_code


def unsigned(sent: Sent) -> None:
    del sent["headers"]["X-Twilio-Signature"]


def truncated(sent: Sent) -> None:
    sent["headers"]["X-Twilio-Signature"] = sent["headers"]["X-Twilio-Signature"][:-2]


def emptied(sent: Sent) -> None:
    sent["headers"]["X-Twilio-Signature"] = ""


def of_another_token(sent: Sent) -> None:
    fields = [("AccountSid", "AC" + "0" * 32)]
    sent["headers"]["X-Twilio-Signature"] = sign("another token", sent["url"], fields)


def onto_another_path(sent: Sent) -> None:
    sent["url"] = sent["url"].rpartition("/")[0] + "/" + "f" * 32


def onto_another_route(sent: Sent) -> None:
    sent["url"] = sent["url"].replace("call-status", "recording-complete")


def onto_a_query(sent: Sent) -> None:
    sent["url"] += "?again=1"


def with_an_encoded_path(sent: Sent) -> None:
    head, _, tail = sent["url"].rpartition("/")
    sent["url"] = f"{head}/%{ord(tail[0]):02x}{tail[1:]}"


def with_another_field(sent: Sent) -> None:
    sent["body"] += b"&Surprise=1"


def with_a_repeated_field(sent: Sent) -> None:
    sent["body"] += b"&CallStatus=completed"


def without_a_blank_field(sent: Sent) -> None:
    sent["body"] = sent["body"].replace(b"FromCity=", b"FromCity=x")


def with_another_value(sent: Sent) -> None:
    sent["body"] = sent["body"].replace(b"ringing", b"completed")


def of_another_case(sent: Sent) -> None:
    sent["body"] = sent["body"].replace(b"ringing", b"Ringing")


def as_json(sent: Sent) -> None:
    sent["headers"]["Content-Type"] = "application/json"
    sent["body"] = json.dumps({"CallStatus": "completed"}).encode()


def as_json_with_a_hash_of_its_own(sent: Sent) -> None:
    as_json(sent)
    sent["url"] += f"?bodySHA256={hashlib.sha256(sent['body']).hexdigest()}"


def as_text(sent: Sent) -> None:
    sent["headers"]["Content-Type"] = "text/plain"


def as_bytes_that_are_no_text(sent: Sent) -> None:
    sent["body"] = b"\xff\xfe" + sent["body"]


def with_a_thousand_fields(sent: Sent) -> None:
    sent["body"] = urlencode([(f"a{n}", "x") for n in range(1000)]).encode()


def with_nothing(sent: Sent) -> None:
    sent["body"] = b""


TAMPERINGS: list[Callable[[Sent], None]] = [
    unsigned,
    truncated,
    emptied,
    of_another_token,
    onto_another_path,
    onto_another_route,
    onto_a_query,
    with_an_encoded_path,
    with_another_field,
    with_a_repeated_field,
    without_a_blank_field,
    with_another_value,
    of_another_case,
    as_json,
    as_json_with_a_hash_of_its_own,
    as_text,
    as_bytes_that_are_no_text,
    with_a_thousand_fields,
    with_nothing,
]


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
    answers = {}
    for tamper in TAMPERINGS:
        sent = Callback(driver, placed["call_id"]).sent()
        tamper(sent)
        answers[tamper.__name__] = send(sent)
    assert answers == dict.fromkeys(answers, 403)
    assert driver.items(placed["call_id"]) == before
    wait_until(lambda: rejected(driver) == counted + len(answers))


def test_untouched_it_is_let_in_and_a_replay_changes_nothing(
    driver: Driver, placed: dict[str, Any]
) -> None:
    sent = Callback(driver, placed["call_id"]).sent()
    assert send(sent) == 204
    once = driver.items(placed["call_id"])
    assert once[0]["status"] == "ringing"
    assert send(sent) == 204
    assert driver.items(placed["call_id"]) == once


def test_repeated_fields_and_a_query_are_fine_where_they_were_signed(
    driver: Driver, placed: dict[str, Any]
) -> None:
    callback = Callback(driver, placed["call_id"])
    callback.url += f"?note={quote('a&b +', safe='')}&blank="
    assert send(callback.sent([*callback.fields, ("Digits", "2"), ("Digits", "1")])) == 204
