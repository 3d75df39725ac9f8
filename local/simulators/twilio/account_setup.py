"""What an account is set up with: its kind, balance, numbers and geographic permissions.

The last are served by another host of Twilio's, and here by the same.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import asdict
from functools import partial
from typing import Any
from urllib.parse import parse_qs, urlsplit

from local.http_server import Request, Response
from local.simulators.faults import json_response
from local.simulators.twilio.answers import page, refuse
from local.simulators.twilio.rules import API_VERSION, Refusal, not_found
from local.simulators.twilio.state import Account

# a parameter of Twilio's → the attribute that it sets
_SETTINGS = {
    "VoiceUrl": "voice_url",
    "VoiceMethod": "voice_method",
    "VoiceFallbackUrl": "voice_fallback_url",
    "VoiceFallbackMethod": "voice_fallback_method",
    "StatusCallback": "status_callback",
    "StatusCallbackMethod": "status_callback_method",
    "VoiceApplicationSid": "voice_application_sid",
    "TrunkSid": "trunk_sid",
}


class AccountSetup:
    """``auth_token``: the primary one, which the account shows."""

    def __init__(self, account: Account, auth_token: Callable[[], str]) -> None:
        self._account = account
        self._auth_token = auth_token
        root = f"/{API_VERSION}/Accounts/{account.sid}"
        self._routes: list[tuple[str, re.Pattern[str], str, Callable[..., Response]]] = [
            ("GET", re.compile(rf"{root}\.json"), "account.fetch", self._fetch),
            ("GET", re.compile(rf"{root}/Balance\.json"), "balance.fetch", self._balance),
            ("GET", re.compile(rf"{root}/IncomingPhoneNumbers\.json"), "numbers.list", self._list),
            (
                "POST",
                re.compile(rf"{root}/IncomingPhoneNumbers/(PN\w+)\.json"),
                "numbers.update",
                self._update,
            ),
            (
                "GET",
                re.compile(rf"{root}/OutgoingCallerIds\.json"),
                "caller_ids.list",
                self._caller_ids,
            ),
            (
                "GET",
                re.compile("/v1/DialingPermissions/Countries"),
                "countries.list",
                self._countries,
            ),
        ]

    def route(self, request: Request) -> tuple[str, Callable[[], Response]] | None:
        """The operation that a request asks for, and how to carry it out."""
        for method, pattern, operation, handler in self._routes:
            match = pattern.fullmatch(request.raw_path)
            if match and method == request.method:
                return operation, partial(handler, request, *match.groups())
        return None

    def _fetch(self, _: Request) -> Response:
        account = self._account
        shown = {
            "sid": account.sid,
            "owner_account_sid": account.sid,
            "friendly_name": "simulated",
            "type": account.type,
            "status": account.status,
            "auth_token": self._auth_token(),
            "uri": f"/{API_VERSION}/Accounts/{account.sid}.json",
        }
        return json_response(200, shown)

    def _balance(self, _: Request) -> Response:
        account = self._account
        shown = {"account_sid": account.sid, "balance": account.balance, "currency": "USD"}
        return json_response(200, shown)

    def _list(self, request: Request) -> Response:
        wanted = parse_qs(request.raw_query).get("PhoneNumber")
        with self._account.lock:
            numbers = list(self._account.numbers.items())
        resources = [
            number_resource(number, settings, self._account.sid)
            for number, settings in numbers
            if wanted is None or number == wanted[-1]
        ]
        return json_response(200, page("incoming_phone_numbers", resources, request))

    def _update(self, request: Request, sid: str) -> Response:
        form = {
            k: v[-1] for k, v in parse_qs(request.body.decode(), keep_blank_values=True).items()
        }
        refused = _refusal(form)
        if refused is not None:
            return refuse(refused)
        with self._account.lock:
            found = [one for one in self._account.numbers if number_sid(one) == sid]
            if not found:
                return refuse(not_found(sid))
            settings = self._account.numbers[found[0]]
            settings |= {_SETTINGS[name]: value for name, value in form.items()}
            # an application and a trunk exclude each other
            if form.get("VoiceApplicationSid"):
                settings["trunk_sid"] = ""
            if form.get("TrunkSid"):
                settings["voice_application_sid"] = ""
            return json_response(200, number_resource(found[0], settings, self._account.sid))

    def _caller_ids(self, request: Request) -> Response:
        found = [{"phone_number": number} for number in self._account.caller_ids]
        return json_response(200, page("outgoing_caller_ids", found, request))

    def _countries(self, _: Request) -> Response:
        shown = [asdict(country) for country in self._account.countries.values()]
        meta = {"key": "content", "page": 0, "page_size": 1000, "next_page_url": None}
        return json_response(200, {"content": shown, "meta": meta})


def number_sid(number: str) -> str:
    return "PN" + hashlib.md5(number.encode(), usedforsecurity=False).hexdigest()


def number_resource(number: str, settings: Mapping[str, Any], account_sid: str) -> dict[str, Any]:
    """Twilio's IncomingPhoneNumber resource, as far as it is about calls."""
    sid = number_sid(number)
    return {
        "sid": sid,
        "account_sid": account_sid,
        "phone_number": number,
        "friendly_name": number,
        "capabilities": {"voice": settings.get("voice", True), "sms": True, "mms": False},
        "voice_url": settings.get("voice_url", ""),
        "voice_method": settings.get("voice_method", "POST"),
        "voice_fallback_url": settings.get("voice_fallback_url", ""),
        "voice_fallback_method": settings.get("voice_fallback_method", "POST"),
        "status_callback": settings.get("status_callback", ""),
        "status_callback_method": settings.get("status_callback_method", "POST"),
        "voice_application_sid": settings.get("voice_application_sid", ""),
        "trunk_sid": settings.get("trunk_sid") or None,
        "status": "in-use",
        "uri": f"/{API_VERSION}/Accounts/{account_sid}/IncomingPhoneNumbers/{sid}.json",
    }


def _refusal(form: Mapping[str, str]) -> Refusal | None:
    """Assumed: the code, and that a parameter that is not about calls is refused."""
    for name, value in form.items():
        parts = urlsplit(value)
        if name not in _SETTINGS:
            return Refusal(20001, f"The simulator knows no {name}")
        if name.endswith("Method") and value not in ("GET", "POST"):
            return Refusal(20001, f"{name} must be GET or POST")
        is_url = name.endswith(("Url", "Callback"))
        if is_url and value and (parts.scheme not in ("http", "https") or not parts.hostname):
            return Refusal(20001, f"{name} is not a valid URL: {value}")
    return None
