"""`callscribe setup`."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from callscribe_cli.app import App, Command, connected, stoppable
from callscribe_cli.errors import CliError, CredentialsError
from callscribe_cli.messages import path
from callscribe_cli.output import clean, note, table
from callscribe_cli.waiting import state_of as call_state
from callscribe_cli.waiting import wait_for_transcript

if TYPE_CHECKING:
    from callscribe_cli import setup_keys
    from callscribe_cli.doctor_context import Context

_TRIES = 3
_WAIT_SECONDS = 600.0
_SAY = "This is callscribe, calling to test itself. Please say a few words after the tone."
_PENDING = ": not confirmed yet, so follow the link in the email from AWS"
_POLICY = "policies/setup.json has what it takes; administrators have it"


@click.command(cls=Command)
@click.option(
    "--from", "source", metavar="FILE|-", help="Keys as a JSON object; - is standard input."
)
@click.option("--number", metavar="NUMBER", help="The Twilio number that the stack shall answer.")
@click.option("--force", is_flag=True, help="Take the number even if something else answers it.")
@click.option("--alarm-email", metavar="ADDRESS", help="Who gets the stack's alarms.")
@click.option("--call", "phone", metavar="NUMBER", help="Your own phone, for a test call.")
@connected
def setup(
    app: App,
    *,
    source: str | None,
    number: str | None,
    force: bool,
    alarm_email: str | None,
    phone: str | None,
) -> None:
    """Take a deployed stack to its first call; run it again whenever something has changed.

    Stores the vendors' keys, each after its vendor has accepted it; makes the stack answer one of the
    account's numbers; subscribes an address to the alarms; makes the checks of `callscribe doctor`,
    among them Twilio's geographic permissions; and calls your phone. On a terminal it asks for what is
    not given, and Enter leaves out a step. Elsewhere it does only what options and environment say.

    Keys come from --from, else from the environment (TWILIO_API_KEY_SID, TWILIO_API_KEY_SECRET,
    TWILIO_AUTH_TOKEN, ASSEMBLYAI_API_KEY; for a rotation also TWILIO_NEXT_AUTH_TOKEN).

    \b
    callscribe setup --stack callscribe-dev
    callscribe setup --from keys.json --number +14155550100 --alarm-email ops@example.com
    """
    from callscribe_cli.doctor_setting import context_for

    with stoppable("callscribe setup goes on where it stopped"), _permissions():
        asking = source != "-" and sys.stdin.isatty()
        context = context_for(app)
        done: dict[str, Any] = {"stack": context.stack.name}
        done["stored"] = _store_keys(context, source, asking=asking)
        # what was read before is not what is stored now
        context = replace(context)
        done["number"] = _point_number(context, number, force=force, asking=asking)
        done["alarms"] = _subscribe(context, alarm_email, asking=asking)
        done["doctor"] = _examine(context)
        if done["doctor"]["faults"]:
            app.output.data(done, str)
            raise CliError("the stack is not ready", fix="see the faults above, then run it again")
        phone = phone or (_ask("Your phone's number, for a test call", "") if asking else "")
    text = f"{context.stack.name} is ready: callscribe call NUMBER"
    if phone:
        done["call"], text = _call(app, context, phone)
    app.output.data(done, lambda: clean(text))


@contextmanager
def _permissions() -> Iterator[None]:
    """What AWS refuses, in words."""
    from botocore.exceptions import ClientError

    try:
        yield
    except ClientError as error:
        words = error.response.get("Error", {}).get("Message", error)
        raise CredentialsError(f"AWS refused: {words}", fix=_POLICY) from error


def _store_keys(context: Context, source: str | None, *, asking: bool) -> list[str]:
    from callscribe_cli import setup_keys

    given = setup_keys.read_values(source, os.environ)
    documents = setup_keys.collect(given)
    setup_keys.check(context.web, context.stack.parameters, documents)
    for output, names in setup_keys.KEYS.items() if asking else ():
        if output not in documents:
            documents |= _asked_keys(context, list(names.values()))
    if not documents:
        return []
    key_id = context.stack.parameters.get("KmsKeyArn", "")
    written = setup_keys.put(context.client("ssm"), context.stack.outputs, key_id, documents)
    for name in written:
        note(f"stored {name}")
    return written


def _asked_keys(context: Context, names: list[str]) -> setup_keys.Documents:
    """Until the vendor accepts them, three times at most; nothing if the first is left empty."""
    from callscribe_cli import setup_keys

    wanted = [name for name in names if name != setup_keys.OPTIONAL]
    for left in reversed(range(_TRIES)):
        values = _hidden(wanted)
        if not values:
            return {}
        try:
            documents = setup_keys.collect(values)
            setup_keys.check(context.web, context.stack.parameters, documents)
        except CliError as error:
            if not left:
                raise
            note(f"{error}\n{error.fix}")
        else:
            return documents
    return {}


def _hidden(names: list[str]) -> dict[str, str]:
    values: dict[str, str] = {}
    for name in names:
        value = _ask(f"{name} (not shown)", "", hidden=True)
        if not value and not values:
            return {}
        values[name] = value
    return {name: value for name, value in values.items() if value}


def _point_number(
    context: Context, wanted: str | None, *, force: bool, asking: bool
) -> dict[str, Any] | None:
    from callscribe_cli import setup_steps

    if wanted is None and asking:
        wanted = _chosen_number(context)
    if not wanted:
        return None

    def may_take(target: str) -> bool:
        question = f"{wanted} is in use: {target} answers its calls. Take it"
        return force or (asking and click.confirm(question, default=False, err=True))

    done = setup_steps.point(context, setup_steps.find(context.numbers, wanted), may_take)
    note(f"{wanted} is answered by {context.stack.name}" + ("" if done["changed"] else " already"))
    return done


def _chosen_number(context: Context) -> str:
    from callscribe_cli import setup_steps

    base_url = context.stack.callback_base_url
    rows = [(one.phone_number, setup_steps.state_of(one, base_url)) for one in context.numbers]
    note(table(("number", "calls are answered by"), rows))
    usual = context.stack.parameters.get("DefaultFromNumber", "")
    return _ask("Which number shall the stack answer? (- for none)", usual).removeprefix("-")


def _subscribe(context: Context, address: str | None, *, asking: bool) -> dict[str, str]:
    from callscribe_cli import setup_steps

    known = setup_steps.subscribers(context)
    if not address and asking and not known:
        address = _ask("Who gets the alarms? An email address", "")
    if address and address not in known:
        known[address] = setup_steps.subscribe(context, address)
    for one, state in known.items():
        note(f"alarms go to {one}" + (_PENDING if state == "pending" else ""))
    return known


def _examine(context: Context) -> dict[str, Any]:
    from callscribe_cli.commands.doctor import findings_text, report
    from callscribe_cli.doctor import examine

    document = report(context.stack.name, list(examine(context)))
    note(findings_text(document))
    return document


def _call(app: App, context: Context, phone: str) -> tuple[dict[str, Any], str]:
    """The call and its transcript, by the API of the stack that was set up."""
    app.api = context.api
    key = f"setup-{os.urandom(16).hex()}"
    placed = app.api.post("/calls", {"to": phone, "say": _SAY, "mode": "message"}, key=key)
    call_id = placed["call_id"]
    note(f"calling {phone}: call {call_id}")
    with stoppable(f"the call goes on; callscribe wait {call_id}"):
        text = wait_for_transcript(app, call_id, _WAIT_SECONDS, call_state(placed))
        return app.api.get(path("calls", call_id)), text


def _ask(question: str, default: str, *, hidden: bool = False) -> str:
    answer = click.prompt(
        question, default=default, show_default=bool(default), hide_input=hidden, err=True
    )
    return str(answer).strip()
