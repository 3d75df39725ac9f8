"""How to use the command `callscribe` on a local stack."""

from __future__ import annotations

from local.stack import STACK_NAME, Connection

_COMMAND = ".venv/bin/python -m callscribe_cli"


def usage(connection: Connection) -> str:
    """Lines for another shell: the first points the command at the stack, the others are examples."""
    variables = {
        # the address that CloudFormation tells would be Amazon's
        "CALLSCRIBE_API_URL": connection.api_url,
        "CALLSCRIBE_STACK": STACK_NAME,
        "AWS_ENDPOINT_URL": connection.aws_endpoint_url,
        "AWS_ACCESS_KEY_ID": connection.access_key_id,
        "AWS_SECRET_ACCESS_KEY": connection.secret_access_key,
        "AWS_REGION": connection.region,
    }
    exported = " ".join(f"{name}={value}" for name, value in variables.items())
    return f"""  export {exported}
  callscribe list
  callscribe call +14155550100
  callscribe ui

Where it is not installed, `{_COMMAND}` is `callscribe`."""
