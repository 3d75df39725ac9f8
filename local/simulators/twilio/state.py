"""One account's calls, recordings, phones and numbers, and how Twilio's API shows them."""

from __future__ import annotations

import secrets
import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from local.simulators.twilio.audio import Track
from local.simulators.twilio.rules import API_VERSION, rfc_2822, shown_status

BEHAVIORS = ("answers", "busy", "no-answer", "fails", "silent", "hangs-up")


def new_sid(prefix: str) -> str:
    return prefix + secrets.token_hex(16)


def _time(moment: datetime | None) -> str | None:
    return rfc_2822(moment) if moment else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Phone:
    """How the person at a number behaves. ``says``: a clip's name, or None for what fits."""

    number: str
    behavior: str = "answers"
    says: str | None = None
    pcm: bytes | None = None
    presses: str = ""
    ring_seconds: float = 5.0


@dataclass(slots=True)
class Recording:
    """``channels`` holds each one's samples once it is done; None when the media is gone."""

    sid: str
    call_sid: str
    source: str
    started_at: datetime
    status: str = "in-progress"
    duration_seconds: int | None = None
    channels: tuple[bytes, ...] | None = None
    wanted_channels: int = 1
    error_code: int | None = None
    ready_at: float = 0.0
    created_at: datetime = field(default_factory=lambda: datetime.now(UTC))


@dataclass(frozen=True, slots=True)
class Running:
    """A recording that ends with its call, and who is told."""

    recording: Recording
    begin_ms: int
    callback: str
    events: str


@dataclass(slots=True)
class Call:
    """``parameters`` as they were posted; ``clock_ms`` is the call's own time since the answer."""

    sid: str
    to_number: str
    from_number: str
    direction: str
    parameters: dict[str, list[str]]
    status: str = "queued"
    created_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    answered_at: datetime | None = None
    ended_at: datetime | None = None
    clock_ms: int = 0
    sequence: int = 0
    queue_time_ms: int = 0
    application: Track = field(default_factory=Track)
    person: Track = field(default_factory=Track)
    hung_up: threading.Event = field(default_factory=threading.Event)
    documents: list[str] = field(default_factory=list)
    executed: list[str] = field(default_factory=list)
    running: list[Running] = field(default_factory=list)
    callbacks: list[dict[str, Any]] = field(default_factory=list)

    def parameter(self, name: str, default: str = "") -> str:
        values = self.parameters.get(name)
        return values[-1] if values else default

    def now(self) -> datetime:
        """The call's own clock as a time of day: ahead of the real one when time runs faster."""
        if self.answered_at is None:
            return datetime.now(UTC)
        return self.answered_at + timedelta(milliseconds=self.clock_ms)

    @property
    def duration_seconds(self) -> int:
        return 0 if self.answered_at is None else (self.clock_ms + 999) // 1000


def call_resource(call: Call, account_sid: str) -> dict[str, Any]:
    """Twilio's Call resource."""
    uri = f"/{API_VERSION}/Accounts/{account_sid}/Calls/{call.sid}"
    ended = call.ended_at is not None
    return {
        "sid": call.sid,
        "date_created": rfc_2822(call.created_at),
        "date_updated": rfc_2822(datetime.now(UTC)),
        "parent_call_sid": None,
        "account_sid": account_sid,
        "to": call.to_number,
        "to_formatted": call.to_number,
        "from": call.from_number,
        "from_formatted": call.from_number,
        "phone_number_sid": None,
        "status": shown_status(call.status),
        "start_time": _time(call.answered_at),
        "end_time": _time(call.ended_at),
        "duration": str(call.duration_seconds) if ended else None,
        "price": None,
        "price_unit": "USD",
        "direction": call.direction,
        "answered_by": None,
        "api_version": API_VERSION,
        "forwarded_from": None,
        "group_sid": None,
        "caller_name": None,
        "queue_time": str(call.queue_time_ms),
        "trunk_sid": None,
        "uri": f"{uri}.json",
        "subresource_uris": {"recordings": f"{uri}/Recordings.json"},
    }


def recording_resource(recording: Recording, account_sid: str) -> dict[str, Any]:
    """Twilio's Recording resource."""
    uri = f"/{API_VERSION}/Accounts/{account_sid}/Recordings/{recording.sid}"
    channels = len(recording.channels) if recording.channels else recording.wanted_channels
    return {
        "account_sid": account_sid,
        "api_version": API_VERSION,
        "call_sid": recording.call_sid,
        "conference_sid": None,
        "date_created": rfc_2822(recording.created_at),
        "date_updated": rfc_2822(datetime.now(UTC)),
        "start_time": rfc_2822(recording.started_at),
        "duration": None if recording.duration_seconds is None else str(recording.duration_seconds),
        "sid": recording.sid,
        "price": None,
        "price_unit": "USD",
        "status": recording.status,
        "channels": channels,
        "source": recording.source,
        "error_code": recording.error_code,
        "uri": f"{uri}.json",
        "encryption_details": None,
        "subresource_uris": {},
        "media_url": uri,
    }


@dataclass(slots=True, kw_only=True)
class Country:
    """A country's geographic permissions."""

    iso_code: str
    name: str
    country_codes: tuple[str, ...]
    low_risk_numbers_enabled: bool = False
    high_risk_special_numbers_enabled: bool = False
    high_risk_tollfraud_numbers_enabled: bool = False


def _countries() -> dict[str, Country]:
    made = [
        Country(iso_code="US", name="United States/Canada", country_codes=("+1",)),
        Country(iso_code="BS", name="Bahamas", country_codes=("+1242",)),
        Country(iso_code="DE", name="Germany", country_codes=("+49",)),
        Country(iso_code="GB", name="United Kingdom", country_codes=("+44",)),
    ]
    made[0].low_risk_numbers_enabled = True
    return {country.iso_code: country for country in made}


class Account:
    """Everything one simulated account holds. ``lock`` guards the collections.

    ``type`` (Full, Trial), ``status`` (active, suspended, closed), ``balance`` and ``countries`` are
    shown, and change nothing of what the simulator does.
    """

    def __init__(self, account_sid: str, numbers: tuple[str, ...]) -> None:
        self.sid = account_sid
        self.type, self.status, self.balance = "Full", "active", "100.00"
        self.countries = _countries()
        self.caller_ids: list[str] = []
        self.lock = threading.Lock()
        self.calls: dict[str, Call] = {}
        self.recordings: dict[str, Recording] = {}
        self.phones: dict[str, Phone] = {}
        # number → settings as number_resource reads them
        self.numbers: dict[str, dict[str, Any]] = {number: {} for number in numbers}
        self.notifications: list[dict[str, Any]] = []

    def phone(self, number: str) -> Phone:
        with self.lock:
            return self.phones.get(number) or Phone(number=number)

    def notify(self, call_sid: str, code: int, message: str) -> None:
        """What Twilio's debugger would show."""
        with self.lock:
            self.notifications.append({"call_sid": call_sid, "code": code, "message": message})
