"""Who a caller is, from what API Gateway says of the signature (``authorizer.iam``)."""

from __future__ import annotations


def principal_of(user_arn: str) -> str:
    """The IAM user or role behind a signature, without what its holder may write as they like.

    The name of an assumed role's session, and of a federation token's user, is chosen by the caller
    who asks STS for it: taken into account, a new name would be a new caller, with caps of its own, and
    another task of the same service could not use an Idempotency-Key again. IAM tells no more of a
    federated user, so all of an account's are one caller. Users and the root user are what they are.

    The forms of the ARNs: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html
    (a role's ARN in STS has its name without its path).
    """
    prefix, _, resource = user_arn.rpartition(":")
    kind, *names = resource.split("/")
    if kind == "assumed-role":
        return f"{prefix}:{kind}/{names[0] if names else ''}"
    if kind == "federated-user":
        return f"{prefix}:{kind}"
    return user_arn


def principal_of_id(caller_id: str) -> str:
    """The same of ``callerId``, which is a role's or account's id, and its session's name after ``:``."""
    return caller_id.partition(":")[0]
