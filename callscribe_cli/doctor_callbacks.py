"""Checks from outside: whether the API answers, and its open doors let in the vendors and no one else."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Iterator, Mapping
from email.utils import parsedate_to_datetime
from urllib.parse import urlencode

from callscribe_cli.doctor_context import (
    TWILIO_TOKEN,
    WEBHOOK_SECRET,
    Context,
    Finding,
    SkippedError,
    fault,
    warning,
)
from callscribe_cli.errors import OutcomeUnknownError, RefusedError, UnreachableError, kind_of
from callscribe_cli.messages import Answer
from callscribe_cli.web import NoAnswerError

# AWS refuses signatures that are five minutes old
_MOST_SECONDS, _MANY_SECONDS = 240, 30
# of no call: whoever is let in with it changes nothing
_NO_CALL, _NO_RECORDING = "0" * 32, "RE" + "0" * 32
_FORM = {"Content-Type": "application/x-www-form-urlencoded"}
_JSON = {"Content-Type": "application/json"}
_WEBHOOK_HEADER = "X-Callscribe-Webhook-Secret"
_BASE_URL = "check PublicBaseUrl, and whatever stands between it and the API"


def api_answers(context: Context) -> Iterator[Finding]:
    """And whether dialing is stopped. Raises CredentialsError: the caller may not ask."""
    try:
        dialing = context.api.get("/dialing")
    except (RefusedError, UnreachableError, OutcomeUnknownError) as error:
        yield fault("api-unreachable", f"the API does not answer: {error}", error.fix)
        return
    if dialing["stopped"]:
        what = f"dialing is stopped since {dialing['changed_at']}: {dialing['reason']}"
        yield warning("dialing-stopped", what, "callscribe dialing resume, if the reason is gone")


def clock_is_right(context: Context) -> Iterator[Finding]:
    answer = context.web.send("GET", f"{context.api.url}/dialing")
    try:
        there = parsedate_to_datetime(answer.headers["date"]).timestamp()
    except (KeyError, ValueError) as error:
        raise SkippedError("the API does not say what time it is") from error
    skew = context.now() - there
    if abs(skew) > _MANY_SECONDS:
        found = fault if abs(skew) > _MOST_SECONDS else warning
        direction = "ahead" if skew > 0 else "behind"
        what = f"this machine's clock is {abs(skew):.0f} s {direction}"
        yield found("clock-skew", what, "set the clock: AWS refuses signatures five minutes off")


def callbacks_are_checked(context: Context) -> Iterator[Finding]:
    """Twilio's, at both functions that take them: unsigned, wrongly signed, and as Twilio signs."""
    token = context.secret(TWILIO_TOKEN)["auth_token"]
    for path in (f"/twiml/{_NO_CALL}/recorded", "/recording-complete"):
        url = context.stack.callback_base_url + path
        form = {"AccountSid": context.account_sid}
        yield from _door(
            context,
            "callbacks",
            url,
            urlencode(form).encode(),
            keyless={**_FORM},
            wrong={**_FORM, "X-Twilio-Signature": _signature(secrets.token_hex(16), url, form)},
            right={**_FORM, "X-Twilio-Signature": _signature(token, url, form)},
        )


def webhook_is_checked(context: Context) -> Iterator[Finding]:
    """AssemblyAI's; news of a redacted file, which the stack has no use for, changes nothing."""
    secret = context.secret(WEBHOOK_SECRET)["webhook_secret"]
    path = f"/transcript-complete/{_NO_CALL}/{_NO_RECORDING}"
    yield from _door(
        context,
        "webhook",
        context.stack.callback_base_url + path,
        b'{"status": "redacted_audio_ready"}',
        keyless=_JSON,
        wrong={**_JSON, _WEBHOOK_HEADER: secrets.token_hex(16)},
        right={**_JSON, _WEBHOOK_HEADER: secret},
    )


def _door(
    context: Context,
    name: str,
    url: str,
    body: bytes,
    *,
    keyless: Mapping[str, str],
    wrong: Mapping[str, str],
    right: Mapping[str, str],
) -> Iterator[Finding]:
    try:
        for how, headers in (("unsigned", keyless), ("wrongly signed", wrong)):
            answer = context.web.send("POST", url, headers, body)
            if answer.status != 403:
                what = f"{url} answers {answer.status} to a request that is {how}"
                found = "open" if answer.status < 400 else "unexpected"
                yield fault(f"{name}-{found}", what, _BASE_URL)
                return
        answer = context.web.send("POST", url, right, body)
    except NoAnswerError as error:
        yield fault(f"{name}-unreachable", str(error), _BASE_URL)
        return
    if not _let_in(answer):
        what = f"{url} answers {answer.status} to a request signed with what is stored"
        yield fault(f"{name}-refused", what, f"{_BASE_URL}; a key just stored counts in seconds")


def _let_in(answer: Answer) -> bool:
    """Past the check: carried out, or refused for what it does not say."""
    return answer.status < 300 or (
        answer.status == 400 and kind_of(answer.document()) == "invalid-input"
    )


def _signature(token: str, url: str, form: Mapping[str, str]) -> str:
    """X-Twilio-Signature."""
    text = url + "".join(name + value for name, value in sorted(form.items()))
    digest = hmac.new(token.encode(), text.encode(), hashlib.sha1).digest()
    return base64.b64encode(digest).decode()
