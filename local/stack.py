"""The whole application on one machine, wired together and taken apart again in order."""

from __future__ import annotations

import json
import secrets
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from callscribe_cli.setup_keys import WEBHOOK_SECRET, collect, put
from local.api_gateway import ACCOUNT_ID, ApiGateway, read_routes
from local.deploy import Deployment, Function, deploy
from local.environments import CORES, CodeLayout, FunctionError, FunctionPool
from local.http_server import Request, Response, Server
from local.ministack import REGION, MiniStack, free_port
from local.options import ROOT, Options
from local.sigv4 import Caller
from local.simulators.assemblyai import AssemblyAISimulator
from local.simulators.twilio import TwilioSimulator

STACK_NAME = "callscribe"
# of each function; more would only take turns on the processors that there are
_CONCURRENCY = max(4, 2 * CORES)
_NO_CAPS = {
    **dict.fromkeys(("MaxCallsPerDestination", "MaxCallsPerCaller", "MaxCallsPerDay"), "1000000"),
    "MaxCallsAtOnce": "1000",
    "MaxTranscribeConcurrency": "50",
    "QuietHours": "",
}
# anything on the local API; what narrower policies look like is in docs/security.md
ALLOW_ALL = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}],
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """What a client needs; the fields of `python -m local --json`."""

    api_url: str
    twilio_url: str
    assemblyai_url: str
    aws_endpoint_url: str
    table_name: str
    access_key_id: str
    secret_access_key: str
    region: str


class LocalStack:
    """Started by ``with``.

    Raises (on entering):
        MiniStackError, DeploymentError, OSError: the message says what to do.
    """

    def __init__(self, options: Options | None = None) -> None:
        self.options = options or Options()
        self.twilio: TwilioSimulator | None = None
        self.assemblyai: AssemblyAISimulator | None = None
        self._stop = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as undo:
            self._start(undo)
            # only now is everything up: until here a failure undoes what was started
            self._stop = undo.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop.close()

    def invoke(self, logical_id: str, event: object) -> Any:
        """Invokes a function directly. Raises FunctionError."""
        return json.loads(self.pools[logical_id].invoke(json.dumps(event).encode()))

    def _start(self, undo: ExitStack) -> None:
        options = self.options
        logs = options.work_folder / "logs"
        self.ministack = MiniStack(log=logs / "ministack.log")
        undo.callback(self.ministack.close)
        self._start_vendors(undo)
        invoker = Server(self._invoked)
        undo.callback(invoker.close)
        port = options.port or free_port()
        self.deployment = deploy(
            self.ministack,
            options.template,
            stack_name=STACK_NAME,
            parameters=self._parameters(f"http://127.0.0.1:{port}"),
            invoke_url=f"{invoker.url}/invoke",
        )
        self._store_secrets(self.deployment)
        layout = built_layout() if options.artifact else source_layout()
        self.pools = {
            logical_id: FunctionPool(
                function,
                layout,
                self.ministack,
                log=logs / f"{function.code.name}.log",
                concurrency=_CONCURRENCY,
            )
            for logical_id, function in self.deployment.functions.items()
        }
        for pool in self.pools.values():
            undo.callback(pool.close)
        routes = read_routes(self.deployment.openapi)
        self.api_gateway = ApiGateway(
            routes, lambda name, event: self.pools[name].invoke(event), port=port
        )
        undo.callback(self.api_gateway.close)
        self.connection = self._connection(self.add_caller("developer", ALLOW_ALL))

    def _start_vendors(self, undo: ExitStack) -> None:
        options = self.options
        if options.twilio_api_url is None:
            account = options.account
            self.twilio = TwilioSimulator(
                account.account_sid,
                account.auth_token,
                account.api_key_sid,
                account.api_key_secret,
                numbers=[account.from_number],
                speed=options.speed,
                seed=options.seed,
            )
            undo.callback(self.twilio.close)
        if options.assemblyai_api_url is None:
            self.assemblyai = AssemblyAISimulator(
                options.assemblyai_api_key,
                seed=options.seed,
                queued_seconds=3 / options.speed,
                processing_seconds=7 / options.speed,
                webhook_retry_seconds=10 / options.speed,
            )
            undo.callback(self.assemblyai.close)
        self.twilio_url = options.twilio_api_url or (self.twilio.url if self.twilio else "")
        self.assemblyai_url = options.assemblyai_api_url or (
            self.assemblyai.url if self.assemblyai else ""
        )

    def _parameters(self, door_url: str) -> dict[str, str]:
        return {
            "TwilioAccountSid": self.options.account.account_sid,
            "TwilioApiUrl": self.twilio_url,
            "AssemblyAIApiUrl": self.assemblyai_url,
            "DefaultFromNumber": self.options.account.from_number,
            "PublicBaseUrl": self.options.public_url or door_url,
            # simulated calls cost nothing; with Twilio's own API the template's caps hold
            **(_NO_CAPS if self.twilio else {}),
            # the internet cannot read this machine's bucket
            "AudioTransfer": "presigned" if self.assemblyai else "upload",
            **self.options.parameters,
        }

    def _store_secrets(self, deployment: Deployment) -> None:
        account = self.options.account
        values = {
            "TWILIO_API_KEY_SID": account.api_key_sid,
            "TWILIO_API_KEY_SECRET": account.api_key_secret,
            "TWILIO_AUTH_TOKEN": account.auth_token,
            "ASSEMBLYAI_API_KEY": self.options.assemblyai_api_key,
        }
        # a test's own template may have none
        if WEBHOOK_SECRET in deployment.outputs:
            put(self.ministack.client("ssm"), deployment.outputs, "", collect(values))

    def secret(self, output: str) -> dict[str, str]:
        """What is stored in the parameter that an output names."""
        answer = self.ministack.client("ssm").get_parameter(
            Name=self.deployment.outputs[output], WithDecryption=True
        )
        stored: dict[str, str] = json.loads(answer["Parameter"]["Value"])
        return stored

    def add_caller(self, name: str, policy: dict[str, Any]) -> Caller:
        """An IAM user with a key that the local API Gateway knows."""
        iam = self.ministack.client("iam")
        user = iam.create_user(UserName=name)["User"]
        iam.put_user_policy(UserName=name, PolicyName=name, PolicyDocument=json.dumps(policy))
        key = iam.create_access_key(UserName=name)["AccessKey"]
        caller = Caller(
            access_key_id=key["AccessKeyId"],
            secret_access_key=key["SecretAccessKey"],
            user_arn=user["Arn"],
            account_id=ACCOUNT_ID,
            user_id=user.get("UserId", secrets.token_hex(8)),
            policy=policy,
        )
        self.api_gateway.callers[caller.access_key_id] = caller
        return caller

    def assume_role(self, name: str, session_name: str, policy: dict[str, Any]) -> Caller:
        """A session of an IAM role, created if need be, that the local API Gateway knows."""
        iam = self.ministack.client("iam")
        trust = {"Effect": "Allow", "Principal": {"AWS": ACCOUNT_ID}, "Action": "sts:AssumeRole"}
        with suppress(iam.exceptions.EntityAlreadyExistsException):
            iam.create_role(
                RoleName=name,
                AssumeRolePolicyDocument=json.dumps(
                    {"Version": "2012-10-17", "Statement": [trust]}
                ),
            )
        iam.put_role_policy(RoleName=name, PolicyName=name, PolicyDocument=json.dumps(policy))
        session = self.ministack.client("sts").assume_role(
            RoleArn=iam.get_role(RoleName=name)["Role"]["Arn"], RoleSessionName=session_name
        )
        credentials, user = session["Credentials"], session["AssumedRoleUser"]
        caller = Caller(
            access_key_id=credentials["AccessKeyId"],
            secret_access_key=credentials["SecretAccessKey"],
            session_token=credentials["SessionToken"],
            user_arn=user["Arn"],
            account_id=ACCOUNT_ID,
            user_id=user["AssumedRoleId"],
            policy=policy,
        )
        self.api_gateway.callers[caller.access_key_id] = caller
        return caller

    def _connection(self, caller: Caller) -> Connection:
        return Connection(
            api_url=self.api_gateway.url,
            twilio_url=self.twilio_url,
            assemblyai_url=self.assemblyai_url,
            aws_endpoint_url=self.ministack.url,
            table_name=self.deployment.outputs.get("CallsTableName", ""),
            access_key_id=caller.access_key_id,
            secret_access_key=caller.secret_access_key,
            region=REGION,
        )

    def _invoked(self, request: Request) -> Response:
        """MiniStack's queue pollers and schedules come in here."""
        logical_id = request.raw_path.rpartition("/")[2]
        headers = {"Content-Type": "application/json"}
        if logical_id not in getattr(self, "pools", {}):
            return Response(status=503, headers=headers, body=b'{"message":"starting"}')
        try:
            return Response(headers=headers, body=self.pools[logical_id].invoke(request.body))
        except FunctionError as error:
            return Response(status=500, headers=headers, body=json.dumps(error.error).encode())


def source_layout() -> CodeLayout:
    """The checkout's code, on the interpreter that runs this."""
    python = ROOT / ".venv" / "bin" / "python"
    return CodeLayout(
        python=python,
        code=lambda function: function.code,
        # third parties' packages are in the virtual environment
        python_path=lambda function: [
            function.code,
            *(path for name, path in function.layers if name != "DependenciesLayer"),
        ],
    )


def built_layout() -> CodeLayout:
    """What `sam build` made, layers laid out as /opt/python is, on Lambda's interpreter."""
    build = ROOT / ".aws-sam" / "build"

    def python_path(function: Function) -> list[Path]:
        layers = [build / name / "python" for name, _ in function.layers]
        return [build / function.logical_id, *layers]

    return CodeLayout(
        python=ROOT / ".venv-lambda" / "bin" / "python",
        code=lambda function: build / function.logical_id,
        python_path=python_path,
        opt=build / "DependenciesLayer",
    )
