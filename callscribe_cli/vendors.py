"""Twilio and AssemblyAI, as far as setting up and checking ask them."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

from callscribe_cli.errors import CliError
from callscribe_cli.messages import Answer
from callscribe_cli.web import Web

_VERSION = "2010-04-01"
# an account with more numbers, or a list that never ends
_MOST_PAGES = 20
_PAGE_SIZE = 1000
_FORM = {"Content-Type": "application/x-www-form-urlencoded"}
Json = dict[str, Any]


class VendorRefusedError(CliError):
    """``code``: Twilio's error code, None where there is none."""

    def __init__(self, vendor: str, answer: Answer) -> None:
        document = answer.document()
        self.status = answer.status
        self.code: int | None = document.get("code")
        words = document.get("message") or document.get("error") or document.get("detail")
        code = f", error {self.code}" if self.code else ""
        super().__init__(f"{words} (HTTP {answer.status}{code})", fix=f"see {vendor}'s console")

    @property
    def unauthorized(self) -> bool:
        return self.status in (401, 403)


@dataclass(frozen=True, slots=True, kw_only=True)
class Number:
    """One of the account's numbers, and where its calls go."""

    sid: str
    phone_number: str
    voice: bool
    voice_url: str
    voice_method: str
    voice_fallback_url: str
    status_callback: str
    application_sid: str
    trunk_sid: str

    @property
    def target(self) -> str:
        """What answers its calls; empty: nothing, or what Twilio gives to every new number."""
        own = "" if "demo.twilio.com" in self.voice_url else self.voice_url
        return self.application_sid or self.trunk_sid or own


class Twilio:
    """Signs in as ``user``: an API key, or the account's own SID with its Auth Token.

    Raises (all methods):
        VendorRefusedError: it answered, and said no.
        NoAnswerError: it did not answer.
    """

    def __init__(self, web: Web, api_url: str, account_sid: str, user: str, password: str) -> None:
        self._web = web
        self._url = api_url.rstrip("/")
        self._root = f"/{_VERSION}/Accounts/{account_sid}"
        encoded = base64.b64encode(f"{user}:{password}".encode()).decode()
        self._headers = {"Authorization": f"Basic {encoded}"}

    def account(self) -> Json:
        """It holds the Auth Token: never print it. A standard API key may not ask."""
        return self._get(self._url, f"{self._root}.json")

    def balance(self) -> Json:
        return self._get(self._url, f"{self._root}/Balance.json")

    def check(self) -> None:
        """Whether an API key works: something small that it may ask."""
        self._get(self._url, f"{self._root}/IncomingPhoneNumbers.json?PageSize=1")

    def numbers(self) -> list[Number]:
        return [
            _number(one) for one in self._list("IncomingPhoneNumbers", "incoming_phone_numbers")
        ]

    def caller_ids(self) -> list[str]:
        """Numbers that are not Twilio's, whose owner has agreed to show them."""
        found = self._list("OutgoingCallerIds", "outgoing_caller_ids")
        return [one["phone_number"] for one in found]

    def countries(self) -> list[Json]:
        """The geographic permissions, by Twilio's other host."""
        url, path = _voice_url(self._url), f"/v1/DialingPermissions/Countries?PageSize={_PAGE_SIZE}"
        found: list[Json] = []
        for _ in range(_MOST_PAGES):
            page = self._get(url, path)
            found += page["content"]
            following = page.get("meta", {}).get("next_page_url")
            if not following:
                break
            # never to another host: the request has a credential
            path = f"{urlsplit(following).path}?{urlsplit(following).query}"
        return found

    def point(self, number: Number, settings: Mapping[str, str]) -> Number:
        """Changes a number; ``settings``: Twilio's parameters, such as VoiceUrl."""
        url = f"{self._url}{self._root}/IncomingPhoneNumbers/{number.sid}.json"
        headers, body = {**self._headers, **_FORM}, urlencode(settings).encode()
        return _number(_checked("Twilio", self._web.send("POST", url, headers, body)))

    def _list(self, resource: str, name: str) -> list[Json]:
        path, found = f"{self._root}/{resource}.json?PageSize={_PAGE_SIZE}", list[Json]()
        for _ in range(_MOST_PAGES):
            page = self._get(self._url, path)
            found += page[name]
            path = page.get("next_page_uri") or ""
            if not path:
                break
        return found

    def _get(self, url: str, path: str) -> Json:
        return _checked("Twilio", self._web.get(url + path, self._headers))


class AssemblyAI:
    """Raises as Twilio."""

    def __init__(self, web: Web, api_url: str, api_key: str) -> None:
        self._web = web
        self._url = api_url.rstrip("/")
        self._headers = {"Authorization": api_key}

    def check(self) -> None:
        """Whether the key works: something small that costs nothing."""
        url = f"{self._url}/v2/transcript?limit=1"
        _checked("AssemblyAI", self._web.get(url, self._headers))


def settings_of(base_url: str, fallback_url: str = "") -> dict[str, str]:
    """What makes a stack answer a number; ``fallback_url``: what answers if the stack does not."""
    return {
        "VoiceUrl": f"{base_url}/twiml",
        "VoiceMethod": "POST",
        "VoiceFallbackUrl": fallback_url or f"{base_url}/twiml",
        "VoiceFallbackMethod": "POST",
        "StatusCallback": f"{base_url}/call-status",
        "StatusCallbackMethod": "POST",
    }


def countries_of(number: str, countries: Sequence[Json]) -> list[Json]:
    """Those that a number may be of: the longest of their calling codes that it begins with."""
    codes = [(code, one) for one in countries for code in one["country_codes"]]
    met = [(_digits(code), one) for code, one in codes if number[1:].startswith(_digits(code))]
    longest = max((len(code) for code, _ in met), default=0)
    return [one for code, one in met if len(code) == longest]


def _digits(code: str) -> str:
    return "".join(filter(str.isdigit, code))


def _checked(vendor: str, answer: Answer) -> Json:
    if answer.status >= 300:
        raise VendorRefusedError(vendor, answer)
    return answer.result()


def _number(resource: Json) -> Number:
    names = "sid phone_number voice_url voice_method voice_fallback_url status_callback trunk_sid"
    values = {name: resource.get(name) or "" for name in names.split()}
    voice = bool((resource.get("capabilities") or {}).get("voice"))
    application = resource.get("voice_application_sid") or ""
    return Number(voice=voice, application_sid=application, **values)


def _voice_url(api_url: str) -> str:
    """https://api.twilio.com → https://voice.twilio.com; a server on this machine has both."""
    scheme, _, host = api_url.partition("://")
    return f"{scheme}://voice.{host.removeprefix('api.')}" if host.startswith("api.") else api_url
