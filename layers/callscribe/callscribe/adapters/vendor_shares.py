"""What a run may ask of each vendor: a share of its time, and nothing more once it does not answer.

Reconciliation alone asks through this. A vendor that hangs costs a run one time-out instead of all of it;
whatever was not asked is deferred, and the other vendor's work goes on.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar, cast

from callscribe.domain.errors import VendorError, VendorNotAskedError, VendorRefusedError
from callscribe.domain.times import Clock
from callscribe.ports.telemetry import Telemetry

Port = TypeVar("Port")

# one entry's own trouble is no outage: only as many errors in a row are
_MAX_ERRORS_IN_A_ROW = 3


@dataclass(slots=True)
class _Share:
    seconds_left: float = 0.0
    errors_in_a_row: int = 0
    silent: bool = False


class VendorShares:
    """Implements ``ports.VendorShares``."""

    def __init__(self, telemetry: Telemetry, clock: Clock) -> None:
        self._telemetry = telemetry
        self._clock = clock
        self._shares: dict[str, _Share] = {}

    def of(self, vendor: str, port: Port) -> Port:
        """The same port, within the vendor's share."""
        self._shares[vendor] = _Share()
        return cast(Port, _Within(self, vendor, port))

    def begin(self, seconds: float) -> None:
        for vendor in self._shares:
            self._shares[vendor] = _Share(seconds)

    def renew(self, seconds: float) -> None:
        for share in self._shares.values():
            share.seconds_left = seconds

    def check(self, port: object) -> None:
        if isinstance(port, _Within):
            self._check(port.vendor)

    def _check(self, vendor: str) -> None:
        share = self._shares[vendor]
        if share.silent:
            raise VendorNotAskedError(vendor, f"{vendor} does not answer in this run")
        if share.seconds_left <= 0:
            raise VendorNotAskedError(vendor, f"{vendor} has had its share of this run")

    def ask(self, vendor: str, question: Callable[[], Any]) -> Any:
        """Raises what the question raises, and VendorNotAskedError instead of asking it."""
        self._check(vendor)
        share, begun = self._shares[vendor], self._clock()
        try:
            answer = question()
        except VendorRefusedError:
            # a no is an answer
            share.errors_in_a_row = 0
            raise
        except VendorError as error:
            self._failed(vendor, share, error)
            raise
        finally:
            share.seconds_left -= (self._clock() - begun).total_seconds()
        share.errors_in_a_row = 0
        return answer

    def _failed(self, vendor: str, share: _Share, error: VendorError) -> None:
        share.errors_in_a_row += 1
        # without a status nothing came back: a time-out, or no connection
        if error.status is None or share.errors_in_a_row >= _MAX_ERRORS_IN_A_ROW:
            share.silent = True
            self._telemetry.warn(
                "vendor not asked any more in this run", vendor=vendor, reason=str(error)
            )


class _Within:
    """Hands every method on to a port."""

    def __init__(self, shares: VendorShares, vendor: str, port: object) -> None:
        self._shares = shares
        self.vendor = vendor
        self._port = port

    def __getattr__(self, name: str) -> Callable[..., Any]:
        method = getattr(self._port, name)

        def within(*args: Any, **kwargs: Any) -> Any:
            return self._shares.ask(self.vendor, partial(method, *args, **kwargs))

        return within
