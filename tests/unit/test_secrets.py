"""Secrets are read once, again when refused or old; but not as often as attackers send requests."""

from __future__ import annotations

import json
from typing import Any, cast

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from callscribe.adapters.aws.secrets import Secrets
from callscribe.domain.errors import RetryLaterError, SecretMissingError

QUARTER_OF_AN_HOUR = 900


class Client:
    """Parameter Store, counting."""

    class exceptions:  # noqa: N801 - boto3's name
        class ParameterNotFound(Exception):  # noqa: N818 - boto3's name
            pass

    def __init__(self) -> None:
        self.asked = 0
        self.stored: str | None = json.dumps({"key": "one"})
        self.failure: Exception | None = None

    def get_parameter(self, *, Name: str, WithDecryption: bool) -> Any:  # noqa: N803 - boto3's names
        assert Name
        assert WithDecryption
        self.asked += 1
        if self.failure:
            raise self.failure
        if self.stored is None:
            raise self.exceptions.ParameterNotFound
        return {"Parameter": {"Value": self.stored}}


class Clock:
    def __init__(self) -> None:
        self.moment = 100.0

    def __call__(self) -> float:
        return self.moment


def make() -> tuple[Client, Clock, Secrets]:
    client, clock = Client(), Clock()
    return client, clock, Secrets(cast(Any, client), now=clock)


def test_read_once_and_anew_after_a_refusal_but_not_at_every_one() -> None:
    client, clock, secrets = make()
    assert [secrets.value("name", "key") for _ in range(3)] == ["one"] * 3
    assert client.asked == 1
    client.stored = json.dumps({"key": "two"})
    for _ in range(100):
        assert secrets.value("name", "key", fresh=True) == "one"
    assert client.asked == 1
    clock.moment += 5
    assert secrets.value("name", "key", fresh=True) == "two"
    assert secrets.value("name", "key") == "two"
    assert client.asked == 2


def test_replaced_secret_is_used_no_longer_than_a_quarter_of_an_hour() -> None:
    client, clock, secrets = make()
    assert secrets.value("name", "key") == "one"
    client.stored = json.dumps({"key": "two"})
    clock.moment += QUARTER_OF_AN_HOUR - 1
    assert secrets.value("name", "key") == "one"
    clock.moment += 1
    assert secrets.value("name", "key") == "two"
    assert client.asked == 2


def test_withdrawn_secret_stops_working() -> None:
    client, clock, secrets = make()
    assert secrets.value("name", "key") == "one"
    client.stored = None
    clock.moment += QUARTER_OF_AN_HOUR
    for _ in range(2):
        with pytest.raises(SecretMissingError):
            secrets.value("name", "key")


THROTTLED = ClientError({"Error": {"Code": "ThrottlingException"}}, "GetParameter")
AWAY = EndpointConnectionError(endpoint_url="https://ssm")


@pytest.mark.parametrize("failure", [THROTTLED, AWAY])
def test_secret_holds_out_for_an_hour_where_it_cannot_be_read_anew(failure: Exception) -> None:
    client, clock, secrets = make()
    assert secrets.value("name", "key") == "one"
    client.failure = failure
    clock.moment += QUARTER_OF_AN_HOUR
    for _ in range(100):
        assert secrets.value("name", "key") == "one"
    # one try in five seconds, not one a request
    assert client.asked == 2
    clock.moment += 3600 - QUARTER_OF_AN_HOUR
    for _ in range(2):
        with pytest.raises(RetryLaterError):
            secrets.value("name", "key")
    client.failure = None
    assert secrets.value("name", "key") == "one"


def test_refused_secret_that_cannot_be_read_anew_is_not_given_again() -> None:
    client, clock, secrets = make()
    assert secrets.value("name", "key") == "one"
    client.failure = THROTTLED
    clock.moment += 5
    with pytest.raises(RetryLaterError):
        secrets.value("name", "key", fresh=True)


@pytest.mark.parametrize("stored", [None, "", "[]", "null", "no JSON"])
def test_secret_without_a_usable_value_is_named(stored: str | None) -> None:
    client, _, secrets = make()
    client.stored = stored
    with pytest.raises(SecretMissingError, match="name holds no usable value"):
        secrets.value("name", "key")


@pytest.mark.parametrize("stored", ["{}", '{"key": ""}'])
def test_key_that_is_missing_or_empty_is_named(stored: str) -> None:
    client, _, secrets = make()
    client.stored = stored
    with pytest.raises(SecretMissingError, match="'key'"):
        secrets.value("name", "key")
