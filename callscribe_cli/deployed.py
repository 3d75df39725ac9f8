"""A deployed stack, as CloudFormation describes it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from callscribe_cli.credentials import translated
from callscribe_cli.errors import CredentialsError, NoStackError

if TYPE_CHECKING:
    from callscribe_cli.credentials import Aws


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployed:
    """``resources``: type and physical ID of each."""

    name: str
    region: str
    status: str
    outputs: Mapping[str, str]
    parameters: Mapping[str, str]
    resources: Sequence[tuple[str, str]]

    def ids(self, kind: str) -> list[str]:
        return [physical for of, physical in self.resources if of == kind]

    @property
    def callback_base_url(self) -> str:
        return self.outputs["CallbackBaseUrl"].rstrip("/")


def find_stack(aws: Aws, name: str, region: str) -> Deployed:
    """Asks CloudFormation.

    Raises:
        NoStackError: there is no such stack, or it is not callscribe's.
        CredentialsError: there are no credentials, or they do not allow it.
    """
    found = aws.described(name, region)
    outputs = {o["OutputKey"]: o["OutputValue"] for o in found.get("Outputs", [])}
    if "CallbackBaseUrl" not in outputs:
        raise NoStackError(
            f"the stack {name} ({found['StackStatus']}) has no output CallbackBaseUrl",
            fix="name callscribe's stack with --stack, or deploy it",
        )
    return Deployed(
        name=name,
        region=region,
        status=found["StackStatus"],
        outputs=outputs,
        parameters={p["ParameterKey"]: p["ParameterValue"] for p in found.get("Parameters", [])},
        resources=_resources(aws, name, region),
    )


def _resources(aws: Aws, name: str, region: str) -> list[tuple[str, str]]:
    from botocore.exceptions import ClientError

    with translated(aws.profile):
        pages = aws.client("cloudformation", region).get_paginator("list_stack_resources")
        try:
            return [
                (one["ResourceType"], one.get("PhysicalResourceId", ""))
                for page in pages.paginate(StackName=name)
                for one in page["StackResourceSummaries"]
            ]
        except ClientError as error:
            message = f"the stack {name}: {error.response.get('Error', {}).get('Message', error)}"
            fix = "allow cloudformation:ListStackResources (policies/doctor.json)"
            raise CredentialsError(message, fix=fix) from error
