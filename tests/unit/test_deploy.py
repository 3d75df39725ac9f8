"""The local stack refuses what CloudFormation and Lambda refuse."""

from __future__ import annotations

import pytest

from local.deploy import DeploymentError, check_environment, check_parameters
from tests.unit.test_translated_template import SOURCE

GOOD = {
    "TwilioAccountSid": "AC" + "0" * 32,
    "InboundSay": "Grüß Gott 👋" * 30,
    "MaxTranscribeConcurrency": "1000",
    "VendorCopies": "delete",
    "QuietHours": "",
}


def test_what_is_within_bounds_is_let_in() -> None:
    check_parameters(SOURCE, GOOD)
    check_environment("TwimlFunction", {"A": "x" * 4087})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("InboundSay", ""),
        ("InboundSay", "x" * 401),
        ("ConsentAnnouncement", "你" * 201),
        ("ConsentAnnouncement", "two\nlines"),
        ("TwilioAccountSid", "AC1"),
        ("TwimlFallbackUrl", "http://example.com"),
        ("MaxTranscribeConcurrency", "1"),
        ("MaxTranscribeConcurrency", "1001"),
        ("MaxTranscribeConcurrency", "many"),
        ("VendorCopies", "shred"),
        ("NoSuchParameter", "x"),
    ],
)
def test_what_cloudformation_refuses_is_refused(name: str, value: str) -> None:
    with pytest.raises(DeploymentError, match=name):
        check_parameters(SOURCE, {name: value})


@pytest.mark.parametrize("value", ["x" * 4089, "👋" * 1024])
def test_environment_over_four_kilobytes_is_refused(value: str) -> None:
    with pytest.raises(DeploymentError, match="4KB limit"):
        check_environment("TwimlFunction", {"A": value})
