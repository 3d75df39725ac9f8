"""A link to a call in a real browser: the function's own page, policy and answers, by one document."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from local.api_gateway import read_answer
from local.http_server import Request, Response, Server
from tests.unit.test_read_share import NUMBERS, House
from tests.viewer.browser import CHROMIUM, axe_findings, chromium
from tests.viewer.fake_api import silence

if not CHROMIUM:
    pytest.skip("make test-browser runs these, in a Chromium", allow_module_level=True)


class Link:
    """A page at the link. ``asked``: every address that the browser sent a request to."""

    def __init__(self, page: Any, house: House, url: str) -> None:
        self.page, self.house, self.url = page, house, url
        self.asked: list[str] = []
        self.problems: list[str] = []
        page.set_default_timeout(10_000)
        page.on("request", lambda request: self.asked.append(request.url))
        page.on("pageerror", lambda error: self.problems.append(str(error)))
        page.on("console", self._keep)
        page.context.route("https://bucket.example/**", bucket)

    def _keep(self, line: Any) -> None:
        if line.type == "error" and "status of 404" not in line.text:
            self.problems.append(line.text)

    def open(self, at: str = "") -> Any:
        self.page.goto(f"{self.url}/shared#{self.house.token}{at}")
        return self.page


def bucket(route: Any) -> None:
    audio = silence(60, route.request.headers.get("range"))
    route.fulfill(status=audio.status, headers={**audio.headers}, body=b"".join(audio.chunks))


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as running:
        yield running


@pytest.fixture
def link(browser: Any) -> Iterator[Link]:
    house = House()

    def answer(request: Request) -> Response:
        headers = {name.lower(): value for name, value in request.headers}
        route = request.raw_path.removeprefix("/shared").removeprefix("/")
        answered = house.answer(route, headers, request.raw_query)
        return read_answer(json.dumps(answered).encode())

    server = Server(answer)
    context = browser.new_context(locale="en-US", accept_downloads=True)
    opened = Link(context.new_page(), house, server.url)
    yield opened
    context.close()
    server.close()
    # what the policy refuses stands in the console
    assert opened.problems == []


def test_page_shows_the_call_and_asks_for_four_things(link: Link) -> None:
    page = link.open()
    page.get_by_text("Hello.").wait_for()
    page.wait_for_selector(".controls .play")
    assert page.get_by_role("heading", level=1).text_content() == "Outbound call"
    assert [number for number in NUMBERS if number in page.content()] == []
    assert axe_findings(page) == []
    own = [url.partition("#")[0] for url in link.asked if url.startswith(link.url)]
    paths = [url.removeprefix(link.url) for url in own]
    assert paths == [
        "/shared",
        "/shared/call",
        "/shared/transcript?words=true",
        "/shared/recordings",
    ]
    assert link.house.counted == (1, 3)


def test_token_is_in_no_address_that_is_sent(link: Link) -> None:
    page = link.open("?at=400")
    page.get_by_role("button", name="Play", exact=True).click()
    page.wait_for_function("() => document.querySelector('audio').currentTime > 0.4")
    sent = [url.partition("#")[0] for url in link.asked]
    assert [url for url in sent if link.house.token[32:48] in url] == []
    assert any(url.startswith("https://bucket.example/") for url in sent)


def test_files_are_downloaded_with_the_token(link: Link) -> None:
    page = link.open()
    page.get_by_text("Download").click()
    with page.expect_download() as downloading:
        page.get_by_role("button", name="srt", exact=True).click()
    download = downloading.value
    assert re.fullmatch(r"[0-9a-f]{32}\.srt", download.suggested_filename)
    assert "Hello." in download.path().read_text()


def test_link_that_was_revoked_says_so(link: Link) -> None:
    [share] = link.house.store.shares.values()
    link.house.application.share_call.revoke(share.call_id, share.share_id)
    page = link.open()
    page.get_by_text("This call cannot be shown").wait_for()
    assert page.get_by_text("wrong, has expired or was revoked").count() == 1
