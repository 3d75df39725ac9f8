"""Outside the vendors' packages calls and recordings are spoken of in our words, never in a vendor's.

By names and literals and not by prose: a message may say that Twilio refused a call, a comment why.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from callscribe.adapters.assemblyai.options.table import OPTIONS, OWNED, REPLACED
from callscribe.adapters.twilio.errors import ABSENCES, REFUSALS
from callscribe.adapters.twilio.parameters import call_parameters
from callscribe.domain.calls import Call, CallState
from local.options import ROOT
from tests.support.fixtures import fixture

PACKAGE = ROOT / "layers" / "callscribe" / "callscribe"
FREE_OF_VENDORS = [
    path
    for room in ("domain", "use_cases", "ports", "api")
    for path in (PACKAGE / room).rglob("*.py")
]

# what Twilio and we both call so: the API's fields, and words of plain English
SHARED = {
    *(
        "answered_by",
        "call_sid",
        "channels",
        "direction",
        "duration",
        "error_code",
        "method",
        "record",
    ),
    *("source", "status", "to", "from", "url", "price", "uri", "sid", "Caller"),
}
# what AssemblyAI and we both call so
SHARED_WITH_ASSEMBLYAI = {
    *("channel", "confidence", "created", "domain", "end", "error", "id", "language_code"),
    *("message", "metadata", "prompt", "request", "speaker", "speech_model_used", "start"),
    *("status", "text", "transcript_id", "transcripts", "warnings", "words"),
}
# the public name of Twilio's own code, in items and answers
OPAQUE = {"twilio_code"}
# our API calls its own link so, which AssemblyAI never sees
ANSWERED = {"views.py": {"audio_url"}, "share_views.py": {"audio_url"}}


def twilio_words() -> set[str]:
    """Names of fields and parameters, from what the vendor documents and what its adapter sends."""
    forms = fixture("twilio-callbacks")
    words = {name for form in forms.values() if isinstance(form, dict) for name in form}
    resources = fixture("twilio-resources")
    words |= {*resources["call"], *resources["recording"]}
    at = "2026-11-21T00:00:00.000Z"
    call = Call(
        call_id="0" * 32, status=CallState.PLACING, created_at=at, updated_at=at, mode="call"
    )
    words |= set(call_parameters(call, ""))
    words |= {"Digits", "ErrorUrl", "alice", "dtmf", "do-not-trim", "x-twilio-signature"}
    return words - SHARED


def assemblyai_words() -> set[str]:
    """Its options, and the fields of its documents that its adapter asks for."""
    words = {*OPTIONS, *OWNED, *REPLACED, "speech_models"}
    for path in (PACKAGE / "adapters" / "assemblyai").glob("*.py"):
        words |= {
            name for node in ast.walk(ast.parse(path.read_text())) for name in asked_for(node)
        }
    return words - SHARED_WITH_ASSEMBLYAI


def asked_for(node: ast.AST) -> Iterator[str]:
    """``name`` where the node is ``document.get("name")`` or ``document["name"]``."""
    keys: list[ast.expr] = []
    if isinstance(node, ast.Call) and getattr(node.func, "attr", None) == "get":
        keys = node.args[:1]
    elif isinstance(node, ast.Subscript):
        keys = [node.slice]
    for key in keys:
        if isinstance(key, ast.Constant) and isinstance(key.value, str):
            yield key.value


WORDS = twilio_words() | assemblyai_words()
CODES = {*REFUSALS, *ABSENCES}
VENDORS = {"twilio", "twiml", "assemblyai"}


def names(node: ast.AST) -> Iterator[str]:
    """The identifiers of a node: variables, attributes, arguments, keywords, functions, imports."""
    for field in ("id", "attr", "arg", "name", "module", "asname"):
        if isinstance(name := getattr(node, field, None), str):
            yield name


def dialect(node: ast.AST) -> Iterator[str]:
    """Whatever of a node is a vendor's: a name, or a literal that is nothing but one."""
    for name in names(node):
        parts = set(name.lower().replace(".", "_").split("_"))
        if name in WORDS or (name not in OPAQUE and parts & VENDORS):
            yield name
    if isinstance(node, ast.Constant) and not isinstance(node.value, bool):
        text = str(node.value)
        if text in WORDS or text.lower() in VENDORS or (text.isdigit() and int(text) in CODES):
            yield repr(node.value)


def spoken(source: str) -> set[str]:
    return {word for node in ast.walk(ast.parse(source)) for word in dialect(node)}


@pytest.mark.parametrize("path", FREE_OF_VENDORS, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_module_speaks_no_vendors_language(path: Path) -> None:
    assert spoken(path.read_text()) - ANSWERED.get(path.name, set()) == set()


@pytest.mark.parametrize(
    "line",
    [
        'form.get("CallStatus")',
        'form["RecordingSid"]',
        "if error.code == 21211: pass",
        'known = {"16101": "too short"}',
        "call.date_created",
        "place(status_callback=url)",
        "from twilio.rest import Client",
        "import twilio",
        "explain_twilio_error(1)",
        'vendors.check("Twilio")',
        'voice = "alice"',
        'document.get("utterances")',
        'request = {"speech_models": [], "audio_url": url}',
        "submit(webhook_url=url)",
        'entry["audio_duration"]',
        "ask_assemblyai()",
    ],
)
def test_dialect_is_recognized(line: str) -> None:
    assert spoken(line)


@pytest.mark.parametrize(
    "line",
    [
        "'Twilio blocks calls to this number'",
        'call.call_sid, recording.status, update.direction, request.get("to")',
        'Failure("twilio_unreachable", "it could not be reached", True)',
        "replace(call, twilio_code=error.code)",
        "limit = 10_000",
    ],
)
def test_our_own_words_are_free(line: str) -> None:
    assert spoken(line) == set()
