"""The viewer's pictures in docs/pictures/, of the local stack: every call in them is simulated.

`make screenshots` makes them anew.
"""

from __future__ import annotations

import base64
import os
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from typing import Any

import requests
from botocore.credentials import Credentials

from callscribe_cli.api import Api
from callscribe_cli.credentials import Aws
from callscribe_cli.ui import UiServer
from callscribe_cli.ui_backend import backend_of
from cli.client import ApiClient
from cli.demo import REQUESTS, local_stack
from local.speech.clips import BYTES_A_SECOND, load_clips
from tests.viewer.browser import chromium

FOLDER = Path("docs/pictures")
LABEL = "local stack: every call is simulated"
LAPTOP = {"viewport": {"width": 1100, "height": 760}, "device_scale_factor": 2}
PHONE = {"viewport": {"width": 390, "height": 760}, "device_scale_factor": 2}
LOOKS: Mapping[str, dict[str, Any]] = {
    "light": {**LAPTOP, "color_scheme": "light"},
    "dark": {**LAPTOP, "color_scheme": "dark"},
    "phone": {**PHONE, "color_scheme": "light"},
}
# what the browser waits for, per picture: all is there, and a word is lit
READY = {
    "list": "() => document.querySelectorAll('tbody tr').length > 5",
    "call": "() => document.querySelector('.spoken')",
    "share": "() => document.querySelector('.spoken')",
}
# callees that never pick up, among others that do
PHONES = {
    "+14155550101": "answers",
    "+14155550102": "busy",
    "+14155550103": "answers",
    "+14155550104": "no-answer",
    "+14155550105": "silent",
    "+14155550106": "answers",
}
ENDED = ("completed", "busy", "no-answer", "failed")


def main() -> int:
    FOLDER.mkdir(exist_ok=True)
    with local_stack() as stack, _viewer(stack) as url, chromium() as browser:
        call_id = _place_calls(stack)
        places = {
            "list": url,
            "call": f"{url}#/calls/{call_id}?at=14600&q=thursday",
            "share": f"{_share(stack, call_id)}?at=14600",
        }
        for name, place in places.items():
            for look, options in LOOKS.items():
                _shoot(browser, place, READY[name], options, FOLDER / f"{name}-{look}.webp")
    return 0


@contextmanager
def _viewer(stack: Mapping[str, str]) -> Iterator[str]:
    """`callscribe ui`, with a name for the stack that nobody takes for a real one."""
    os.environ["AWS_ACCESS_KEY_ID"] = stack["access_key_id"]
    os.environ["AWS_SECRET_ACCESS_KEY"] = stack["secret_access_key"]
    api = Api(stack["api_url"], Aws(None).signer(stack["region"]))
    with UiServer(backend_of(api, LABEL)) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield server.url
        server.shutdown()


def _place_calls(stack: Mapping[str, str]) -> str:
    """The call_id of the longest call, once all have ended."""
    credentials = Credentials(stack["access_key_id"], stack["secret_access_key"])
    client = ApiClient(stack["api_url"], credentials, stack["region"])
    for number, behavior in PHONES.items():
        phone = {"number": number, "behavior": behavior, "pcm_base64": _speech().decode()}
        requests.post(f"{stack['twilio_url']}/_sim/phones", json=phone, timeout=10)
        client.place_call({**REQUESTS["message"], "to": number})
    request = {**REQUESTS["call"], "to": "+14155550106", "pause_seconds": 60}
    shown = client.place_call({**request, "metadata": {"note": "a simulated call"}})
    _wait_for_all(client)
    client.close()
    return str(shown["call_id"])


def _share(stack: Mapping[str, str], call_id: str) -> str:
    """A link to it, for a person without an account."""
    api = Api(stack["api_url"], Aws(None).signer(stack["region"]))
    return str(api.post(f"/calls/{call_id}/shares", {})["url"])


def _speech() -> bytes:
    """What the callee says, long enough to fill the page; base64."""
    clips, second = load_clips(), bytes(BYTES_A_SECOND)
    said = ("callee_dialogue", "callee_message", "callee_dialogue")
    return base64.b64encode(second.join(clips[name].pcm for name in said))


def _wait_for_all(client: ApiClient) -> None:
    for call in client.send("GET", "/calls").json()["calls"]:
        while not _is_done(client.get_call(call["call_id"])):
            time.sleep(0.5)


def _is_done(call: Mapping[str, Any]) -> bool:
    awaited = call["status"] == "completed" and not call["recordings"]
    running = [one for one in call["recordings"] if not (one["error"] or one["text"] is not None)]
    return call["status"] in ENDED and not running and not awaited


def _shoot(browser: Any, place: str, ready: str, options: dict[str, Any], file: Path) -> None:
    context = browser.new_context(**options, locale="en-US", timezone_id="UTC")
    page = context.new_page()
    page.goto(place)
    page.wait_for_function(ready)
    # where it says what stack this is
    page.evaluate("scrollTo({top: 0, behavior: 'instant'})")
    # Playwright has no WebP, the browser has
    request = {"format": "webp", "quality": 80}
    taken = context.new_cdp_session(page).send("Page.captureScreenshot", request)
    file.write_bytes(base64.b64decode(taken["data"]))
    context.close()


if __name__ == "__main__":
    sys.exit(main())
