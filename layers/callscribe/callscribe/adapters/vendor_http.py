"""HTTP to the vendors: which failures leave nothing done, and how long a question may take in all.

A sandbox that was frozen wakes up with connections that may be dead without knowing it. So a request that
may not be repeated (POST: it places a call, or submits a job) goes over a connection of its own, and is
tried again only where that connection never came about. Any other may use an old one, and is repeated
once when that turns out to be dead.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import HTTPError, MaxRetryError, NewConnectionError, ReadTimeoutError

from callscribe.domain.whole_numbers import read_whole_number

_TRIES_TO_CONNECT = 3
_MAX_RETRY_AFTER_SECONDS = 900


class VendorSession(requests.Session):
    """``connect_seconds``: for one try; ``read_seconds``: for a vendor's silence."""

    def __init__(
        self,
        *,
        connect_seconds: float,
        read_seconds: float,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__()
        self._connect_seconds = connect_seconds
        self._read_seconds = read_seconds
        self._now = now
        self._ends_at = float("inf")
        for scheme in ("http://", "https://"):
            self.mount(scheme, _Adapter())

    def begin(self, seconds: float) -> None:
        """What is sent from now on, a question and all its repetitions, may take so long.

        The last try may begin just before the end: its own ``connect_seconds`` come on top at most.
        """
        self._ends_at = self._now() + seconds

    def seconds_left(self) -> float:
        """Of what ``begin`` allowed; 0 when it is over."""
        return max(0.0, self._ends_at - self._now())

    def send(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:
        """Raises requests' exceptions; ``never_sent`` tells which of them leave nothing done."""
        alone = request.method == "POST"
        if alone:
            # the pool's connections go; a new one is made
            self.close()
        tries_to_connect, may_be_dead = _TRIES_TO_CONNECT, not alone
        while True:
            kwargs["timeout"] = self._time_outs(request)
            try:
                return super().send(request, **kwargs)
            except requests.ConnectionError as error:
                if never_sent(error):
                    tries_to_connect -= 1
                    again = tries_to_connect > 0
                else:
                    again, may_be_dead = may_be_dead and not _took_too_long(error), False
                if not again or not self.seconds_left():
                    raise

    def _time_outs(self, request: requests.PreparedRequest) -> tuple[float, float]:
        left = self.seconds_left()
        if not left:
            raise requests.ConnectTimeout("there is no time left for it", request=request)
        return min(self._connect_seconds, left), min(self._read_seconds, left)


def never_sent(error: requests.RequestException) -> bool:
    """Whether not one byte of the request has left: the connection was refused, reset or never made."""
    if isinstance(error, requests.ConnectTimeout):
        return True
    cause = error.args[0] if error.args else None
    return isinstance(cause, MaxRetryError) and isinstance(cause.reason, NewConnectionError)


def retry_after_seconds(response: requests.Response, *, default: int) -> int:
    """What the vendor asks for, 900 at most; ``default`` where it does not, or names a date."""
    asked = read_whole_number(response.headers.get("Retry-After", ""))
    return default if asked is None else min(asked, _MAX_RETRY_AFTER_SECONDS)


def _took_too_long(error: requests.ConnectionError) -> bool:
    """requests gives a body that stops coming the same class as a connection that broke."""
    return bool(error.args) and isinstance(error.args[0], ReadTimeoutError)


@contextmanager
def _connecting(connection: HTTPConnection) -> Iterator[None]:
    """Says of whatever goes wrong before a connection stands that it went wrong then (urllib3 does not:
    a reset during TLS's handshake looks like one after the request)."""
    try:
        yield
    except (OSError, HTTPError) as error:
        connection.close()
        raise NewConnectionError(connection, f"it never came about: {error}") from error


class _Connection(HTTPConnection):
    def connect(self) -> None:
        with _connecting(self):
            super().connect()


class _SecureConnection(HTTPSConnection):
    def connect(self) -> None:
        with _connecting(self):
            super().connect()


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = _SecureConnection


class _Adapter(HTTPAdapter):
    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _Pool, "https": _SecurePool}
