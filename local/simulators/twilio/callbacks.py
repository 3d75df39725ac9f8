"""Twilio's requests to the application: signed forms, with the overrides of the URL's fragment."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from threading import Lock
from urllib.parse import parse_qsl, urlencode, urlsplit

import requests

from local.simulators.faults import CALLBACK_FAULTS, Faults
from local.simulators.tasks import Tasks
from local.simulators.twilio.rules import MAX_RETRIES, TIMEOUTS
from local.simulators.twilio.signature import sign

_REORDER_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Overrides:
    """Twilio's connection overrides: time-outs in seconds, retries, and what is retried."""

    connect_seconds: float
    read_seconds: float
    total_seconds: float
    retries: int
    retried: frozenset[str]

    def retries_on(self, failure: str) -> bool:
        return "all" in self.retried or failure in self.retried


def read_overrides(url: str) -> Overrides:
    """Those of a URL's fragment; what is missing or out of bounds takes Twilio's default."""
    given = dict(parse_qsl(urlsplit(url).fragment))
    seconds = {name: _within(given.get(name), *limits) / 1000 for name, limits in TIMEOUTS.items()}
    retries = _within(given.get("rc"), 1, 0, MAX_RETRIES)
    retried = frozenset((given.get("rp") or "ct").split(","))
    return Overrides(seconds["ct"], seconds["rt"], seconds["tt"], retries, retried)


@dataclass(frozen=True, slots=True)
class Answer:
    """``status`` None where no answer came; ``failure`` is Twilio's word for why."""

    status: int | None
    body: bytes = b""
    content_type: str = ""
    failure: str | None = None


class Callbacks:
    """Sends requests as one account. ``auth_token`` may change: a promoted token signs at once."""

    def __init__(self, account_sid: str, auth_token: str, tasks: Tasks, faults: Faults) -> None:
        self._account_sid = account_sid
        self.auth_token = auth_token
        self._tasks = tasks
        self._faults = faults
        self._held: list[Callable[[], None]] = []
        self._lock = Lock()
        self.session = requests.Session()
        adapter = requests.adapters.HTTPAdapter(pool_connections=32, pool_maxsize=128)
        self.session.mount("http://", adapter)
        self.session.mount("https://", adapter)

    def ask(self, url: str, form: Mapping[str, str], *, operation: str) -> Answer:
        """A request whose answer is waited for (TwiML). Faults: lose, delay, corrupt."""
        struck = {rule.fault: rule for rule in self._faults.draw(operation, CALLBACK_FAULTS)}
        if "delay" in struck:
            self._tasks.sleep(struck["delay"].seconds)
        if "lose" in struck:
            return Answer(None, failure="ct")
        return self._send(url, form, corrupt="corrupt" in struck)

    def tell(
        self,
        url: str,
        form: Mapping[str, str],
        *,
        operation: str,
        done: Callable[[Answer], None],
    ) -> None:
        """A callback: sent from a thread of its own, with all the faults of callbacks."""
        struck = {rule.fault: rule for rule in self._faults.draw(operation, CALLBACK_FAULTS)}
        if "lose" in struck:
            return
        times = 1 + (struck["repeat"].repeat if "repeat" in struck else 0)

        def send() -> None:
            for _ in range(times):
                done(self._send(url, form, corrupt="corrupt" in struck))

        if "reorder" in struck:
            with self._lock:
                self._held.append(send)
            # goes out after the next one; where none follows, by itself
            self._tasks.after(struck["reorder"].seconds or _REORDER_SECONDS, self._release)
        elif "delay" in struck:
            self._tasks.after(struck["delay"].seconds, send)
        else:
            self._tasks.start(lambda: self._send_then_release(send))

    def _send_then_release(self, send: Callable[[], None]) -> None:
        send()
        self._release()

    def _release(self) -> None:
        with self._lock:
            held, self._held = self._held, []
        for send in held:
            send()

    def _send(self, url: str, form: Mapping[str, str], *, corrupt: bool) -> Answer:
        overrides = read_overrides(url)
        deadline = time.monotonic() + overrides.total_seconds
        headers = {
            "Content-Type": "application/x-www-form-urlencoded; charset=utf-8",
            "User-Agent": "TwilioProxy/1.1 (simulated by callscribe)",
            "X-Simulated": "callscribe Twilio simulator",
            # the same for all tries of one delivery
            "I-Twilio-Idempotency-Token": str(uuid.uuid4()),
        }
        fields = [("AccountSid", self._account_sid), *form.items()]
        target = url.split("#", 1)[0]
        headers["X-Twilio-Signature"] = sign(self.auth_token, target, fields)
        if corrupt:
            fields[-1] = (fields[-1][0], fields[-1][1] + "corrupted")
        data = urlencode(fields)
        answer = Answer(None, failure="ct")
        for _ in range(1 + overrides.retries):
            left = deadline - time.monotonic()
            if left <= 0 or self._tasks.stopping.is_set():
                break
            answer = self._once(target, data, headers, overrides, left)
            if answer.failure is None or not overrides.retries_on(answer.failure):
                break
        return answer

    def _once(
        self, url: str, data: str, headers: dict[str, str], overrides: Overrides, left: float
    ) -> Answer:
        timeout = (min(overrides.connect_seconds, left), min(overrides.read_seconds, left))
        try:
            response = self.session.post(
                url, data=data, headers=headers, timeout=timeout, allow_redirects=False
            )
        except requests.exceptions.ReadTimeout:
            return Answer(None, failure="rt")
        except requests.RequestException:
            return Answer(None, failure="ct")
        failure = {4: "4xx", 5: "5xx"}.get(response.status_code // 100)
        content_type = response.headers.get("Content-Type", "")
        return Answer(response.status_code, response.content, content_type, failure)


def _within(text: str | None, default: int, low: int, high: int) -> int:
    value = int(text) if text and text.isdecimal() else default
    return value if low <= value <= high else default
