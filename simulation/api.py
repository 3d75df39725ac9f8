"""API Gateway: the vendors' and clients' requests become the events that the handlers get."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import Any
from urllib.parse import urlencode, urlsplit

from local.events import http_event
from local.simulators.twilio.rules import MAX_RETRIES, TIMEOUTS
from local.simulators.twilio.signature import sign
from local.template import BY_FOLDER, Route, routes
from simulation.lambdas import Lambdas
from simulation.scheduler import Scheduler

ACCOUNT_SID = "AC" + "0" * 32
AUTH_TOKEN = "an auth token of the simulation"  # noqa: S105
# of one service whose every task has a session of its own
PRINCIPAL = "arn:aws:sts::123456789012:assumed-role/simulated"
# the most specific first
_ROUTES = sorted(
    ((route, folder) for folder in BY_FOLDER for route in routes(folder).values()),
    key=lambda served: served[0].specificity,
)
# the fragments of our URLs ask Twilio for as many retries as there are, on anything
_TWILIO_TRIES = 1 + MAX_RETRIES
_TWILIO_SECONDS = TIMEOUTS["tt"][0] / 1000


@dataclass(slots=True)
class Api:
    scheduler: Scheduler
    lambdas: Lambdas
    base_url: str = "https://api.simulated.example"
    # told of every recording whose callback was answered 2xx
    on_acknowledged: Callable[[str], None] = lambda _: None
    sessions: Iterator[int] = field(default_factory=count)

    def request(
        self,
        label: str,
        method: str,
        url: str,
        *,
        body: str = "",
        headers: Mapping[str, str] | None = None,
    ) -> tuple[int, str]:
        """Status and body; 503 where the function died, as API Gateway answers."""
        function, event = self._event(method, url, body, headers or {})
        answer = self.lambdas.ask(function, event, label=label)
        if answer is None:
            return 503, ""
        return int(answer["statusCode"]), str(answer.get("body") or "")

    def tell_twilio(self, label: str, url: str, form: Mapping[str, str]) -> str | None:
        """A signed request with Twilio's retries; the body of a good answer."""
        begin = self.scheduler.now
        fields = [("AccountSid", ACCOUNT_SID), *form.items()]
        headers = {
            "content-type": "application/x-www-form-urlencoded",
            "x-twilio-signature": sign(AUTH_TOKEN, url, fields),
        }
        for _ in range(_TWILIO_TRIES):
            status, body = self.request(label, "POST", url, body=urlencode(fields), headers=headers)
            if status < 300:
                if "RecordingSid" in form:
                    self.on_acknowledged(form["RecordingSid"])
                return body
            if self.scheduler.now - begin > _TWILIO_SECONDS:
                break
        return None

    def tell_assemblyai(self, label: str, url: str, body: Mapping[str, str], secret: str) -> int:
        headers = {"content-type": "application/json", "x-callscribe-webhook-secret": secret}
        return self.request(label, "POST", url, body=json.dumps(body), headers=headers)[0]

    def _event(
        self, method: str, url: str, body: str, headers: Mapping[str, str]
    ) -> tuple[str, dict[str, Any]]:
        path, query = urlsplit(url).path, urlsplit(url).query
        function, route, parameters = find_route(method, path)
        event = http_event(
            route.key,
            path,
            body=body,
            caller=f"{PRINCIPAL}/task-{next(self.sessions)}",
            domain_name=urlsplit(self.base_url).netloc,
            headers=dict(headers),
            pathParameters=parameters,
            rawQueryString=query,
        )
        return function, event


def find_route(method: str, path: str) -> tuple[str, Route, dict[str, str]]:
    """The function that serves a request, by which route, with which parameters of the path."""
    return next(
        (folder, route, parameters)
        for route, folder in _ROUTES
        if (parameters := route.match(method, path)) is not None
    )
