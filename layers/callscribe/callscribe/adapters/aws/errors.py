"""What AWS answers when it is busy, for every adapter alike."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from botocore.exceptions import BotoCoreError, ClientError

from callscribe.domain.errors import RetryLaterError

P = ParamSpec("P")
R = TypeVar("R")

_THROTTLES = frozenset(
    (
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "RequestThrottled",
        "ProvisionedThroughputExceeded",
        "ReplicatedWriteConflictException",
        "SlowDown",
        "Throttling",
        "ThrottlingError",
        "ThrottlingException",
        "TooManyRequestsException",
        "TransactionConflict",
        "TransactionConflictException",
        "TransactionInProgressException",
    )
)


def translated(service: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Throttles, server errors and broken connections become RetryLaterError.

    A bug (a missing permission, a wrong parameter) stays the exception that it is. botocore has tried
    three times by then.
    """

    def decorate(method: Callable[P, R]) -> Callable[P, R]:
        @wraps(method)
        def translating(*args: P.args, **kwargs: P.kwargs) -> R:
            try:
                return method(*args, **kwargs)
            except ClientError as error:
                if _passes(error):
                    raise RetryLaterError(f"{service} is busy", seconds=5) from error
                raise
            except BotoCoreError as error:
                raise RetryLaterError(f"{service} cannot be reached", seconds=5) from error

        return translating

    return decorate


def _passes(error: ClientError) -> bool:
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    return status >= 500 or not _THROTTLES.isdisjoint(reasons_of(error))


def reasons_of(error: ClientError) -> list[str]:
    """The code of an error, and of a canceled transaction those of its parts."""
    parts: Any = error.response.get("CancellationReasons", ())
    return [error.response.get("Error", {}).get("Code", ""), *(part["Code"] for part in parts)]
