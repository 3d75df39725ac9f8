"""Twilio's REST API through its own library, with a time-out, and errors that say what is known.

Creating a call has no idempotency key (Twilio error 20500): a time-out or a 5xx leaves open whether
the callee's phone rings, so it becomes VendorOutcomeUnknownError and is never repeated here. A request
that never left this machine is repeated (vendor_http).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any, TypeVar
from urllib.parse import urlsplit

import requests
from twilio.base.exceptions import TwilioException, TwilioRestException
from twilio.http.http_client import TwilioHttpClient
from twilio.http.response import Response
from twilio.rest import Client

from callscribe.adapters.twilio.callbacks import retried
from callscribe.adapters.twilio.errors import explain_refusal
from callscribe.adapters.twilio.resources import read_call, read_recording
from callscribe.adapters.vendor_http import VendorSession, never_sent
from callscribe.domain.callback_urls import CallbackUrls
from callscribe.domain.calls import Call
from callscribe.domain.consent import is_gated
from callscribe.domain.errors import (
    VendorError,
    VendorNotFoundError,
    VendorOutcomeUnknownError,
    VendorRateLimitedError,
    VendorRefusedError,
)
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
        parameters = _call_parameters(call, self._twiml_fallback_url)
        return self._ask(lambda client: read_call(client.calls.create(**parameters)))

    def get_call(self, call_sid: str) -> CallStatusUpdate:
        return self._ask(lambda client: read_call(client.calls(call_sid).fetch()))

    def find_calls(self, *, to_number: str, from_number: str, since: str) -> list[CallStatusUpdate]:
        # StartTime of a call that still rings is empty, so Twilio's own filter on it would hide
        # exactly the calls that are looked for: the newest come first, and are filtered here
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
        def ask(client: Client) -> Page[RecordingStatusUpdate]:
            if cursor is not None:
                page = client.recordings.get_page(_TWILIO_HOST + cursor)
            else:
                low, high = _span(since, until)
                page = client.recordings.page(
                    date_created_after=low, date_created_before=high, page_size=_PAGE
                )
            return _page(
                page,
                read_recording,
                lambda notice: since[:19] <= (notice.created_at or since) <= until,
            )

        return self._ask(ask)

    def page_ended_calls(
        self, since: str, until: str, cursor: str | None
    ) -> Page[CallStatusUpdate]:
        def ask(client: Client) -> Page[CallStatusUpdate]:
            if cursor is not None:
                page = client.calls.get_page(_TWILIO_HOST + cursor)
            else:
                low, high = _span(since, until)
                page = client.calls.page(end_time_after=low, end_time_before=high, page_size=_PAGE)
            return _page(
                page, read_call, lambda call: since[:19] <= (call.ended_at or since) <= until
            )

        return self._ask(ask)

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
        raise _from_answer(error) from None
    except requests.RequestException as error:
        if never_sent(error):
            raise VendorRateLimitedError("Twilio", "Twilio cannot be reached") from None
        raise VendorOutcomeUnknownError("Twilio", "Twilio did not answer") from None
    except (ValueError, KeyError, TypeError):
        raise VendorOutcomeUnknownError("Twilio", "Twilio's answer cannot be read") from None


def _from_answer(error: TwilioException) -> VendorError:
    status = _status(error)
    if status == 429:
        kind: type[VendorError] = VendorRateLimitedError
    elif status == 404:
        kind = VendorNotFoundError
    elif status is None or not 400 <= status < 500:
        kind = VendorOutcomeUnknownError
    else:
        kind = VendorRefusedError
    code = getattr(error, "code", None)
    return kind(
        "Twilio",
        f"Twilio answered {status}, code {code}",
        code=code,
        status=status,
        failure=explain_refusal(code, status),
    )


def _status(error: TwilioException) -> int | None:
    """The HTTP status: lists raise the base class, with the response as its second argument."""
    if isinstance(error, TwilioRestException):
        return int(error.status)
    return getattr(error.args[1], "status_code", None) if len(error.args) > 1 else None


def _call_parameters(call: Call, fallback_url: str) -> dict[str, Any]:
    urls = CallbackUrls(call.base_url or "")
    opening = retried(urls.opening(call.call_id))
    parameters: dict[str, Any] = {
        "to": call.to_number,
        "from_": call.from_number,
        "url": opening,
        "method": "POST",
        # asked when the URL fails for all its 15 seconds: the same once more has 15 of its own
        "fallback_url": fallback_url or opening,
        "fallback_method": "POST",
        "status_callback": retried(urls.call_status(call.call_id)),
        "status_callback_event": ["initiated", "ringing", "answered", "completed"],
        "status_callback_method": "POST",
    }
    if call.mode == "call":
        parameters["time_limit"] = call.max_length_seconds
    # with a key to be pressed first, recording begins in the script instead
    if call.mode == "call" and not is_gated(call.consent):
        parameters |= {
            "record": True,
            "recording_channels": "dual",
            "recording_status_callback": retried(urls.recording_complete(call.call_id)),
            "recording_status_callback_method": "POST",
            # one value, separated by a space (Twilio: RecordingStatusCallbackEvent)
            "recording_status_callback_event": ["completed absent"],
            "trim": "do-not-trim",
        }
    return parameters


def _span(since: str, until: str) -> tuple[datetime, datetime]:
    """What a list is asked for: a day more than is wanted, picked out by ``_page``.

    Twilio documents these filters by day ("on or before midnight of this date"), while its library
    sends times: whichever it goes by, nothing of the span is missing.
    """
    return parse_timestamp(since), parse_timestamp(until) + timedelta(days=1)


def _page(page: Any, read: Callable[[Any], T], wanted: Callable[[T], bool]) -> Page[T]:
    """``cursor`` is path and query of the next page: its host is ours to choose, not the answer's."""
    following = urlsplit(page.next_page_url or "")
    cursor = f"{following.path}?{following.query}" if following.path else None
    entries = [read(entry) for entry in page]
    return Page([entry for entry in entries if wanted(entry)], cursor)
