"""The context of the checks, for a stack that is named on the command line."""

from __future__ import annotations

from functools import cache
from typing import Any

from callscribe_cli.api import Api
from callscribe_cli.app import App
from callscribe_cli.credentials import Aws
from callscribe_cli.deployed import Deployed, find_stack
from callscribe_cli.doctor_context import Context
from callscribe_cli.errors import NoStackError


def context_for(app: App) -> Context:
    """Raises NoStackError, CredentialsError."""
    aws = Aws(app.discovery.profile(app.options))
    return context_of(aws, _stack(app, aws), app)


def context_of(aws: Aws, stack: Deployed, app: App) -> Context:
    @cache
    def client(service: str) -> Any:
        return aws.client(service, stack.region)

    # the local stack's own address is Amazon's
    url = app.discovery.place(app.options).api_url or stack.outputs["ApiUrl"]
    api = Api(url, aws.signer(stack.region), sleep=app.clock.sleep)
    return Context(stack=stack, client=client, api=api)


def _stack(app: App, aws: Aws) -> Deployed:
    place = app.discovery.stack(app.options)
    region = place.region or aws.region
    if not region:
        raise NoStackError("no AWS region is set", fix="--region REGION, or AWS_REGION")
    return find_stack(aws, str(place.stack), region)
