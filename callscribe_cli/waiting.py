"""Waiting for a transcript: the API says when to ask again, and whether there will be one at all."""

from __future__ import annotations

from typing import Any

from callscribe_cli.api import path
from callscribe_cli.app import App
from callscribe_cli.errors import CliError, RefusedError
from callscribe_cli.output import print_text
from callscribe_cli.progress import Progress, span

WAIT_HELP = "How long to wait for the transcript."
_PAUSE_SECONDS = 5.0


def wait_and_print(app: App, call_id: str, seconds: float) -> None:
    """The transcript as text; with --json the call with its recordings.

    Raises:
        RefusedError: there is no transcript, and there will be none; or no such call.
        CliError: it is not there in time.
    """
    text = wait_for_transcript(app, call_id, seconds)
    if app.output.wants_json:
        app.output.data(app.api.get(path("calls", call_id)), str)
    else:
        print_text(text)


def wait_for_transcript(app: App, call_id: str, seconds: float) -> str:
    """The transcript as plain text, once it is there. Raises as ``wait_and_print``."""
    began, seen = app.clock.monotonic(), ""
    with Progress("waiting", clock=app.clock.monotonic) as progress:
        while True:
            text, pause = _ask(app, call_id)
            if text is not None:
                return text
            state = state_of(app.api.get(path("calls", call_id)))
            if state != seen:
                progress.note(f"{app.clock.monotonic() - began:6.1f} s  {state}")
                seen = state
            left = began + seconds - app.clock.monotonic()
            if left <= 0:
                raise _too_long(call_id, seconds, state)
            _rest(app, progress, min(pause, left), began)


def state_of(call: dict[str, Any]) -> str:
    """``call completed, recording submitted``."""
    recordings = [f"recording {one['status']}" for one in call.get("recordings", [])]
    return ", ".join([f"call {call['status']}", *recordings])


def _ask(app: App, call_id: str) -> tuple[str | None, float]:
    """The text; or None and the seconds after which to ask again."""
    try:
        answer = app.api.send("GET", path("calls", call_id, "transcript"), query={"format": "txt"})
    except RefusedError as error:
        if error.kind != "transcript-not-ready":
            raise
        return None, _PAUSE_SECONDS if error.retry_after is None else error.retry_after
    return answer.text, 0.0


def _rest(app: App, progress: Progress, seconds: float, began: float) -> None:
    """Sleeps, and moves the clock that the user sees every second."""
    while seconds > 0:
        progress.update(round(app.clock.monotonic() - began), "seconds")
        app.clock.sleep(min(1.0, seconds))
        seconds -= 1.0


def _too_long(call_id: str, seconds: float, state: str) -> CliError:
    message = f"no transcript after {span(seconds)}: {state}"
    return CliError(message, fix=f"callscribe wait {call_id}")
