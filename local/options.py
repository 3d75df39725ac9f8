"""What `python -m local` can be told, and which vendors it then talks to."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


class OptionsError(Exception):
    """Something is missing or contradicts itself; the message names it and the fix."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TwilioAccount:
    account_sid: str
    auth_token: str
    api_key_sid: str
    api_key_secret: str
    from_number: str


# made up, for the simulators alone
SIMULATED_ACCOUNT = TwilioAccount(
    account_sid="AC" + "5" * 32,
    auth_token="simulated-auth-token",  # noqa: S106 - opens nothing but the simulator
    api_key_sid="SK" + "5" * 32,
    api_key_secret="simulated-api-key-secret",  # noqa: S106 - opens nothing but the simulator
    from_number="+15005550006",
)
SIMULATED_ASSEMBLYAI_KEY = "simulated-assemblyai-key"


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """``None`` for a vendor's URL means its simulator. ``artifact`` runs what `sam build` made."""

    port: int = 0
    seed: int = 0
    speed: float = 10.0
    twilio_api_url: str | None = None
    assemblyai_api_url: str | None = None
    public_url: str | None = None
    artifact: bool = False
    parameters: Mapping[str, str] = field(default_factory=dict)
    template: Path = ROOT / "template.yaml"
    work_folder: Path = ROOT / ".local"
    account: TwilioAccount = SIMULATED_ACCOUNT
    assemblyai_api_key: str = SIMULATED_ASSEMBLYAI_KEY


def read_options(arguments: Sequence[str], environment: Mapping[str, str]) -> tuple[Options, bool]:
    """The options, and whether the connection data is to be printed as JSON.

    Raises:
        OptionsError: a real vendor was named but a key of it is not in the environment.
    """
    parser = argparse.ArgumentParser(
        prog="python -m local", description="callscribe's whole stack on this machine"
    )
    parser.add_argument("--json", action="store_true", help="connection data as one JSON line")
    parser.add_argument("--port", type=int, default=0, help="of the HTTP API (default: a free one)")
    parser.add_argument("--seed", type=int, default=0, help="of the simulators' random faults")
    parser.add_argument(
        "--speed", type=float, default=10.0, help="how many seconds of a simulated call pass in one"
    )
    parser.add_argument("--twilio-api-url", help="a real or mock Twilio API (keys: environment)")
    parser.add_argument("--assemblyai-api-url", help="a real or mock AssemblyAI API")
    parser.add_argument(
        "--public-url", help="where the internet reaches this API, such as a tunnel"
    )
    parser.add_argument(
        "--parameter",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        type=_parameter,
        help="one of the template's parameters, such as QuietHours=",
    )
    parser.add_argument("--artifact", action="store_true", help="run what `sam build` made")
    parser.add_argument(
        "--work-folder", type=Path, default=ROOT / ".local", help="where the logs go"
    )
    given = parser.parse_args(arguments)
    options = Options(
        port=given.port,
        seed=given.seed,
        speed=given.speed,
        twilio_api_url=given.twilio_api_url,
        assemblyai_api_url=given.assemblyai_api_url,
        public_url=given.public_url,
        artifact=given.artifact,
        parameters=dict(given.parameter),
        work_folder=given.work_folder,
        account=_account(environment) if given.twilio_api_url else SIMULATED_ACCOUNT,
        assemblyai_api_key=(
            _required(environment, "ASSEMBLYAI_API_KEY")
            if given.assemblyai_api_url
            else SIMULATED_ASSEMBLYAI_KEY
        ),
    )
    return options, given.json


def _account(environment: Mapping[str, str]) -> TwilioAccount:
    return TwilioAccount(
        account_sid=_required(environment, "TWILIO_ACCOUNT_SID"),
        auth_token=_required(environment, "TWILIO_AUTH_TOKEN"),
        api_key_sid=_required(environment, "TWILIO_API_KEY_SID"),
        api_key_secret=_required(environment, "TWILIO_API_KEY_SECRET"),
        from_number=_required(environment, "TWILIO_FROM_NUMBER"),
    )


def _parameter(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name.isalnum():
        raise argparse.ArgumentTypeError("must be NAME=VALUE, such as QuietHours=")
    return name, value


def _required(environment: Mapping[str, str], name: str) -> str:
    value = environment.get(name, "").strip()
    if not value:
        raise OptionsError(f"{name} is not set in the environment, and this vendor needs it")
    return value
