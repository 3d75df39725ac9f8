"""Waiting for a transcript: the API says when to ask again, and whether there will be one at all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from callscribe_cli.app import App
from callscribe_cli.errors import CliError, RefusedError, UnreachableError
from callscribe_cli.messages import path
from callscribe_cli.output import print_text
from callscribe_cli.progress import Progress, span

WAIT_HELP = "How long to wait for the transcript."
_PAUSE_SECONDS = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class _News:
    """The text; or the state, and the seconds after which to ask again."""

    text: str | None = None
    state: str = ""
    pause: float = _PAUSE_SECONDS


def wait_and_print(app: App, call_id: str, seconds: float, *, state: str = "") -> None:
    """The transcript as text; with --json the call with its recordings. ``state``: as it is known to be.

    Raises:
        RefusedError: there is no transcript, and there will be none; or no such call.
        CliError: it is not there in time.
    """
    text = wait_for_transcript(app, call_id, seconds, state)
    if app.output.wants_json:
        app.output.data(app.api.get(path("calls", call_id)), str)
    else:
        print_text(text)


def wait_for_transcript(app: App, call_id: str, seconds: float, state: str = "") -> str:
    """The transcript as plain text, once it is there. Raises as ``wait_and_print``."""
    began = app.clock.monotonic()
    with Progress("waiting", clock=app.clock.monotonic) as progress:
        while True:
            news = _ask(app, call_id, known=bool(state))
            if news.text is not None:
                return news.text
            elapsed = app.clock.monotonic() - began
            if news.state != state:
                state = news.state
                progress.note(f"{elapsed:6.1f} s  {state}")
            if elapsed >= seconds:
                raise _too_long(call_id, seconds, state)
            _rest(app, progress, min(news.pause, seconds - elapsed), began)


def state_of(call: dict[str, Any]) -> str:
    """``call completed, recording submitted``."""
    recordings = [f"recording {one['status']}" for one in call.get("recordings", [])]
    return ", ".join([f"call {call['status']}", *recordings])


def _ask(app: App, call_id: str, *, known: bool) -> _News:
    """``known``: the API has answered before, so that what hinders it now passes."""
    try:
        return _ask_once(app, call_id)
    except (UnreachableError, RefusedError) as error:
        passing = isinstance(error, UnreachableError) or error.status in (429, 500, 502, 503, 504)
        if not (known and passing):
            raise
        return _News(state="no answer, trying again")


def _ask_once(app: App, call_id: str) -> _News:
    where = path("calls", call_id, "transcript")
    try:
        return _News(text=app.api.send("GET", where, query={"format": "txt"}).text)
    except RefusedError as error:
        if error.kind != "transcript-not-ready":
            raise
        pause = _PAUSE_SECONDS if error.retry_after is None else error.retry_after
    return _News(state=state_of(app.api.get(path("calls", call_id))), pause=pause)


def _rest(app: App, progress: Progress, seconds: float, began: float) -> None:
    """Sleeps, and moves the clock that the user sees every second."""
    while seconds > 0:
        progress.update(round(app.clock.monotonic() - began), "seconds")
        app.clock.sleep(min(1.0, seconds))
        seconds -= 1.0


def _too_long(call_id: str, seconds: float, state: str) -> CliError:
    message = f"no transcript after {span(seconds)}: {state}"
    return CliError(message, fix=f"callscribe wait {call_id}")
