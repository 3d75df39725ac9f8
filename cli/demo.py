"""`make demo`: the whole application on this machine, a simulated call in each mode, transcribed.

Nothing here is a real call: Twilio, AssemblyAI and the phone are simulators on this machine.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Event
from typing import Any

import requests
from botocore.credentials import Credentials

from cli.client import ApiClient, ApiError, NoRecordingError
from cli.progress import Progress
from local.command_line import usage
from local.stack import Connection

OUTPUT = Path(".demo")
FORMATS = ("txt", "json", "srt", "vtt")
DEADLINE_SECONDS = 120
# reserved for fiction (555-01xx): it can never ring a real phone
PHONE = "+14155550100"
REQUESTS: dict[str, dict[str, Any]] = {
    "message": {
        "to": PHONE,
        "mode": "message",
        "transcription": {"speaker_labels": True},
    },
    "call": {
        "to": PHONE,
        "mode": "call",
        "say": "Hello, this is callscribe calling to confirm your appointment on Thursday at ten. "
        "Please tell me whether that still suits you.",
        "pause_seconds": 15,
    },
}


class DemoError(Exception):
    """The demo cannot continue; the message says why."""


@contextmanager
def local_stack() -> Iterator[dict[str, str]]:
    """Runs `python -m local` and yields its connection data; always stops it."""
    command = [sys.executable, "-m", "local", "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None  # noqa: S101 - PIPE was asked for
        try:
            line = process.stdout.readline()
            if not line:
                raise DemoError("the local stack did not start: see its message above")
            yield json.loads(line)
        finally:
            process.terminate()
            process.stdout.close()


def run_call(client: ApiClient, mode: str, progress: Progress) -> dict[str, Any]:
    """Places one call and follows it until it ends.

    Raises:
        NoRecordingError: it ended without a recording, or not in time.
    """
    shown: set[str] = set()

    def show(call: dict[str, Any]) -> None:
        for step in steps(call):
            if step not in shown:
                shown.add(step)
                progress.step(step)
        progress.spin()

    placed = client.place_call(REQUESTS[mode])
    show(placed)
    return client.follow(placed["call_id"], seconds=DEADLINE_SECONDS, show=show)


def steps(call: dict[str, Any]) -> Iterator[str]:
    """The steps that the call has reached, in order."""
    yield f"call {call['status']}"
    for recording in call["recordings"]:
        sid = recording["recording_sid"]
        if recording["status"] != "received":
            yield f"recording stored ({sid})"
        if recording["status"] == "submitted":
            yield f"transcript processing ({recording['transcript_id']})"
        if recording["status"] == "completed":
            yield "transcript completed"
        if recording["error"]:
            yield f"{recording['status']}: {recording['error']['message']}"


def save(client: ApiClient, call: dict[str, Any]) -> dict[str, Any]:
    """Writes the transcript in every format below .demo/ and returns the demo's result."""
    folder = OUTPUT / str(call["mode"])
    folder.mkdir(parents=True, exist_ok=True)
    texts = {form: client.get_transcript(call["call_id"], form) for form in FORMATS}
    for form, text in texts.items():
        (folder / f"transcript.{form}").write_text(text, encoding="utf-8")
    print("\n" + textwrap.indent(texts["txt"].strip(), "    ") + "\n")
    print("  " + ", ".join(str(folder / f"transcript.{form}") for form in FORMATS))
    return {
        "mode": call["mode"],
        "call": {name: value for name, value in call.items() if name != "recordings"},
        "recordings": call["recordings"],
        "transcript_text": " ".join(r["text"] or "" for r in call["recordings"]).strip(),
    }


def run(modes: list[str], *, keep: bool) -> None:
    """The whole demo; its result is in .demo/result.json. ``keep``: the stack runs until Ctrl-C."""
    print("callscribe demo. SIMULATED: Twilio, AssemblyAI and the phone run on this machine;")
    print("no real call is placed and nothing is billed.\n")
    print("Starting the stack of template.yaml (MiniStack, permissions enforced) ...")
    with local_stack() as stack:
        path = write(run_calls(stack, modes))
        if keep:
            print(f"\nFull result: {path}. The local stack keeps running until Ctrl-C.")
            look(Connection(**stack))
            return
    print(f"\nFull result: {path}. The local stack is stopped.")
    print("`make demo ARGS=--keep` leaves it running, to look at these calls with `callscribe ui`.")


def run_calls(stack: dict[str, str], modes: list[str]) -> list[dict[str, Any]]:
    credentials = Credentials(stack["access_key_id"], stack["secret_access_key"])
    client = ApiClient(stack["api_url"], credentials, stack["region"])
    results = []
    try:
        for mode in modes:
            print(f"\nPOST {stack['api_url']}/calls  mode={mode}, a simulated call to {PHONE}")
            results.append(save(client, run_call(client, mode, Progress())))
    finally:
        client.close()
    return results


def look(connection: Connection) -> None:
    """Says how to, and waits for Ctrl-C."""
    with suppress(KeyboardInterrupt):
        print(f"Look at these calls from another terminal:\n\n{usage(connection)}", flush=True)
        Event().wait()


def write(results: list[dict[str, Any]]) -> Path:
    # the first call's result is at the top level too, for readers that want just one
    document = {"simulated": True, **results[0], "calls": results}
    path = OUTPUT / "result.json"
    path.write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return path


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m cli.demo", description=__doc__)
    parser.add_argument("--mode", choices=[*REQUESTS, "both"], default="both")
    parser.add_argument("--keep", action="store_true", help="leave the stack running until Ctrl-C")
    options = parser.parse_args()
    try:
        run(list(REQUESTS) if options.mode == "both" else [options.mode], keep=options.keep)
    except (DemoError, ApiError, NoRecordingError, requests.RequestException) as error:
        print(f"The demo failed: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped.", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
