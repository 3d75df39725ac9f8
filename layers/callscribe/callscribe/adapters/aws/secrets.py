"""Parameter Store with a cache: a secret is read once in a while, and again when it was refused.

Each function reads at most three, when an environment begins and every quarter of an hour: a hundred
environments make one request in three seconds, where Parameter Store takes forty a second by default
(https://docs.aws.amazon.com/general/latest/gr/ssm.html). Where many begin at once and some are
throttled, botocore tries three times, and then the vendor that called back does.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from callscribe.adapters.aws.errors import translated
from callscribe.domain.errors import RetryLaterError, SecretMissingError

# a key that was replaced or withdrawn is not used any longer than this, however warm the environment
_MAX_AGE_SECONDS = 900.0
# but a value that cannot be read anew, because Parameter Store is busy or away, holds out this long
_MAX_AGE_UNREADABLE_SECONDS = 3600.0
# an attacker may send a callback that is wrongly signed: each would cost a request to Parameter Store
_PAUSE_SECONDS = 5.0


class Secrets:
    """Reads JSON secrets by the name of their parameter. ``client``: botocore's for SSM."""

    def __init__(self, client: Any, now: Callable[[], float] = time.monotonic) -> None:
        self._client = client
        self._now = now
        self._cache: dict[str, dict[str, str]] = {}
        self._read_at: dict[str, float] = {}
        self._tried_at: dict[str, float] = {}

    def read(self, name: str, *, fresh: bool = False) -> dict[str, str]:
        """All keys of a secret; ``fresh`` asks again, for use after a refusal (a rotation), unless
        that was done a moment ago.

        Raises:
            SecretMissingError: it has no value, or not a JSON object of strings.
            RetryLaterError: it cannot be read, and what was read before is too old or refused.
        """
        if name not in self._cache or self._age(name) >= _MAX_AGE_UNREADABLE_SECONDS:
            self._fetch(name)
        elif self._now() - self._tried_at[name] >= _PAUSE_SECONDS:
            if fresh:
                self._fetch(name)
            elif self._age(name) >= _MAX_AGE_SECONDS:
                with suppress(RetryLaterError):
                    self._fetch(name)
        return self._cache[name]

    def value(self, name: str, key: str, *, fresh: bool = False) -> str:
        """One key of a secret.

        Raises:
            SecretMissingError: it is not there or empty.
            RetryLaterError: as from ``read``.
        """
        value = self.read(name, fresh=fresh).get(key)
        if not value:
            raise SecretMissingError(f"{name} has no {key!r}")
        return value

    def _age(self, name: str) -> float:
        return self._now() - self._read_at[name]

    def _fetch(self, name: str) -> None:
        self._tried_at[name] = self._now()
        try:
            text = self._ask(name)
            self._cache[name] = {str(key): str(value) for key, value in json.loads(text).items()}
        except (
            self._client.exceptions.ParameterNotFound,
            KeyError,
            ValueError,
            AttributeError,
        ) as error:
            self._cache.pop(name, None)
            raise SecretMissingError(f"{name} holds no usable value: store it first") from error
        self._read_at[name] = self._now()

    @translated("Parameter Store")
    def _ask(self, name: str) -> str:
        answer = self._client.get_parameter(Name=name, WithDecryption=True)
        return str(answer["Parameter"]["Value"])
