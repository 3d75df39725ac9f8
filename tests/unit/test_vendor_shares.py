"""A vendor that hangs, fails or is slow costs a run its share, and no more."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from callscribe.adapters.vendor_shares import VendorShares
from callscribe.domain.errors import (
    VendorError,
    VendorNotAskedError,
    VendorOutcomeUnknownError,
    VendorRateLimitedError,
    VendorRefusedError,
)
from tests.support.doubles import QuietTelemetry


class Vendor:
    """Takes ``seconds`` for each answer, and raises what ``errors`` has in store."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
        self.seconds = 1.0
        self.asked = 0
        self.errors: list[VendorError | None] = []

    def get(self, name: str) -> str:
        self.asked += 1
        self.now += timedelta(seconds=self.seconds)
        error = self.errors.pop(0) if self.errors else None
        if error is not None:
            raise error
        return name


@pytest.fixture
def vendor() -> Vendor:
    return Vendor()


@pytest.fixture
def shares(vendor: Vendor) -> VendorShares:
    return VendorShares(QuietTelemetry(), lambda: vendor.now)


def ask(port: Any, times: int) -> list[str]:
    answers = []
    for _ in range(times):
        try:
            answers.append(port.get("x"))
        except VendorError as error:
            answers.append(type(error).__name__)
    return answers


def timed_out() -> VendorError:
    return VendorOutcomeUnknownError("AssemblyAI", "no answer")


def error_500() -> VendorError:
    return VendorOutcomeUnknownError("AssemblyAI", "error", code=500, status=500)


def test_vendor_that_does_not_answer_is_not_asked_again(
    vendor: Vendor, shares: VendorShares
) -> None:
    port, other = shares.of("AssemblyAI", vendor), shares.of("Twilio", vendor)
    shares.begin(100)
    vendor.errors = [timed_out()]
    assert ask(port, 3) == [
        "VendorOutcomeUnknownError",
        "VendorNotAskedError",
        "VendorNotAskedError",
    ]
    assert vendor.asked == 1
    assert ask(other, 2) == ["x", "x"]
    with pytest.raises(VendorNotAskedError):
        shares.check(port)
    shares.check(other)
    # more time does not make it answer; the next run tries once
    shares.renew(100)
    assert ask(port, 1) == ["VendorNotAskedError"]
    shares.begin(100)
    assert ask(port, 1) == ["x"]


def test_one_entrys_own_errors_are_no_outage(vendor: Vendor, shares: VendorShares) -> None:
    port = shares.of("AssemblyAI", vendor)
    shares.begin(100)
    refused = VendorRefusedError("AssemblyAI", "no", status=400)
    vendor.errors = [error_500(), error_500(), None, error_500(), refused, error_500(), error_500()]
    ask(port, 8)
    assert vendor.asked == 8
    busy = VendorRateLimitedError("AssemblyAI", "too many", status=429)
    vendor.errors = [error_500(), busy, error_500()]
    assert ask(port, 4)[-1] == "VendorNotAskedError"


def test_slow_vendor_has_its_share_of_a_run(vendor: Vendor, shares: VendorShares) -> None:
    port, other = shares.of("AssemblyAI", vendor), shares.of("Twilio", vendor)
    shares.begin(60)
    vendor.seconds = 20
    assert ask(port, 4) == ["x", "x", "x", "VendorNotAskedError"]
    vendor.seconds = 1
    assert ask(other, 2) == ["x", "x"]
    shares.renew(20)
    assert ask(port, 1) == ["x"]
