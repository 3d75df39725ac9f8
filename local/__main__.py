"""`python -m local`: the stack on this machine until Ctrl-C."""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from dataclasses import asdict

from local.command_line import usage
from local.deploy import DeploymentError
from local.ministack import MiniStackError
from local.options import OptionsError, read_options
from local.stack import Connection, LocalStack


def main() -> int:
    # no Event: its lock is held for a moment when a wait ends, and a second signal's handler, which runs
    # in this very thread, would wait for it for ever
    asked: list[int] = []
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda caught, _: asked.append(caught))
    try:
        options, as_json = read_options(sys.argv[1:], os.environ)
        with LocalStack(options) as stack:
            text = json.dumps(asdict(stack.connection)) if as_json else _text(stack)
            print(text, flush=True)
            while not asked:
                time.sleep(0.2)
    except (OptionsError, MiniStackError, DeploymentError, OSError) as error:
        print(f"The local stack did not start: {error}", file=sys.stderr)
        return 1
    return 0


def _text(stack: LocalStack) -> str:
    connection = stack.connection
    twilio = "SIMULATED Twilio" if stack.twilio else "Twilio"
    assemblyai = "SIMULATED AssemblyAI" if stack.assemblyai else "AssemblyAI"
    return f"""callscribe on this machine. Ctrl-C stops it.

  HTTP API             {connection.api_url}
  {twilio:20} {connection.twilio_url}
  {assemblyai:20} {connection.assemblyai_url}
  AWS (MiniStack)      {connection.aws_endpoint_url}, table {connection.table_name}
  logs                 {stack.options.work_folder / "logs"}

Place calls from another terminal (docs/cli.md has every command):

{usage(connection)}

Or without the command:

{_curl(connection)}
"""


def _curl(connection: Connection) -> str:
    return f"""  curl --aws-sigv4 aws:amz:{connection.region}:execute-api \\
    --user {connection.access_key_id}:{connection.secret_access_key} \\
    -H 'Content-Type: application/json' -d '{{"to": "+14155550100"}}' \\
    {connection.api_url}/calls"""


if __name__ == "__main__":
    sys.exit(main())
