"""What a check works with: the stack, clients of AWS and of the vendors, and what was asked once."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

from callscribe_cli.api import Api
from callscribe_cli.deployed import Deployed
from callscribe_cli.vendors import AssemblyAI, Json, Number, Twilio
from callscribe_cli.web import Web

TWILIO_KEY, TWILIO_TOKEN = "twilio-api-key", "twilio-auth-token"
ASSEMBLYAI_KEY, WEBHOOK_SECRET = "assemblyai-api-key", "assemblyai-webhook-secret"
# what is stored → the stack's output that names its parameter, and the keys of its JSON object
SECRETS = {
    TWILIO_KEY: ("TwilioApiKeyParameterName", ("api_key_sid", "api_key_secret")),
    TWILIO_TOKEN: ("TwilioAuthTokenParameterName", ("auth_token",)),
    ASSEMBLYAI_KEY: ("AssemblyAIApiKeyParameterName", ("api_key",)),
    WEBHOOK_SECRET: ("AssemblyAIWebhookSecretParameterName", ("webhook_secret",)),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """``id`` never changes: scripts look for it. ``fix``: one line; a command where there is one."""

    id: str
    severity: Literal["fault", "warning"]
    what: str
    fix: str


def fault(name: str, what: str, fix: str) -> Finding:
    return Finding(id=name, severity="fault", what=what, fix=fix)


def warning(name: str, what: str, fix: str) -> Finding:
    return Finding(id=name, severity="warning", what=what, fix=fix)


class SkippedError(Exception):
    """This check cannot be made, and why; what hinders it is found by another check."""


@dataclass
class Context:
    """``client``: of one of AWS's services by name; ``now``: seconds since 1970."""

    stack: Deployed
    client: Callable[[str], Any]
    api: Api
    web: Web = field(default_factory=Web)
    now: Callable[[], float] = time.time

    def stored(self, name: str) -> dict[str, Any] | None:
        """A secret's parameter as Parameter Store has it; None: there is none. Raises ClientError."""
        if name not in self._stored:
            ssm = self.client("ssm")
            output, _ = SECRETS[name]
            try:
                found = ssm.get_parameter(Name=self.stack.outputs[output], WithDecryption=True)
                self._stored[name] = found["Parameter"]
            except ssm.exceptions.ParameterNotFound:
                self._stored[name] = None
        return self._stored[name]

    def secret(self, name: str) -> dict[str, str]:
        """Its values by key. Raises SkippedError: it is missing, or has another form; ClientError."""
        parameter = self.stored(name)
        document = read_secret(parameter["Value"], SECRETS[name][1]) if parameter else None
        if document is None:
            raise SkippedError(f"no usable {name} is stored")
        return document

    @cached_property
    def twilio(self) -> Twilio:
        """By the API key."""
        key = self.secret(TWILIO_KEY)
        return self._twilio(key["api_key_sid"], key["api_key_secret"])

    @cached_property
    def twilio_account(self) -> Twilio:
        """By the Auth Token, for what an API key may not ask."""
        return self._twilio(self.account_sid, self.secret(TWILIO_TOKEN)["auth_token"])

    @cached_property
    def assemblyai(self) -> AssemblyAI:
        url = self.stack.parameters["AssemblyAIApiUrl"]
        return AssemblyAI(self.web, url, self.secret(ASSEMBLYAI_KEY)["api_key"])

    @cached_property
    def numbers(self) -> list[Number]:
        return self.twilio.numbers()

    @cached_property
    def account(self) -> Json:
        return self.twilio_account.account()

    @property
    def account_sid(self) -> str:
        return self.stack.parameters["TwilioAccountSid"]

    @cached_property
    def _stored(self) -> dict[str, dict[str, Any] | None]:
        return {}

    def _twilio(self, user: str, password: str) -> Twilio:
        url = self.stack.parameters["TwilioApiUrl"]
        return Twilio(self.web, url, self.account_sid, user, password)


def read_secret(text: str, keys: tuple[str, ...]) -> dict[str, str] | None:
    """The JSON object of a parameter; None: it is none, or a key has no text."""
    try:
        document = json.loads(text)
    except ValueError:
        return None
    if not isinstance(document, dict) or not all(document.get(key) for key in keys):
        return None
    return document
