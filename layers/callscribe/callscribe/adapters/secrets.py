"""Secrets Manager with a cache: a secret is fetched once per environment and again when refused."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from callscribe.adapters.aws_errors import translated
from callscribe.domain.problems import CallscribeError

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient


# anybody may send a callback that is wrongly signed: each would cost a request to Secrets Manager
_YOUNG_SECONDS = 5.0


class SecretMissingError(CallscribeError):
    """The stack's secret holds no value yet, or lacks a key: see docs/deploying.md."""


class Secrets:
    """Reads JSON secrets by ARN."""

    def __init__(
        self, client: SecretsManagerClient, now: Callable[[], float] = time.monotonic
    ) -> None:
        self._client = client
        self._now = now
        self._cache: dict[str, dict[str, str]] = {}
        self._fetched_at: dict[str, float] = {}

    def read(self, arn: str, *, fresh: bool = False) -> dict[str, str]:
        """All keys of a secret; ``fresh`` asks again, for use after a refusal (a rotation), unless
        that was done a moment ago.

        Raises:
            SecretMissingError: it has no value, or not a JSON object of texts.
        """
        if arn not in self._cache or (fresh and not self._is_young(arn)):
            try:
                text = self._fetch(arn)
                self._cache[arn] = {
                    str(name): str(value) for name, value in json.loads(text).items()
                }
            except (
                self._client.exceptions.ResourceNotFoundException,
                KeyError,
                ValueError,
                AttributeError,
            ) as error:
                raise SecretMissingError(f"{arn} holds no usable value: store it first") from error
        return self._cache[arn]

    def value(self, arn: str, key: str, *, fresh: bool = False) -> str:
        """One key of a secret.

        Raises:
            SecretMissingError: it is not there or empty.
        """
        value = self.read(arn, fresh=fresh).get(key)
        if not value:
            raise SecretMissingError(f"{arn} has no {key!r}")
        return value

    def _is_young(self, arn: str) -> bool:
        return self._now() - self._fetched_at[arn] < _YOUNG_SECONDS

    @translated("Secrets Manager")
    def _fetch(self, arn: str) -> str:
        text = self._client.get_secret_value(SecretId=arn)["SecretString"]
        self._fetched_at[arn] = self._now()
        return text
