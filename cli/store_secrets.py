"""Stores a deployed stack's keys in Parameter Store, encrypted: `make store-secrets STACK=...`.

CloudFormation can make no SecureString, and a key in a template's parameter would stand in its history.
Values come from a JSON file (``-``: standard input), else from the environment, else they are asked for
without echo. None is ever printed. What is not given stays as it is.
"""

from __future__ import annotations

import argparse
import getpass
import json
import os
import re
import secrets
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

# the stack's output that names the parameter → {key of its JSON object: what the value is called here}
SECRETS = {
    "TwilioApiKeyParameterName": {
        "api_key_sid": "TWILIO_API_KEY_SID",
        "api_key_secret": "TWILIO_API_KEY_SECRET",
    },
    "TwilioAuthTokenParameterName": {
        "auth_token": "TWILIO_AUTH_TOKEN",
        "next_auth_token": "TWILIO_NEXT_AUTH_TOKEN",
    },
    "AssemblyAIApiKeyParameterName": {"api_key": "ASSEMBLYAI_API_KEY"},
}
WEBHOOK_SECRET = "AssemblyAIWebhookSecretParameterName"  # noqa: S105 - an output's name
# only during a rotation
_OPTIONAL = "TWILIO_NEXT_AUTH_TOKEN"
_NAMES = [name for keys in SECRETS.values() for name in keys.values()]


class StoreSecretsError(Exception):
    """Nothing was stored; the message says what is missing and holds no value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stack:
    """What a deployed stack says of its secrets. ``key``: its own KMS key, or empty."""

    outputs: Mapping[str, str]
    key: str


def describe(cloudformation: Any, stack_name: str) -> Stack:
    """Raises StoreSecretsError where there is no such stack, or one of another make."""
    try:
        stack = cloudformation.describe_stacks(StackName=stack_name)["Stacks"][0]
    except ClientError as error:
        raise StoreSecretsError(_words(error)) from error
    outputs = {o["OutputKey"]: o["OutputValue"] for o in stack.get("Outputs", [])}
    missing = [name for name in (*SECRETS, WEBHOOK_SECRET) if name not in outputs]
    if missing:
        raise StoreSecretsError(
            f"the stack {stack_name} ({stack['StackStatus']}) has no output {missing[0]}: deploy it first"
        )
    parameters = {p["ParameterKey"]: p["ParameterValue"] for p in stack.get("Parameters", [])}
    return Stack(outputs=outputs, key=parameters.get("KmsKeyArn", ""))


def collect(given: Mapping[str, str]) -> dict[str, dict[str, str]]:
    """output → the JSON object to store, for every secret of which something was given.

    Raises:
        StoreSecretsError: a value is half a pair, or cannot be what it is said to be.
    """
    values = {name: value.strip() for name, value in given.items() if value and value.strip()}
    sid = values.get("TWILIO_API_KEY_SID", "SK" + "0" * 32)
    if not re.fullmatch(r"SK[0-9a-fA-F]{32}", sid):
        raise StoreSecretsError("TWILIO_API_KEY_SID must be SK and 32 hexadecimal digits")
    found = {}
    for output, keys in SECRETS.items():
        document = {key: values[name] for key, name in keys.items() if name in values}
        missing = [n for k, n in keys.items() if k not in document and n != _OPTIONAL]
        if document and missing:
            raise StoreSecretsError(f"{missing[0]} is missing: it is stored together with the rest")
        if document:
            found[output] = document
    if not found:
        raise StoreSecretsError(f"nothing was given to store; the names are {', '.join(_NAMES)}")
    return found


def store(ssm: Any, stack: Stack, documents: Mapping[str, Mapping[str, str]]) -> list[str]:
    """Writes them, and a webhook's secret where there is none; the names of what was written.

    Raises:
        StoreSecretsError: AWS refused.
    """
    written = []
    try:
        for output, document in documents.items():
            written.append(_put(ssm, stack, output, document, overwrite=True))
        try:
            made = {"webhook_secret": secrets.token_urlsafe(36)}
            written.append(_put(ssm, stack, WEBHOOK_SECRET, made, overwrite=False))
        except ssm.exceptions.ParameterAlreadyExists:
            # made by an earlier run; AssemblyAI was told of it with every transcript under way
            pass
    except ClientError as error:
        raise StoreSecretsError(_words(error)) from error
    return written


def _put(
    ssm: Any, stack: Stack, output: str, document: Mapping[str, str], *, overwrite: bool
) -> str:
    name = stack.outputs[output]
    key = {"KeyId": stack.key} if stack.key else {}
    ssm.put_parameter(
        Name=name, Value=json.dumps(document), Type="SecureString", Overwrite=overwrite, **key
    )
    return name


def read_values(
    source: str | None, environment: Mapping[str, str], ask: Callable[[str], str] | None
) -> dict[str, str]:
    """What is to be stored, by name. ``ask`` prompts for one value; None where nobody can be asked.

    Raises:
        StoreSecretsError: the file is no JSON object of texts, or names something unknown.
    """
    if source is not None:
        return _read_document(source)
    given = {name: environment[name] for name in _NAMES if environment.get(name)}
    if ask is not None:
        for name in _NAMES:
            if name not in given and name != _OPTIONAL:
                given[name] = ask(f"{name} (empty: leave as it is): ")
    return given


def _read_document(source: str) -> dict[str, str]:
    try:
        text = sys.stdin.read() if source == "-" else Path(source).read_text(encoding="utf-8")
        document = json.loads(text)
    except (OSError, ValueError) as error:
        raise StoreSecretsError(
            f"{source} cannot be read as JSON: {type(error).__name__}"
        ) from None
    if not isinstance(document, dict) or not all(isinstance(v, str) for v in document.values()):
        raise StoreSecretsError(f"{source} must be a JSON object of strings")
    unknown = sorted(set(document) - set(_NAMES))
    if unknown:
        raise StoreSecretsError(f"{source} names {unknown[0]}; the names are {', '.join(_NAMES)}")
    return document


def _words(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Message", error))


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="scripts/store-secrets", description=__doc__)
    parser.add_argument("stack", help="the stack's name, such as callscribe-dev")
    parser.add_argument("--region", help="its region (default: that of your AWS configuration)")
    parser.add_argument("--from", dest="source", help="a JSON file with the values; - for stdin")
    given = parser.parse_args(arguments)
    ask = getpass.getpass if sys.stdin.isatty() and given.source is None else None
    try:
        session = boto3.Session(region_name=given.region)
        stack = describe(session.client("cloudformation"), given.stack)
        documents = collect(read_values(given.source, os.environ, ask))
        for name in store(session.client("ssm"), stack, documents):
            print(f"stored {name}")
    except (StoreSecretsError, BotoCoreError) as error:
        print(f"{given.stack}: {error}", file=sys.stderr)
        return 1
    print("Functions that read an older value take up the new one within a quarter of an hour.")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
