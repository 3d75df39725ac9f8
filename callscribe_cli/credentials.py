"""AWS's own: credentials, regions and signatures, by botocore, which is imported only here and late."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from callscribe_cli.errors import CredentialsError, NoStackError

if TYPE_CHECKING:
    from botocore.session import Session

    from callscribe_cli.api import Signer


class Aws:
    """The user's AWS configuration. ``profile``: one of ~/.aws/config; None: the default.

    Raises (all methods):
        CredentialsError: there are none, or they have expired.
    """

    def __init__(self, profile: str | None) -> None:
        self.profile = profile
        self._session: Session | None = None

    @property
    def session(self) -> Session:
        if self._session is None:
            import botocore.session

            with translated(self.profile):
                self._session = botocore.session.Session(profile=self.profile)
                # raises where there is no such profile
                self._session.get_scoped_config()
        return self._session

    @property
    def region(self) -> str | None:
        # as the AWS CLI does; botocore by itself knows AWS_DEFAULT_REGION only
        if named := os.environ.get("AWS_REGION"):
            return named
        with translated(self.profile):
            region: str | None = self.session.get_config_variable("region")
            return region

    def signer(self, region: str) -> Signer:
        """Signs for API Gateway in this region."""
        from botocore.auth import SigV4Auth
        from botocore.awsrequest import AWSRequest

        with translated(self.profile):
            credentials = self.session.get_credentials()
        if credentials is None:
            raise CredentialsError("there are no AWS credentials", fix=_fix(self.profile))

        def sign(
            method: str, url: str, headers: Mapping[str, str], body: bytes
        ) -> Mapping[str, str]:
            request = AWSRequest(method, url, dict(headers), body)
            with translated(self.profile):
                SigV4Auth(credentials, "execute-api", region).add_auth(request)
            return dict(request.headers.items())

        return sign

    def api_url_of(self, stack: str, region: str | None) -> str:
        """The output ``ApiUrl`` of a stack.

        Raises:
            NoStackError: there is no such stack, or it is not callscribe's.
        """
        found = self.described(stack, region)
        outputs = {o["OutputKey"]: o["OutputValue"] for o in found.get("Outputs", [])}
        if "ApiUrl" not in outputs:
            raise NoStackError(
                f"the stack {stack} ({found['StackStatus']}) has no output ApiUrl",
                fix="name callscribe's stack with --stack, or deploy it",
            )
        return str(outputs["ApiUrl"])

    def described(self, stack: str, region: str | None) -> dict[str, Any]:
        """A stack as CloudFormation describes it.

        Raises:
            NoStackError: there is no such stack.
        """
        from botocore.exceptions import ClientError

        with translated(self.profile):
            try:
                found = self.client("cloudformation", region).describe_stacks(StackName=stack)
            except ClientError as error:
                raise _not_described(stack, error) from error
        described: dict[str, Any] = found["Stacks"][0]
        return described

    def client(self, service: str, region: str | None) -> Any:
        """A client of one of AWS's services."""
        with translated(self.profile):
            return self.session.create_client(service, region_name=region)


def _not_described(stack: str, error: Exception) -> NoStackError | CredentialsError:
    details = getattr(error, "response", {}).get("Error", {})
    message = f"the stack {stack}: {details.get('Message', error)}"
    if details.get("Code") == "ValidationError":
        return NoStackError(
            message, fix="check --stack and --region (aws cloudformation list-stacks)"
        )
    fix = "allow cloudformation:DescribeStacks, or give the API's address with --api-url"
    return CredentialsError(message, fix=fix)


@contextmanager
def translated(profile: str | None) -> Iterator[None]:
    """botocore's errors about the user's configuration as ours."""
    from botocore.exceptions import BotoCoreError, NoRegionError

    try:
        yield
    except NoRegionError as error:
        raise NoStackError("no AWS region is set", fix="--region REGION, or AWS_REGION") from error
    except BotoCoreError as error:
        raise CredentialsError(str(error), fix=_fix(profile)) from error


def _fix(profile: str | None) -> str:
    chosen = f" --profile {profile}" if profile else ""
    return f"aws login{chosen}, aws sso login{chosen} or aws configure{chosen}; then try again"
