"""The vendors' keys of a deployed stack: read, checked at the vendor, stored in Parameter Store.

CloudFormation cannot create a SecureString, and a key in a stack parameter would stay in its history.
No value is ever printed.
"""

from __future__ import annotations

import json
import re
import secrets
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from callscribe_cli.errors import CliError
from callscribe_cli.vendors import AssemblyAI, Twilio, VendorRefusedError
from callscribe_cli.web import Web

# the stack's output that names the parameter → {key of its JSON object: name of the value here}
# (what bandit takes for passwords are these names)
KEYS = {
    "TwilioApiKeyParameterName": {
        "api_key_sid": "TWILIO_API_KEY_SID",
        "api_key_secret": "TWILIO_API_KEY_SECRET",  # nosec B105
    },
    "TwilioAuthTokenParameterName": {
        "auth_token": "TWILIO_AUTH_TOKEN",  # nosec B105
        "next_auth_token": "TWILIO_NEXT_AUTH_TOKEN",  # nosec B105
    },
    "AssemblyAIApiKeyParameterName": {"api_key": "ASSEMBLYAI_API_KEY"},
}
WEBHOOK_SECRET = "AssemblyAIWebhookSecretParameterName"  # noqa: S105  # nosec B105 - an output's name
# only during a rotation
OPTIONAL = "TWILIO_NEXT_AUTH_TOKEN"
NAMES = [name for keys in KEYS.values() for name in keys.values()]
_ALL = f"the names are {', '.join(NAMES)}"
Documents = dict[str, dict[str, str]]


def read_values(source: str | None, environment: Mapping[str, str]) -> dict[str, str]:
    """The values by name: of a JSON file (``-``: standard input), else of the environment.

    Raises:
        CliError: the file is not a JSON object of strings, or has an unknown name.
    """
    given = _read_file(source) if source is not None else environment
    values = {name: given[name].strip() for name in NAMES if given.get(name)}
    return {name: value for name, value in values.items() if value}


def collect(values: Mapping[str, str]) -> Documents:
    """output → the JSON object to store, for every secret with a value.

    Raises:
        CliError: half of a pair is missing, or a value has the wrong form.
    """
    sid = values.get("TWILIO_API_KEY_SID", "SK" + "0" * 32)
    if not re.fullmatch(r"SK[0-9a-fA-F]{32}", sid):
        raise CliError(
            "TWILIO_API_KEY_SID must be SK and 32 hexadecimal digits",
            fix="create a standard API key in Twilio's console: Account, API keys",
        )
    found = {}
    for output, keys in KEYS.items():
        document = {key: values[name] for key, name in keys.items() if name in values}
        missing = [n for k, n in keys.items() if k not in document and n != OPTIONAL]
        if document and missing:
            raise CliError(
                f"{missing[0]} is missing: it is stored with the rest", fix="give it too"
            )
        if document:
            found[output] = document
    return found


def check(web: Web, parameters: Mapping[str, str], documents: Documents) -> None:
    """Asks each vendor whether what is to be stored works.

    Raises:
        CliError: it does not, or the vendor does not answer; nothing was stored.
    """
    for output, document in documents.items():
        for name, ask in _questions(web, parameters, output, document):
            try:
                ask()
            except VendorRefusedError as error:
                raise CliError(f"{name} was refused: {error}", fix=_FIXES[output]) from error


def put(ssm: Any, outputs: Mapping[str, str], key_id: str, documents: Documents) -> list[str]:
    """Stores them, and a webhook secret if there is none; returns the parameters written.

    ``key_id``: the stack's own KMS key, or empty. Raises botocore's ClientError.
    """
    own = {"KeyId": key_id} if key_id else {}

    def write(output: str, document: Mapping[str, str], *, overwrite: bool) -> str:
        name, value = outputs[output], json.dumps(document)
        ssm.put_parameter(Name=name, Value=value, Type="SecureString", Overwrite=overwrite, **own)
        return name

    written = [write(output, one, overwrite=True) for output, one in documents.items()]
    made = {"webhook_secret": secrets.token_urlsafe(36)}
    # one of an earlier run stays: AssemblyAI has it for every transcript in progress
    with suppress(ssm.exceptions.ParameterAlreadyExists):
        written.append(write(WEBHOOK_SECRET, made, overwrite=False))
    return written


def _questions(
    web: Web, parameters: Mapping[str, str], output: str, document: Mapping[str, str]
) -> list[tuple[str, Callable[[], object]]]:
    """What is asked, by the name of the value that it is about."""
    url, account_sid = parameters["TwilioApiUrl"], parameters["TwilioAccountSid"]
    if output == "TwilioApiKeyParameterName":
        sid, secret = document["api_key_sid"], document["api_key_secret"]
        return [("the Twilio API key", Twilio(web, url, account_sid, sid, secret).check)]
    if output == "TwilioAuthTokenParameterName":
        named = [(KEYS[output][key], token) for key, token in document.items()]
        return [(name, Twilio(web, url, account_sid, account_sid, t).account) for name, t in named]
    client = AssemblyAI(web, parameters["AssemblyAIApiUrl"], document["api_key"])
    return [("ASSEMBLYAI_API_KEY", client.check)]


_FIXES = {
    "TwilioApiKeyParameterName": "take SID and secret of a standard key of the account TwilioAccountSid",
    "TwilioAuthTokenParameterName": "copy the Auth Token of the account TwilioAccountSid anew",
    "AssemblyAIApiKeyParameterName": "copy the API key anew; check AssemblyAIApiUrl",
}


def _read_file(source: str) -> dict[str, str]:
    fix = f"give a JSON object of strings; {_ALL}"
    try:
        text = sys.stdin.read() if source == "-" else Path(source).read_text(encoding="utf-8")
        document = json.loads(text)
    except (OSError, ValueError) as error:
        # the error's words may be the file's
        message = f"{source} cannot be read as JSON: {type(error).__name__}"
        raise CliError(message, fix=fix) from None
    if not isinstance(document, dict) or not all(isinstance(v, str) for v in document.values()):
        raise CliError(f"{source} is not a JSON object of strings", fix=fix)
    unknown = sorted(set(document) - set(NAMES))
    if unknown:
        raise CliError(f"{source} names {unknown[0]}", fix=_ALL)
    return document
