"""How fast the viewer is with 40,000 words: measured and printed, since a slow machine is no bug.

`make bench-viewer`: from the address to the transcript on the screen, a search, and how long after its
begin each word is lit while the audio plays.
"""

from __future__ import annotations

import json
import sys
from itertools import pairwise
from statistics import median
from threading import Thread
from typing import Any

from callscribe_cli.ui import Backend, UiServer
from tests.viewer.browser import chromium
from tests.viewer.fake_api import LONG, FakeApi

_RUNS = 5
_PLAYED_SECONDS = 8
_VIEWPORT = {"width": 1280, "height": 800}
# when the transcript is there, and painted
_OPENED = """() => new Promise((resolve) => {
  const look = () => document.querySelector("#transcript li")
    ? requestAnimationFrame(() => setTimeout(() => resolve(performance.now())))
    : requestAnimationFrame(look);
  look();
})"""
_RECEIVED = """() => performance.getEntriesByType("resource")
  .find((entry) => entry.name.includes("/transcript")).responseEnd"""
_SEARCH = """() => {
  const input = document.getElementById("find"), begin = performance.now();
  input.value = "refund";
  input.dispatchEvent(new Event("input"));
  return performance.now() - begin;
}"""
# for each frame: how long it took, the time in the audio, and where the lit words begin in their segments
_PLAY = """(seconds) => new Promise((resolve) => {
  const audio = document.querySelector("audio"), frames = [];
  const names = ["spoken-1", "spoken-2"];
  const lit = () => names.flatMap((name) => [...(CSS.highlights.get(name) ?? [])]);
  let last = performance.now();
  const frame = (now) => {
    frames.push([now - last, audio.currentTime * 1000, lit().map((range) => range.startOffset).join()]);
    last = now;
    if (audio.currentTime < seconds) requestAnimationFrame(frame);
    else resolve(frames);
  };
  document.querySelector(".play").click();
  requestAnimationFrame(frame);
})"""


def main() -> int:
    api = FakeApi()
    with UiServer(Backend(forward=api.forward, open_audio=api.open_audio)) as server:
        Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        with chromium() as browser:
            measured = _measure(browser, f"{server.url}#/calls/{LONG}", api)
        server.shutdown()
    print(json.dumps(measured, indent=2))
    return 0


def _measure(browser: Any, url: str, api: FakeApi) -> dict[str, object]:
    opened = [_open(browser, url) for _ in range(_RUNS)]
    page = browser.new_page(viewport=_VIEWPORT)
    page.goto(url)
    page.evaluate(_OPENED)
    search = page.evaluate(_SEARCH)
    frames = page.evaluate(_PLAY, _PLAYED_SECONDS)[2:]
    late = _late(frames, api)
    return {
        "words": 40_000,
        "from the address to the transcript, ms": round(median(total for total, _ in opened)),
        "from the answer to the transcript, ms": round(median(after for _, after in opened)),
        "search, ms": round(search, 1),
        "frame, median ms": round(median(frame[0] for frame in frames), 1),
        "frame, longest ms": round(max(frame[0] for frame in frames), 1),
        "words lit": len(late),
        "word lit after its begin, median ms": round(median(late), 1),
        "word lit after its begin, longest ms": round(max(late), 1),
    }


def _open(browser: Any, url: str) -> tuple[float, float]:
    """Milliseconds since the address was entered, and since the transcript was received."""
    page = browser.new_page(viewport=_VIEWPORT)
    page.goto(url, wait_until="commit")
    done = page.evaluate(_OPENED)
    received = page.evaluate(_RECEIVED)
    page.close()
    return done, done - received


def _late(frames: list[tuple[float, float, str]], api: FakeApi) -> list[float]:
    """How long after its begin each word was first seen to be lit."""
    starts = [word[0] for segment in api.segments[LONG] for word in segment["words"]][:200]
    changes = [now for (_, _, before), (_, now, lit) in pairwise(frames) if lit != before]
    return [ms - max((start for start in starts if start <= ms), default=ms) for ms in changes]


if __name__ == "__main__":
    sys.exit(main())
