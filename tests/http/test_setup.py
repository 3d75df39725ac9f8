"""`callscribe setup` on the whole stack, from keys to a call: as a script runs it, and as a person."""

from __future__ import annotations

import json
import os
import pty
import select
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from callscribe_cli.setup_keys import KEYS, NAMES
from local.options import ROOT
from local.stack import STACK_NAME
from tests.support.patient import FROM_NUMBER, POLICY, Patient, filled, signed_in, subscribed

POLICIES = {
    "Version": "2012-10-17",
    "Statement": [
        *json.loads(filled(POLICY))["Statement"],
        *json.loads(filled((ROOT / "policies/setup.json").read_text()))["Statement"],
        *json.loads(filled((ROOT / "policies/dialer.json").read_text()))["Statement"],
    ],
}
OTHER = "https://example.com/other"
Run = Callable[..., tuple[int, str, str]]


def keys(patient: Patient) -> dict[str, str]:
    account = patient.options.account
    return {
        "TWILIO_API_KEY_SID": account.api_key_sid,
        "TWILIO_API_KEY_SECRET": account.api_key_secret,
        "TWILIO_AUTH_TOKEN": account.auth_token,
        "ASSEMBLYAI_API_KEY": patient.options.assemblyai_api_key,
    }


def versions(patient: Patient) -> list[int]:
    """Of the stored keys: each write counts one up."""
    ssm = patient.client("ssm")
    names = [patient.outputs[output] for output in KEYS]
    return [ssm.get_parameter(Name=name)["Parameter"]["Version"] for name in names]


@pytest.fixture
def setup(
    patient: Patient,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> Run:
    signed_in(patient.driver, monkeypatch, "setup", POLICIES)
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("CALLSCRIBE_STACK", STACK_NAME)
    monkeypatch.setenv("CALLSCRIBE_API_URL", patient.driver.url)
    monkeypatch.chdir(tmp_path)

    monkeypatch.setenv("PYTHONPATH", str(ROOT))

    def run(*arguments: str, text: str = "") -> tuple[int, str, str]:
        command = [sys.executable, "-m", "callscribe_cli", "setup", *arguments]
        ran = subprocess.run(
            command, input=text, capture_output=True, text=True, check=False, timeout=120
        )
        return ran.returncode, ran.stdout, ran.stderr

    return run


def test_script_takes_a_stack_from_its_keys_to_a_call(patient: Patient, setup: Run) -> None:
    patient.account.numbers = {FROM_NUMBER: {}}
    patient.client("sns").unsubscribe(SubscriptionArn=subscribed(patient))
    given = keys(patient)
    options = ("--from", "-", "--number", FROM_NUMBER, "--alarm-email", "ops@example.com")
    phone = patient.driver.phone()
    code, out, err = setup(*options, "--call", phone, text=json.dumps(given))
    assert code == 0, err
    assert "The parcel with the blue lamp" in out
    assert patient.number["voice_url"] == f"{patient.driver.url}/twiml"
    assert patient.number["status_callback"] == f"{patient.driver.url}/call-status"
    assert f"{FROM_NUMBER} is answered by {STACK_NAME}\n" in err
    assert "alarms go to ops@example.com\n" in err
    assert [value for value in given.values() if value in out + err] == []
    again = json.loads(setup(*options, "--json", text=json.dumps(given))[1])
    assert (again["number"]["changed"], again["alarms"]) == (
        False,
        {"ops@example.com": "confirmed"},
    )
    assert again["doctor"]["findings"] == again["doctor"]["skipped"] == []


def test_key_that_is_refused_is_not_stored_and_neither_are_the_others(
    patient: Patient, setup: Run
) -> None:
    before = versions(patient)
    wrong = keys(patient) | {"TWILIO_AUTH_TOKEN": "very-wrong"}
    code, out, err = setup("--from", "-", text=json.dumps(wrong))
    assert (code, out) == (1, "")
    assert "TWILIO_AUTH_TOKEN was refused" in err
    assert "very-wrong" not in err
    assert versions(patient) == before


def test_without_terminal_nothing_is_asked_and_nothing_changed(
    patient: Patient, setup: Run
) -> None:
    before, patient.account.numbers = versions(patient), {FROM_NUMBER: {}}
    code, _, err = setup()
    assert code == 0
    assert "number-unanswered" in err
    assert (versions(patient), patient.number) == (before, {})


@pytest.mark.parametrize("what", ["voice_url", "voice_application_sid", "trunk_sid"])
def test_number_in_use_is_taken_by_force_only(patient: Patient, setup: Run, what: str) -> None:
    value = OTHER if what == "voice_url" else "XX" + "0" * 32
    patient.account.numbers = {FROM_NUMBER: {what: value}}
    code, _, err = setup("--number", FROM_NUMBER)
    assert code == 1
    assert f"{FROM_NUMBER} is in use: {value} answers its calls" in err
    assert patient.number == {what: value}
    code, out, _ = setup("--number", FROM_NUMBER, "--force", "--json")
    assert code == 0
    assert value in json.loads(out)["number"]["before"].values()
    assert patient.number["voice_url"] == f"{patient.driver.url}/twiml"
    assert not patient.number.get("voice_application_sid")
    assert not patient.number.get("trunk_sid")


@pytest.mark.parametrize(
    ("number", "settings", "told"),
    [("+12125550142", {}, "is not the account's"), (FROM_NUMBER, {"voice": False}, "has no voice")],
)
def test_number_that_cannot_be_answered_is_told(
    patient: Patient, setup: Run, number: str, settings: dict[str, Any], told: str
) -> None:
    patient.account.numbers = {FROM_NUMBER: settings}
    code, _, err = setup("--number", number)
    assert (code, f"{number} {told}" in err) == (1, True)


def test_stack_with_a_fault_calls_no_one(patient: Patient, setup: Run) -> None:
    patient.account.type = "Trial"
    placed = patient.driver.placed_at_twilio()
    try:
        code, _, err = setup("--call", patient.driver.phone())
    finally:
        patient.account.type = "Full"
    assert code == 1
    assert "twilio-trial" in err
    assert patient.driver.placed_at_twilio() == placed


def test_permission_that_is_missing_is_told(
    patient: Patient, setup: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    signed_in(patient.driver, monkeypatch, "doctor", json.loads(filled(POLICY)))
    code, _, err = setup("--from", "-", text=json.dumps(keys(patient)))
    assert code == 4
    assert "ssm:PutParameter" in err
    assert "fix: policies/setup.json" in err


class Terminal:
    """A person at a terminal: reads until it is asked, then answers."""

    def __init__(self, *command: str) -> None:
        self.shown = ""
        self._terminal, theirs = pty.openpty()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "callscribe_cli", *command],
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
        )
        os.close(theirs)

    def answer(self, question: str, answer: str) -> None:
        before = len(self.shown)
        self._read(lambda: question in self.shown[before:])
        os.write(self._terminal, f"{answer}\n".encode())

    def end(self) -> int:
        self._read(lambda: False)
        os.close(self._terminal)
        return self._process.wait(60)

    def _read(self, enough: Callable[[], bool]) -> None:
        deadline = time.monotonic() + 60
        while not enough() and time.monotonic() < deadline:
            if not select.select([self._terminal], [], [], 1)[0]:
                continue
            try:
                read = os.read(self._terminal, 65536)
            except OSError:
                # Linux's end of a terminal
                return
            self.shown += read.decode(errors="replace")
            if not read:
                return


@pytest.mark.usefixtures("setup")
def test_person_is_asked_and_what_is_typed_is_not_shown(patient: Patient) -> None:
    patient.account.numbers = {FROM_NUMBER: {"voice_url": OTHER}}
    before, given = versions(patient), keys(patient)
    person = Terminal("setup")
    person.answer("TWILIO_API_KEY_SID", given["TWILIO_API_KEY_SID"])
    person.answer("TWILIO_API_KEY_SECRET", "very-wrong")
    # refused, and asked anew
    person.answer("TWILIO_API_KEY_SID", given["TWILIO_API_KEY_SID"])
    person.answer("TWILIO_API_KEY_SECRET", given["TWILIO_API_KEY_SECRET"])
    person.answer("TWILIO_AUTH_TOKEN", "")
    person.answer("ASSEMBLYAI_API_KEY", given["ASSEMBLYAI_API_KEY"])
    person.answer("Which number", "")
    person.answer("is in use", "y")
    person.answer("test call", "")
    assert person.end() == 0, person.shown
    assert "the Twilio API key was refused" in person.shown
    assert [secret for secret in ("very-wrong", *given.values()) if secret in person.shown] == []
    assert versions(patient) == [before[0] + 1, before[1], before[2] + 1]
    assert patient.number["voice_url"] == f"{patient.driver.url}/twiml"
    assert f"{STACK_NAME} is ready" in person.shown
