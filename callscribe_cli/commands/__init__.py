"""The commands: name → module:function in this folder, imported when the command is asked for."""

from __future__ import annotations

from collections.abc import Mapping

COMMANDS: Mapping[str, str] = {
    "api": "api:api",
    "audio": "audio:audio",
    "batch": "batch:batch",
    "call": "call:call",
    "cancel": "calls:cancel",
    "completion": "completion:completion",
    "dialing": "dialing:dialing",
    "do-not-call": "do_not_call:do_not_call",
    "doctor": "doctor:doctor",
    "erase": "erase:erase",
    "export": "export:export",
    "import": "imports:import_recordings",
    "list": "calls:list_calls",
    "retry": "retry:retry",
    "search": "search:search",
    "setup": "setup:setup",
    "share": "share:share",
    "show": "calls:show",
    "sync": "sync:sync",
    "transcript": "transcript:transcript",
    "ui": "ui:ui",
    "wait": "transcript:wait",
}
