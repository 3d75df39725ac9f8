"""Consent to being recorded, as data: what was announced, in which language, when, and the answer.

A call's ``consent`` is ``{"announcement", "language", "key_press", "status", "announced_at"?,
"answered_at"?}``. With ``key_press`` nothing is recorded before the person presses 1.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from callscribe.domain.times import Clock, format_timestamp

Consent = dict[str, Any]

AGREES = "1"
KEY_PRESS_ANNOUNCEMENT = "This call is recorded. If you agree, please press 1."
# pending: not picked up yet; announced: said, and no key asked for or none pressed yet
STATUSES = ("pending", "announced", "given", "declined", "unanswered")


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentRules:
    """What the stack asks of every call; a request may ask for more, never for less."""

    announcement: str = ""
    key_press: bool = False

    def for_call(
        self, announcement: str | None, *, key_press: bool, language: str
    ) -> Consent | None:
        """A call's consent before it is placed; None where nothing is to be announced."""
        key_press = key_press or self.key_press
        text = announcement or self.announcement or (KEY_PRESS_ANNOUNCEMENT if key_press else "")
        if not text:
            return None
        return {
            "announcement": text,
            "language": language,
            "key_press": key_press,
            "status": "pending",
        }

    def when_placed(
        self, before: Consent | None, own_announcement: str | None, language: str
    ) -> Consent | None:
        """The consent of a scheduled call by the rules of the moment when it is placed.

        What its request asked for stays, and so does what the answer to that promised.
        """
        promised = before["announcement"] if before else None
        return self.for_call(
            own_announcement or self.announcement or promised,
            key_press=is_gated(before),
            language=language,
        )


def is_gated(consent: Consent | None) -> bool:
    """Whether recording has to wait for a key."""
    return bool(consent and consent["key_press"])


def announced(consent: Consent, clock: Clock) -> Consent:
    """Twilio was told to say it. Said again, it keeps its first time."""
    if consent["status"] != "pending":
        return consent
    return {**consent, "status": "announced", "announced_at": format_timestamp(clock())}


def answered(consent: Consent, digits: str, clock: Clock) -> Consent:
    """The first answer counts, however often it is told."""
    if "answered_at" in consent:
        return consent
    status = "given" if digits == AGREES else "declined" if digits else "unanswered"
    return {**consent, "status": status, "answered_at": format_timestamp(clock())}
