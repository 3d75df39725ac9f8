"""The viewer in a real browser, as its users see and hear it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from callscribe.api.share_page import build_page
from callscribe_cli import viewer
from callscribe_cli.ui import UiServer
from tests.viewer.browser import CHROMIUM, axe_findings, chromium
from tests.viewer.fake_api import (
    ARABIC,
    COMPLETED,
    FAILED,
    HOSTILE,
    LIVE,
    LONG,
    RECORDING,
    SHARE,
    TOKEN,
    FakeApi,
    dialogue,
    recording,
    silence,
)

if not CHROMIUM:
    pytest.skip("make test-browser runs these, in a Chromium", allow_module_level=True)
Open = Callable[..., Any]
_VIEWER = Path(viewer.__path__[0])
_PHONE = {"width": 320, "height": 640}
_LAPTOP = {"width": 1280, "height": 800}
# what is lit now, and what should be: for each channel the last word that has begun
_LIT = """() => [...CSS.highlights].filter(([name]) => name.startsWith("spoken"))
  .flatMap(([, highlight]) => [...highlight])
  .map((range) => range.startContainer.data.slice(range.startOffset, range.endOffset))"""
_SECONDS = "() => document.querySelector('audio').currentTime"


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as running:
        yield running


@pytest.fixture
def open_page(browser: Any, server: UiServer) -> Iterator[Open]:
    """Opens an address behind the secret one; any error or refusal in the console fails the test."""
    contexts, problems = [], []

    def opening(place: str = "", *, expected: str = "", **options: Any) -> Any:
        context = browser.new_context(**{"viewport": _LAPTOP, "locale": "en-US", **options})
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(10_000)
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("console", lambda line: _keep(problems, line, expected))
        if not place.startswith("http"):
            page.goto(server.url + place)
        return page

    yield opening
    for context in contexts:
        context.close()
    assert problems == []


def _keep(problems: list[str], line: Any, expected: str) -> None:
    # the API's own 404s and 409s are part of some of the pages
    usual = "Failed to load resource" in line.text and re.search(r"status of 4(04|09)", line.text)
    if line.type == "error" and not usual and not (expected and expected in line.text):
        problems.append(line.text)


def _call(call_id: str, rest: str = "") -> str:
    return f"#/calls/{call_id}{rest}"


def _transcript(page: Any) -> Any:
    page.wait_for_selector("#transcript li")
    return page.locator("#transcript li")


def _play(page: Any) -> None:
    page.keyboard.press("k")
    page.wait_for_function("() => document.querySelector('audio').currentTime > 0.1")


# --- the list


def test_the_list_shows_calls_newest_first_and_leads_to_them(open_page: Open) -> None:
    page = open_page()
    rows = page.locator("tbody tr")
    page.wait_for_selector("tbody tr")
    assert rows.count() == 6
    assert "+15005550006" in rows.nth(2).text_content()  # inbound: who called
    rows.last.get_by_role("link").click()
    assert _transcript(page).count() == 20
    assert page.title() == "+14155550100 - callscribe"
    page.go_back()
    page.wait_for_selector("tbody tr")


def test_a_call_that_ends_is_seen_to_end(open_page: Open, api: FakeApi) -> None:
    page = open_page()
    row = page.locator("tbody tr", has_text="In progress")
    row.get_by_role("link").focus()
    api.calls[LIVE] |= {"status": "completed", "duration_seconds": 61}
    page.locator("tbody tr", has_text="1:01").wait_for()
    assert row.count() == 0
    # polling does not take the focus away
    assert page.evaluate("document.activeElement.hash") == f"#/calls/{LIVE}"


def test_filters_are_in_the_address(open_page: Open, api: FakeApi) -> None:
    page = open_page()
    page.get_by_label("Status").select_option("in-progress")
    page.wait_for_function("() => document.querySelectorAll('tbody tr').length === 1")
    assert page.url.endswith("#/calls?status=in-progress")
    assert api.requests[-1][2] == {"status": "in-progress"}


def test_a_hit_of_the_search_leads_to_its_moment_and_back(open_page: Open) -> None:
    page = open_page()
    page.get_by_label("Search in all transcripts").fill("refund")
    page.locator(".hits mark").wait_for()
    page.get_by_role("link", name="0:09").click()
    _transcript(page)
    page.wait_for_function("() => document.querySelector('.clock').textContent.startsWith('0:09')")
    assert page.evaluate("() => CSS.highlights.get('found').size") == 10
    assert page.get_by_label("Search in the text").input_value() == "refund"
    page.go_back()
    page.locator(".hits mark").wait_for()
    assert page.get_by_label("Search in all transcripts").input_value() == "refund"


# --- a call


def test_words_light_up_while_they_are_spoken(open_page: Open, api: FakeApi) -> None:
    page = open_page(_call(COMPLETED))
    _transcript(page)
    _play(page)
    page.wait_for_function("() => document.querySelector('audio').currentTime > 2")
    lit, seconds = page.evaluate(f"() => [({_LIT})(), ({_SECONDS})()]")
    first = api.segments[COMPLETED][0]
    begun = [n for n, (start, _, _) in enumerate(first["words"]) if start <= seconds * 1000]
    # the page may be a frame behind
    assert lit[0] in {first["text"].split()[n] for n in begun[-2:]}


def test_two_channels_light_beside_each_other(open_page: Open, api: FakeApi) -> None:
    second = api.segments[COMPLETED][1]
    first = api.segments[COMPLETED][0]
    api.segments[COMPLETED] = [first, {**second, "start_ms": 600, "words": first["words"]}]
    page = open_page(_call(COMPLETED, "?at=1500"))
    _transcript(page)
    page.wait_for_function(f"() => ({_LIT})().length === 2")


def test_each_segment_is_one_text_node(open_page: Open) -> None:
    page = open_page(_call(COMPLETED))
    _transcript(page)
    nodes = "() => [...document.querySelectorAll('#transcript p')].map((p) => p.childNodes.length)"
    assert set(page.evaluate(nodes)) == {1}


def test_a_click_on_a_word_plays_from_it(open_page: Open, api: FakeApi) -> None:
    page = open_page(_call(COMPLETED))
    _transcript(page)
    box = page.evaluate(
        """() => {
          const text = document.querySelectorAll("#transcript p")[1].firstChild;
          const word = /\\S+/g; word.lastIndex = text.data.split(" ").slice(0, 5).join(" ").length + 1;
          const { index, 0: found } = word.exec(text.data);
          const range = document.createRange();
          range.setStart(text, index); range.setEnd(text, index + found.length);
          const box = range.getBoundingClientRect();
          return { x: box.x + box.width / 2, y: box.y + box.height / 2 };
        }"""
    )
    page.evaluate(
        """() => {
          const audio = document.querySelector("audio");
          audio.addEventListener("seeked", () => (window.begun ??= audio.currentTime));
        }"""
    )
    page.mouse.click(box["x"], box["y"])
    begun = page.wait_for_function("() => window.begun").json_value()
    start = api.segments[COMPLETED][1]["words"][5][0] / 1000
    assert start - 0.01 <= begun <= start + 0.2
    page.wait_for_function("() => !document.querySelector('audio').paused")


def test_selecting_text_is_no_click(open_page: Open) -> None:
    page = open_page(_call(COMPLETED))
    box = _transcript(page).nth(1).locator("p").bounding_box()
    page.mouse.move(box["x"] + 5, box["y"] + 10)
    page.mouse.down()
    page.mouse.move(box["x"] + 150, box["y"] + 10)
    page.mouse.up()
    assert page.evaluate("String(getSelection()).length > 3")
    assert page.evaluate("document.querySelector('audio').paused")


def test_the_keyboard_is_enough(open_page: Open) -> None:
    page = open_page(_call(COMPLETED))
    _transcript(page)
    page.keyboard.press("Space")
    page.wait_for_function("() => document.querySelector('audio').currentTime > 0")
    page.keyboard.press("k")
    assert page.evaluate("document.querySelector('audio').paused")
    page.keyboard.press("l")
    page.keyboard.press("L")
    page.wait_for_function(f"() => ({_SECONDS})() >= 20")
    page.keyboard.press("j")
    page.wait_for_function(f"() => ({_SECONDS})() < 20")
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.id") == "find"
    page.keyboard.type("k j l ?")  # typed, not run
    assert page.get_by_label("Search in the text").input_value() == "k j l ?"
    assert page.locator("dialog").count() == 0


def test_shortcuts_can_be_switched_off(open_page: Open) -> None:
    page = open_page(_call(COMPLETED))
    _transcript(page)
    page.keyboard.press("?")
    page.get_by_label("Shortcuts of a single key are on").uncheck()
    page.keyboard.press("Escape")
    page.wait_for_function("() => !document.querySelector('dialog')")
    page.keyboard.press("k")
    page.keyboard.press("/")
    assert page.evaluate("document.querySelector('audio').paused")
    assert page.evaluate("document.activeElement.id") != "find"


def test_every_control_is_reached_by_tab_and_is_seen_to_have_the_focus(open_page: Open) -> None:
    page = open_page(_call(COMPLETED))
    _transcript(page)
    names, hidden = [], []
    for _ in range(25):
        page.keyboard.press("Tab")
        focused = page.evaluate(
            """() => {
              const node = document.activeElement, box = node.getBoundingClientRect();
              const bar = document.querySelector(".bar").getBoundingClientRect();
              const covered = !node.closest(".bar") && box.bottom <= bar.bottom && box.top >= bar.top;
              const outline = getComputedStyle(node).outlineStyle;
              return [node.getAttribute("aria-label") ?? node.textContent, covered || outline === "none"];
            }"""
        )
        names.append(focused[0])
        hidden += [focused[0]] if focused[1] else []
    wanted = [
        "Skip to the content",
        "All calls",
        "Share",
        "Erase",
        "Download",
        "Play",
        "Ten seconds back",
    ]
    wanted += ["Speed", "Keyboard", "Position", "Previous hit", "Next hit"]
    assert [name for name in wanted if name not in names] == []
    assert any(name.startswith("Play from") for name in names)
    assert hidden == []


def test_search_in_the_text_jumps_from_hit_to_hit(open_page: Open, api: FakeApi) -> None:
    page = open_page(_call(LONG))
    _transcript(page)
    last = api.segments[LONG][-1]["text"].split()[-3:]
    page.keyboard.press("/")
    page.keyboard.type(" ".join(last).upper())
    page.locator("output", has_text="found").wait_for()
    page.keyboard.press("Shift+Enter")
    page.wait_for_function(
        """() => {
          const [range] = CSS.highlights.get("found-current") ?? [];
          if (!range) return false;
          const box = range.startContainer.parentElement.getBoundingClientRect();
          return box.top >= 0 && box.bottom <= innerHeight;
        }"""
    )
    assert re.fullmatch(r"\d+ of \d+", page.locator("output").text_content())


def test_the_page_follows_until_the_reader_scrolls(open_page: Open) -> None:
    page = open_page(_call(COMPLETED, "?at=100000"))
    _transcript(page)
    page.wait_for_function("() => scrollY > 100")
    while page.evaluate("scrollY"):  # as a reader does, who turns the wheel until the top is there
        page.mouse.wheel(0, -400)
    button = page.get_by_role("button", name="Follow the words")
    _play(page)
    page.wait_for_timeout(700)  # some words go by
    assert page.evaluate("scrollY") == 0
    button.click()
    page.wait_for_function("() => scrollY > 100")
    assert button.is_hidden()


@pytest.mark.parametrize(
    ("motion", "behavior"), [("reduce", "instant"), ("no-preference", "smooth")]
)
def test_motion_is_reduced_where_the_reader_wants_that(
    open_page: Open, server: UiServer, motion: str, behavior: str
) -> None:
    page = open_page("http", reduced_motion=motion)
    page.add_init_script(
        "window.moves = []; const go = scrollTo.bind(window);"
        "window.scrollTo = (to, y) => (moves.push(to.behavior), go(to, y));"
    )
    page.goto(server.url + _call(COMPLETED, "?at=100000"))
    page.wait_for_function("() => moves.some(Boolean)")
    assert {*page.evaluate("moves.filter(Boolean)")} == {behavior}


def test_speed_stays_when_the_audio_is_opened(open_page: Open) -> None:
    page = open_page(_call(COMPLETED))
    _transcript(page)
    page.get_by_label("Speed").select_option("2")
    page.get_by_role("button", name="Play", exact=True).click()
    page.wait_for_function("() => document.querySelector('audio').playbackRate === 2")


def test_without_words_the_segment_is_lit(open_page: Open, api: FakeApi) -> None:
    api.segments[COMPLETED] = [{**one, "words": []} for one in api.segments[COMPLETED]]
    page = open_page(_call(COMPLETED, "?at=1000"))
    _transcript(page)
    page.wait_for_function(f"() => ({_LIT})().length === 1")
    assert page.evaluate(_LIT) == [api.segments[COMPLETED][0]["text"]]


def test_a_browser_without_highlights_lights_the_segment(open_page: Open, server: UiServer) -> None:
    page = open_page("http")
    page.add_init_script("delete window.Highlight; delete CSS.highlights")
    page.goto(server.url + _call(COMPLETED, "?at=1000&q=refund"))
    _transcript(page)
    page.locator("#transcript li.spoken").wait_for()
    assert page.locator("#transcript li.found").count() > 0


def test_two_recordings_are_one_call(open_page: Open, api: FakeApi) -> None:
    other = "RE" + "b" * 32
    api.recordings[COMPLETED] = [recording(duration_seconds=10), recording(recording_sid=other)]
    api.segments[COMPLETED] = dialogue(20)
    page = open_page(_call(COMPLETED))
    _transcript(page)
    slider = page.get_by_label("Position")
    assert float(slider.get_attribute("max")) > 240
    page.evaluate("() => (location.hash += '?at=9500')")
    _transcript(page)
    _play(page)
    page.wait_for_function(f"() => document.querySelector('audio').src.includes('{other}')")


def test_leaving_a_call_ends_its_sound(open_page: Open) -> None:
    page = open_page(_call(COMPLETED))
    _transcript(page)
    _play(page)
    page.evaluate("() => (window.sound = document.querySelector('audio'))")
    page.get_by_role("link", name="All calls").click()
    page.wait_for_function("() => sound.paused")
    assert page.evaluate("CSS.highlights.size") == 0


def test_an_expired_link_is_not_heard(open_page: Open, api: FakeApi) -> None:
    page = open_page(_call(COMPLETED))
    _transcript(page)
    _play(page)
    api.expire_links()
    page.evaluate("() => (document.querySelector('audio').currentTime = 200)")
    page.wait_for_function("() => document.querySelector('audio').currentTime > 200.2")


def test_a_failed_call_says_why_and_can_be_tried_again(open_page: Open, api: FakeApi) -> None:
    page = open_page(_call(FAILED))
    assert "The audio was not read." in page.locator(".errors").text_content()
    page.get_by_role("button", name="Try again").click()
    page.get_by_text("not ready yet").wait_for()
    api.recordings[FAILED] = [recording()]
    api.segments[FAILED] = api.segments[COMPLETED]
    assert _transcript(page).count() == 20
    assert page.locator(".errors").count() == 0


def test_erasing_asks_first(open_page: Open, api: FakeApi) -> None:
    page = open_page(_call(COMPLETED))
    page.get_by_role("button", name="Erase").click()
    assert page.evaluate("document.activeElement.textContent") == "Cancel"
    page.keyboard.press("Enter")
    page.wait_for_function("() => !document.querySelector('dialog')")
    assert all(method == "GET" for method, *_ in api.requests)
    page.get_by_role("button", name="Erase").click()
    page.get_by_role("dialog").get_by_role("button", name="Erase").click()
    page.locator(".status.erasing").wait_for()
    page.get_by_text("This call is being erased").wait_for()
    assert page.locator("#transcript, audio, .downloads").count() == 0
    assert ("DELETE", f"/calls/{COMPLETED}") in [one[:2] for one in api.requests]


def test_a_link_to_share_is_shown_once(open_page: Open, api: FakeApi) -> None:
    page = open_page(_call(COMPLETED))
    page.get_by_role("button", name="Share").click()
    page.get_by_label("Days until it expires").fill("3")
    page.get_by_role("button", name="Make a link").click()
    link = page.get_by_label("Link", exact=True)
    assert link.input_value() == f"https://example.com/shared#{TOKEN}"
    assert api.requests[-1][3] == b'{"expires_in_hours":72,"show_numbers":false}'


def test_links_that_were_made_can_be_revoked(open_page: Open, api: FakeApi) -> None:
    api.shares = [SHARE]
    page = open_page(_call(COMPLETED))
    page.get_by_role("button", name="Links").click()
    page.get_by_text("opened 2 times").wait_for()
    page.get_by_role("button", name="Revoke").click()
    page.get_by_text("Revoked").wait_for()
    assert api.requests[-1][:2] == ("DELETE", f"/calls/{COMPLETED}/shares/{SHARE['share_id']}")


def test_downloads_are_files(open_page: Open) -> None:
    page = open_page(_call(COMPLETED))
    page.get_by_text("Download").click()
    with page.expect_download() as download:
        page.get_by_role("link", name="srt").click()
    assert download.value.suggested_filename == f"{COMPLETED}.srt"


def test_what_a_callee_says_stays_text(open_page: Open) -> None:
    page = open_page(_call(HOSTILE))
    assert "<script>alert(1)</script>" in _transcript(page).first.text_content()
    assert page.locator("#main img, #main script, #transcript p b").count() == 0


def test_scripts_from_right_to_left(open_page: Open) -> None:
    page = open_page(_call(ARABIC))
    text = _transcript(page).first.locator("p")
    assert text.evaluate("(p) => getComputedStyle(p).direction") == "rtl"
    assert text.get_attribute("lang") == "ar"
    # the audio's slider goes from left to right all the same
    assert page.get_by_label("Position").evaluate("(i) => getComputedStyle(i).direction") == "ltr"


# --- for everybody


@pytest.mark.parametrize("viewport", [_LAPTOP, _PHONE], ids=["laptop", "phone"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(
    "place", ["", _call(COMPLETED, "?at=9000&q=refund"), _call(FAILED), _call(ARABIC)]
)
def test_axe_finds_nothing(
    open_page: Open, place: str, scheme: str, viewport: dict[str, int]
) -> None:
    page = open_page(place, color_scheme=scheme, viewport=viewport)
    page.wait_for_selector("tbody tr, .controls")
    assert axe_findings(page) == []


def test_axe_finds_nothing_in_the_dialogs(open_page: Open) -> None:
    page = open_page(_call(COMPLETED))
    for name in ("Share", "Erase", "Keyboard"):
        page.get_by_role("button", name=name).click()
        page.wait_for_selector("dialog[open]")
        assert axe_findings(page) == []
        page.keyboard.press("Escape")


@pytest.mark.parametrize(
    "place", ["", _call(COMPLETED), _call(FAILED), _call(ARABIC), _call(HOSTILE)]
)
def test_a_phone_shows_everything_without_scrolling_sideways(open_page: Open, place: str) -> None:
    page = open_page(place, viewport=_PHONE)
    page.wait_for_selector("tbody tr, .controls")
    assert page.evaluate("document.documentElement.scrollWidth") <= _PHONE["width"]


# --- the share page: the same files, somewhere else


class Share:
    """What the stack serves for a link, with audio straight from the bucket by links that expire."""

    url = f"https://share.example/shared#{TOKEN}"

    def __init__(self, api: FakeApi) -> None:
        self.api = api
        self.refused = 0

    def answer(self, route: Any) -> None:
        path = route.request.url.partition("#")[0].removeprefix("https://share.example/shared")
        if path:
            self._of_call(route, path.partition("?")[0])
            return
        made = build_page(_VIEWER, formats=["txt"], audio_origin="https://bucket.example")
        headers = {"Content-Security-Policy": made.content_security_policy}
        route.fulfill(body=made.html, content_type="text/html; charset=utf-8", headers=headers)

    def _of_call(self, route: Any, rest: str) -> None:
        assert route.request.headers["authorization"] == f"Bearer {TOKEN}"
        path = f"/calls/{COMPLETED}" + ("" if rest == "/call" else rest)
        status, headers, body = self.api.forward("GET", path, {"words": "true"}, b"")
        hidden = body.replace(b'"+14155550100"', b"null").replace(b'"+15005550006"', b"null")
        route.fulfill(status=status, body=hidden, content_type=headers["content-type"])

    def bucket(self, route: Any) -> None:
        if route.request.url not in self.api.valid_links:
            self.refused += 1
            route.fulfill(status=403, body="<Error/>", content_type="application/xml")
            return
        audio = silence(240, route.request.headers.get("range"))
        route.fulfill(status=audio.status, headers={**audio.headers}, body=b"".join(audio.chunks))


@pytest.fixture
def share(api: FakeApi, open_page: Open) -> tuple[Share, Any]:
    served = Share(api)
    page = open_page("http", expected="403")
    page.context.route("https://share.example/**", served.answer)
    page.context.route("https://bucket.example/**", served.bucket)
    page.goto(served.url)
    return served, page


def test_a_share_page_shows_one_call_and_nothing_else(share: tuple[Share, Any]) -> None:
    _, page = share
    assert _transcript(page).count() == 20
    assert page.get_by_role("heading", level=1).text_content() == "Outbound call"
    assert page.locator("#back, .head button").count() == 0
    assert "null" not in page.locator(".head").text_content()
    assert "+1415" not in page.content()
    assert axe_findings(page) == []


def test_a_share_page_renews_the_link_to_its_audio(share: tuple[Share, Any]) -> None:
    served, page = share
    _transcript(page)
    served.api.expire_links()  # between opening the page and playing
    served.api.links = 0
    page.get_by_role("button", name="Play", exact=True).click()
    page.wait_for_function("() => document.querySelector('audio').currentTime > 0.2")
    page.get_by_text("Download").click()
    with page.expect_popup() as opened:
        page.get_by_role("button", name=f"Audio {RECORDING}").click()
    assert opened.value.url.startswith("https://bucket.example/RE")
