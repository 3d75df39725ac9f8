"""Twilio's REST API through its own library, with a time-out, and errors that say what is known.

Creating a call has no idempotency key (Twilio error 20500): a time-out or a 5xx leaves open whether
the callee's phone rings, so it becomes VendorOutcomeUnknownError and is never repeated here. A request
that never left this machine is repeated (vendor_http).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any, TypeVar
from urllib.parse import urlsplit

import requests
from twilio.base.exceptions import TwilioException, TwilioRestException
from twilio.http.http_client import TwilioHttpClient
from twilio.http.response import Response
from twilio.rest import Client

from callscribe.adapters.twilio.errors import explain_answer
from callscribe.adapters.twilio.parameters import call_parameters
from callscribe.adapters.twilio.resources import read_call, read_recording
from callscribe.adapters.vendor_http import VendorSession, never_sent
from callscribe.domain.calls import Call
from callscribe.domain.errors import VendorOutcomeUnknownError, VendorRateLimitedError
from callscribe.domain.times import parse_timestamp
from callscribe.ports.secrets import SecretReader
from callscribe.ports.telephony import CallStatusUpdate, RecordingStatusUpdate
from callscribe.ports.vendors import Page

T = TypeVar("T")

CONNECT_SECONDS, READ_SECONDS = 3, 10
# a question with all its tries; `dial` has 30 s (tests/unit/test_time_outs.py)
PATIENCE_SECONDS = 12
_TWILIO_HOST = "https://api.twilio.com"
# Twilio's most is 1,000; a page is also what is done again after a crash
_PAGE = 100


class TwilioTelephony:
    """Implements ``ports.Telephony``."""

    def __init__(
        self,
        secrets: SecretReader,
        *,
        secret_name: str,
        account_sid: str,
        api_url: str,
        twiml_fallback_url: str = "",
    ) -> None:
        self._secrets = secrets
        self._secret_name = secret_name
        self._account_sid = account_sid
        self._twiml_fallback_url = twiml_fallback_url
        self._http = _HttpClient(api_url)
        self._client: Client | None = None

    def place_call(self, call: Call) -> CallStatusUpdate:
        parameters = call_parameters(call, self._twiml_fallback_url)
        return self._ask(lambda client: read_call(client.calls.create(**parameters)))

    def get_call(self, call_sid: str) -> CallStatusUpdate:
        return self._ask(lambda client: read_call(client.calls(call_sid).fetch()))

    def find_calls(self, *, to_number: str, from_number: str, since: str) -> list[CallStatusUpdate]:
        """StartTime of a call that still rings is empty, so Twilio's own filter on it would hide exactly
        the calls that are looked for: the newest come first, and are filtered here."""

        def find(client: Client) -> list[CallStatusUpdate]:
            calls = client.calls.list(to=to_number, from_=from_number, limit=200)
            found = [read_call(call) for call in calls]
            return [call for call in found if (call.created_at or since) >= since]

        return self._ask(find)

    def get_recording(self, recording_sid: str) -> RecordingStatusUpdate:
        return self._ask(lambda client: read_recording(client.recordings(recording_sid).fetch()))

    def list_recordings(self, call_sid: str) -> list[RecordingStatusUpdate]:
        return self._ask(
            lambda client: [
                read_recording(r) for r in client.recordings.list(call_sid=call_sid, limit=200)
            ]
        )

    def delete_recording(self, recording_sid: str) -> None:
        self._ask(lambda client: client.recordings(recording_sid).delete())

    def delete_call(self, call_sid: str) -> None:
        self._ask(lambda client: client.calls(call_sid).delete())

    def page_recordings(
        self, since: str, until: str, cursor: str | None
    ) -> Page[RecordingStatusUpdate]:
        wanted = _wanted("date_created", since, until)
        page = self._ask(
            lambda client: _read_page(client.recordings, cursor, wanted, read_recording)
        )
        return _within(page, since, until, lambda recording: recording.created_at)

    def page_ended_calls(
        self, since: str, until: str, cursor: str | None
    ) -> Page[CallStatusUpdate]:
        wanted = _wanted("end_time", since, until)
        page = self._ask(lambda client: _read_page(client.calls, cursor, wanted, read_call))
        return _within(page, since, until, lambda call: call.ended_at)

    def _ask(self, question: Callable[[Client], T]) -> T:
        with _translated_errors():
            self._http.session.begin(PATIENCE_SECONDS)
            try:
                return question(self._authenticated(fresh=False))
            except TwilioException as error:
                if _status(error) != 401:
                    raise
                # refused before anything was done: the key may have been rotated
                return question(self._authenticated(fresh=True))

    def _authenticated(self, *, fresh: bool) -> Client:
        if self._client is None or fresh:
            secret = self._secrets.read(self._secret_name, fresh=fresh)
            self._client = Client(
                secret.get("api_key_sid"),
                secret.get("api_key_secret"),
                self._account_sid,
                http_client=self._http,
            )
        return self._client


class _HttpClient(TwilioHttpClient):  # type: ignore[misc]  # the library is not typed
    """The library's client with time-outs (it has none of its own) and a configurable host."""

    def __init__(self, api_url: str) -> None:
        super().__init__()
        self.session = VendorSession(connect_seconds=CONNECT_SECONDS, read_seconds=READ_SECONDS)
        self._api_url = api_url.rstrip("/")

    def request(self, method: str, url: str, *args: Any, **kwargs: Any) -> Response:
        if not url.startswith(_TWILIO_HOST):
            raise ValueError("only Twilio's API host is asked")
        return super().request(
            method, self._api_url + url.removeprefix(_TWILIO_HOST), *args, **kwargs
        )


@contextmanager
def _translated_errors() -> Iterator[None]:
    """``from None``: Twilio's words and the URLs of its lists hold numbers, and a traceback prints
    whatever an error came from. The code says as much."""
    try:
        yield
    except TwilioException as error:
        raise explain_answer(_status(error), getattr(error, "code", None)) from None
    except requests.RequestException as error:
        if never_sent(error):
            raise VendorRateLimitedError("Twilio", "Twilio cannot be reached") from None
        raise VendorOutcomeUnknownError("Twilio", "Twilio did not answer") from None
    except (ValueError, KeyError, TypeError):
        raise VendorOutcomeUnknownError("Twilio", "Twilio's answer cannot be read") from None


def _status(error: TwilioException) -> int | None:
    """The HTTP status: lists raise the base class, with the response as its second argument."""
    if isinstance(error, TwilioRestException):
        return int(error.status)
    return getattr(error.args[1], "status_code", None) if len(error.args) > 1 else None


def _wanted(moment: str, since: str, until: str) -> dict[str, datetime]:
    """What a list is asked for: a day more than is wanted, picked out by ``_within``.

    Twilio documents these filters by day ("on or before midnight of this date"), while its library
    sends times: whichever it goes by, nothing of the span is missing.
    """
    end = parse_timestamp(until) + timedelta(days=1)
    return {f"{moment}_after": parse_timestamp(since), f"{moment}_before": end}


def _read_page(
    resource: Any, cursor: str | None, wanted: Mapping[str, Any], read: Callable[[Any], T]
) -> Page[T]:
    """``cursor`` is path and query of the next page: its host is ours to choose, not the answer's."""
    if cursor is not None:
        page = resource.get_page(_TWILIO_HOST + cursor)
    else:
        page = resource.page(**wanted, page_size=_PAGE)
    following = urlsplit(page.next_page_url or "")
    after = f"{following.path}?{following.query}" if following.path else None
    return Page([read(entry) for entry in page], after)


def _within(page: Page[T], since: str, until: str, moment_of: Callable[[T], str | None]) -> Page[T]:
    """Twilio's times have whole seconds; an entry without one is let through."""
    entries = [e for e in page.entries if since[:19] <= (moment_of(e) or since) <= until]
    return Page(entries, page.cursor)
