"""Secrets are read once, and again when refused; but not as often as strangers knock."""

from __future__ import annotations

import json
from typing import Any, cast

import pytest

from callscribe.adapters.secrets import SecretMissingError, Secrets


class Client:
    """Secrets Manager, counting."""

    class exceptions:  # noqa: N801 - boto3's name
        class ResourceNotFoundException(Exception):  # noqa: N818
            pass

    def __init__(self) -> None:
        self.asked = 0
        self.stored = json.dumps({"key": "one"})

    def get_secret_value(self, **_: str) -> dict[str, str]:
        self.asked += 1
        return {"SecretString": self.stored}


def test_read_once_and_anew_after_a_refusal_but_not_at_every_one() -> None:
    client, moment = Client(), [100.0]
    secrets = Secrets(cast(Any, client), now=lambda: moment[0])
    assert [secrets.value("arn", "key") for _ in range(3)] == ["one"] * 3
    assert client.asked == 1
    client.stored = json.dumps({"key": "two"})
    for _ in range(100):
        assert secrets.value("arn", "key", fresh=True) == "one"
    assert client.asked == 1
    moment[0] += 5
    assert secrets.value("arn", "key", fresh=True) == "two"
    assert secrets.value("arn", "key") == "two"
    assert client.asked == 2


@pytest.mark.parametrize("stored", ["", "[]", "null", "no JSON"])
def test_secret_without_a_usable_value_is_named(stored: str) -> None:
    client = Client()
    client.stored = stored
    with pytest.raises(SecretMissingError, match="arn holds no usable value"):
        Secrets(cast(Any, client)).value("arn", "key")


@pytest.mark.parametrize("stored", ["{}", '{"key": ""}'])
def test_key_that_is_missing_or_empty_is_named(stored: str) -> None:
    client = Client()
    client.stored = stored
    with pytest.raises(SecretMissingError, match="'key'"):
        Secrets(cast(Any, client)).value("arn", "key")
