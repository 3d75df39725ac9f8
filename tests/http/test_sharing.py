"""A link to a call, as its maker and as a person without an account use it."""

from __future__ import annotations

import json
from typing import Any

import pytest
import requests

from cli.client import ApiError
from tests.support.stack import Driver

ROUTES = ("call", "recordings", "transcript")


def get(driver: Driver, path: str, token: str = "", **more: Any) -> requests.Response:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return requests.get(f"{driver.url}/shared{path}", headers=headers, timeout=30, **more)


def share(driver: Driver, call_id: str, **body: Any) -> dict[str, Any]:
    return driver.ask("POST", f"/calls/{call_id}/shares", json=body)


def refusals(driver: Driver, token: str) -> set[tuple[int, str]]:
    answers = [get(driver, f"/{route}", token) for route in ROUTES]
    return {(answer.status_code, answer.text) for answer in answers}


@pytest.fixture(scope="module")
def call(session_driver: Driver) -> dict[str, Any]:
    driver = session_driver
    return driver.at_rest(driver.place(say="A prompt of ours.")["call_id"])


def test_whoever_has_the_link_reads_and_hears_the_call_until_it_is_revoked(
    driver: Driver, call: dict[str, Any]
) -> None:
    made = share(driver, call["call_id"], expires_in_hours=1)
    address, _, token = made["url"].partition("#")
    assert address == f"{driver.url}/shared"
    page = get(driver, "")
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    assert driver.stack.ministack.url in page.headers["Content-Security-Policy"]

    shown = get(driver, "/call", token)
    assert shown.json()["call_id"] == call["call_id"]
    text = json.dumps(shown.json())
    assert [word for word in (call["to_number"], "A prompt of ours.") if word in text] == []
    transcript = get(driver, "/transcript", token, params={"format": "txt"})
    assert transcript.text == driver.api.get_transcript(call["call_id"], "txt")
    [recording] = get(driver, "/recordings", token).json()["recordings"]
    audio = requests.get(recording["audio_url"], headers={"Range": "bytes=0-3"}, timeout=30)
    assert (audio.status_code, audio.content) == (206, b"RIFF")
    for answer in (page, shown, transcript):
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["Referrer-Policy"] == "no-referrer"

    [listed] = driver.ask("GET", f"/calls/{call['call_id']}/shares")["shares"]
    assert (listed["opened"], listed["requests"], "url" in listed) == (1, 3, False)
    path = f"/calls/{call['call_id']}/shares/{made['share_id']}"
    assert driver.api.send("DELETE", path).status_code == 204
    assert refusals(driver, token) == refusals(driver, "0" * 96)
    with pytest.raises(ApiError):
        driver.api.send("DELETE", path)


def test_link_to_an_erased_call_is_as_if_it_had_never_been(driver: Driver) -> None:
    call_id = driver.at_rest(driver.place()["call_id"])["call_id"]
    token = share(driver, call_id)["url"].partition("#")[2]
    assert get(driver, "/call", token).status_code == 200
    driver.ask("DELETE", f"/calls/{call_id}")
    # at once, and when everything is gone
    assert refusals(driver, token) == refusals(driver, "0" * 96)
    driver.make_overdue(call_id)
    driver.reconcile()
    assert [item for item in driver.items() if item["call_id"] == f"shares#{call_id}"] == []
    assert refusals(driver, token) == refusals(driver, "0" * 96)


def test_secret_is_nowhere_but_in_the_answer(driver: Driver, call: dict[str, Any]) -> None:
    token = share(driver, call["call_id"])["url"].partition("#")[2]
    assert refusals(driver, token[:-1] + "x") == refusals(driver, "")
    for route in ROUTES:
        assert get(driver, f"/{route}", token).status_code == 200
    secret = token.removeprefix(call["call_id"])
    assert secret not in json.dumps(driver.items(), default=str)
    logs = driver.stack.options.work_folder / "logs"
    assert [path.name for path in logs.glob("*.log") if secret in path.read_text()] == []


def test_page_behind_a_link_has_no_other_way_in(driver: Driver) -> None:
    for path in ("", "/call"):
        assert requests.post(f"{driver.url}/shared{path}", timeout=30).status_code == 404
    # signing as a caller of the API makes no difference to what a link may
    with pytest.raises(ApiError) as caught:
        driver.api.send("GET", "/shared/call")
    assert caught.value.status == 404
