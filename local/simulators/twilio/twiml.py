"""TwiML as Twilio reads it: strict about XML, forgiving about what it does not know."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from dataclasses import dataclass

# verbs that this simulator carries out, with the attributes each may have
VERBS: dict[str, frozenset[str]] = {
    "Say": frozenset(("voice", "language", "loop")),
    "Play": frozenset(("loop", "digits")),
    "Pause": frozenset(("length",)),
    "Record": frozenset(
        (
            "action",
            "method",
            "timeout",
            "finishOnKey",
            "maxLength",
            "playBeep",
            "trim",
            "recordingStatusCallback",
            "recordingStatusCallbackMethod",
            "recordingStatusCallbackEvent",
            "transcribe",
            "transcribeCallback",
            "recordingConfigurationId",
        )
    ),
    "Gather": frozenset(
        (
            "action",
            "method",
            "timeout",
            "numDigits",
            "finishOnKey",
            "input",
            "actionOnEmptyResult",
            "language",
            "hints",
            "speechTimeout",
            "speechModel",
        )
    ),
    "Start": frozenset(),
    "Recording": frozenset(
        (
            "recordingStatusCallback",
            "recordingStatusCallbackMethod",
            "recordingStatusCallbackEvent",
            "trim",
            "track",
            "channels",
            "name",
            "recordingConfigurationId",
        )
    ),
    "Redirect": frozenset(("method",)),
    "Hangup": frozenset(),
    "Reject": frozenset(("reason",)),
}
NESTED = {"Gather": ("Say", "Play", "Pause"), "Start": ("Recording",)}
# verbs that stand inside others only
_ONLY_NESTED = ("Recording",)
# real verbs that are not simulated: skipped, and said so
NOT_SIMULATED = ("Dial", "Stop", "Connect", "Enqueue", "Pay", "Refer", "Sms", "Leave")

MAX_BYTES = 64 * 1024


class DocumentError(Exception):
    """The whole document is refused; ``code`` is Twilio's."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True)
class Verb:
    name: str
    attributes: dict[str, str]
    text: str
    children: tuple[Verb, ...] = ()


@dataclass(frozen=True, slots=True)
class Document:
    """``warnings`` are (Twilio code, message): what was skipped."""

    verbs: tuple[Verb, ...]
    warnings: tuple[tuple[int, str], ...]


def parse(body: bytes, content_type: str) -> Document:
    """Reads a TwiML document.

    Raises:
        DocumentError: 12300 wrong Content-Type, 11750 too large, 12100 no XML (a leading blank
            before the declaration counts).
    """
    kind = content_type.split(";", 1)[0].strip().lower()
    if kind not in ("text/xml", "application/xml", "text/html"):
        raise DocumentError(12300, f"Invalid Content-Type: {content_type or 'none'}")
    if len(body) > MAX_BYTES:
        raise DocumentError(11750, "TwiML response body too large")
    try:
        root = ET.fromstring(body)  # noqa: S314 - from our own application, as Twilio's parser reads
    except ET.ParseError as error:
        raise DocumentError(12100, f"Document parse failure: {error}") from error
    if root.tag != "Response":
        raise DocumentError(12100, f"the root is <{root.tag}>, not <Response>")
    warnings: list[tuple[int, str]] = []
    outermost = tuple(name for name in VERBS if name not in _ONLY_NESTED)
    verbs = tuple(_verbs(root, outermost, warnings))
    return Document(verbs, tuple(warnings))


def _verbs(
    parent: ET.Element, allowed: tuple[str, ...], warnings: list[tuple[int, str]]
) -> list[Verb]:
    verbs = []
    for element in parent:
        if element.tag in NOT_SIMULATED:
            warnings.append((12200, f"<{element.tag}> is not simulated: skipped"))
        elif element.tag not in allowed:
            warnings.append((12200, f"<{element.tag}> is not allowed in <{parent.tag}>: skipped"))
        else:
            warnings += [
                (12200, f'attribute "{name}" is not allowed in <{element.tag}>')
                for name in element.attrib
                if name not in VERBS[element.tag]
            ]
            children = _verbs(element, NESTED.get(element.tag, ()), warnings)
            text = (element.text or "").strip()
            verbs.append(Verb(element.tag, dict(element.attrib), text, tuple(children)))
    return verbs
