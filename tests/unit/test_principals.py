"""Who a caller is: nothing that its holder may name as they like."""

from __future__ import annotations

from typing import Any

import pytest

from callscribe.api.http import read_request

# each with what is left of it
USER_ARNS = {
    "arn:aws:sts::123456789012:assumed-role/dialer/task-1": "assumed-role/dialer",
    "arn:aws-us-gov:sts::123456789012:assumed-role/dialer/a@b=c": "assumed-role/dialer",
    "arn:aws:sts::123456789012:federated-user/anything": "federated-user",
    "arn:aws:iam::123456789012:user/a-user": "user/a-user",
    "arn:aws-cn:iam::123456789012:user/a/path/a-user": "user/a/path/a-user",
    "arn:aws:iam::123456789012:root": "root",
}


def request(**iam: Any) -> tuple[str, str]:
    read = read_request(
        {
            "routeKey": "POST /calls",
            "rawPath": "/calls",
            "requestContext": {"domainName": "api.example", "authorizer": {"iam": iam}},
        }
    )
    return read.principal, read.caller


@pytest.mark.parametrize("user_arn", USER_ARNS)
def test_principal_of_an_arn(user_arn: str) -> None:
    principal = f"{user_arn.rpartition(':')[0]}:{USER_ARNS[user_arn]}"
    assert request(userArn=user_arn, callerId="AROA1:x") == (principal, user_arn)


@pytest.mark.parametrize(
    ("caller_id", "principal"),
    [("AROAEXAMPLE:task-1", "AROAEXAMPLE"), ("AIDAEXAMPLE", "AIDAEXAMPLE"), (None, "")],
)
def test_without_an_arn_the_id_counts(caller_id: str | None, principal: str) -> None:
    assert request(userArn=None, callerId=caller_id) == (principal, caller_id or "")
