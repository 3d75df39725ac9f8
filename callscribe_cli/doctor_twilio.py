"""Checks at the vendors: keys, account, numbers, countries."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from callscribe_cli.doctor_context import (
    TWILIO_TOKEN,
    Context,
    Finding,
    SkippedError,
    fault,
    warning,
)
from callscribe_cli.vendors import Json, Number, VendorRefusedError, countries_of, settings_of
from callscribe_cli.web import NoAnswerError

# a day of calls at the default caps costs more
_LOW_BALANCE = 10.0
_GEO = "Twilio's console: Voice, Settings, Geographic permissions"
_SHOWN = 8


def key_works(context: Context) -> Iterator[Finding]:
    yield from _works(context, "twilio-key", "Twilio", context.twilio.check)


def token_works(context: Context) -> Iterator[Finding]:
    refused = list(_works(context, "twilio-token", "Twilio", lambda: context.account))
    yield from refused
    if refused:
        return
    primary = _account(context).get("auth_token")
    stored = context.secret(TWILIO_TOKEN)
    if primary and primary not in (stored["auth_token"], stored.get("next_auth_token")):
        what = "the Auth Token stored is the secondary one, and Twilio signs with the primary one"
        yield fault("twilio-token-secondary", what, f"{_setup(context)}, with the primary token")


def assemblyai_key_works(context: Context) -> Iterator[Finding]:
    yield from _works(context, "assemblyai-key", "AssemblyAI", context.assemblyai.check)


def account_can_call(context: Context) -> Iterator[Finding]:
    account = _account(context)
    if account["status"] != "active":
        what = f"the Twilio account is {account['status']}: it places no calls"
        yield fault("twilio-account-inactive", what, "see the notices in Twilio's console")
    if account["type"] == "Trial":
        what = "the Twilio account is a trial: it records nothing, and calls verified numbers only"
        yield fault("twilio-trial", what, "upgrade it in Twilio's console")


def balance_lasts(context: Context) -> Iterator[Finding]:
    found = context.twilio_account.balance()
    if float(found["balance"]) < _LOW_BALANCE:
        what = f"Twilio's balance is {found['balance']} {found['currency']}"
        yield warning("balance-low", what, "Twilio's console: Billing; turn on auto recharge")


def from_number_is_ours(context: Context) -> Iterator[Finding]:
    wanted = context.stack.parameters.get("DefaultFromNumber", "")
    deploy = "deploy with DefaultFromNumber=+…, one of your Twilio numbers"
    if not wanted:
        what = "DefaultFromNumber is empty: each call must name its `from`"
        yield warning("from-number-missing", what, deploy)
        return
    number = _by_name(context.numbers, wanted)
    if number is None and wanted not in context.twilio.caller_ids():
        what = f"DefaultFromNumber {wanted} is not the Twilio account's, and not verified there"
        yield fault("from-number-unknown", what, deploy)
    elif number and not number.voice:
        yield fault("from-number-voiceless", f"{wanted} cannot call: it has no voice", deploy)
    elif number and not number.target:
        what = f"nothing answers inbound calls to {wanted}"
        yield warning("number-unanswered", what, f"{_setup(context)} --number {wanted}")


def numbers_are_answered(context: Context) -> Iterator[Finding]:
    """Those whose voice URL is this stack's; others belong to other applications."""
    base = context.stack.callback_base_url
    for number in context.numbers:
        if number.voice_url.startswith(f"{base}/"):
            yield from _answered(number, base, f"{_setup(context)} --number {number.phone_number}")


def _answered(number: Number, base: str, fix: str) -> Iterator[Finding]:
    name, wanted = number.phone_number, settings_of(base)
    overriding = number.application_sid or number.trunk_sid
    if overriding:
        what = f"{name} has {overriding}, for which Twilio ignores its voice URL"
        yield fault("number-overridden", what, f"{fix} --force")
    if number.voice_url.partition("#")[0] != wanted["VoiceUrl"]:
        what = f"{name} asks {number.voice_url}, which is not {wanted['VoiceUrl']}"
        yield fault("number-url", what, fix)
    if number.voice_method != "POST":
        what = f"{name} asks by {number.voice_method}, and the stack answers POST"
        yield fault("number-method", what, fix)
    if number.status_callback.partition("#")[0] != wanted["StatusCallback"]:
        what = f"{name} does not tell the stack when a call has ended"
        yield warning("number-status-callback", what, fix)
    if not number.voice_fallback_url:
        what = f"{name} has nothing to ask if the stack does not answer"
        yield warning("number-fallback", what, fix)


def countries_agree(context: Context) -> Iterator[Finding]:
    """What this stack may call and what Twilio lets the account call."""
    countries = context.twilio.countries()
    allowed = _allowed(context, countries)
    opened = [one for one in countries if one["low_risk_numbers_enabled"]]
    blocked = [one for one in allowed if one not in opened]
    # a number of +1 is of one of several countries
    if blocked and (context.stack.parameters.get("AllowedCountries") or blocked == allowed):
        what = f"the stack may call {_named(blocked)}, and Twilio refuses it"
        yield fault("countries-blocked", what, f"{_GEO}: allow it")
    extra = [one for one in opened if one not in allowed]
    if extra:
        what = f"Twilio lets the account call countries that the stack does not: {_named(extra)}"
        yield warning("countries-open", what, f"{_GEO}: turn off what you do not call")
    risky = [one for one in countries if any(one[kind] for kind in _HIGH_RISK)]
    if risky:
        what = f"Twilio lets the account call high-risk numbers in {_named(risky)}"
        yield warning("countries-high-risk", what, f"{_GEO}: turn off the high-risk columns")


_HIGH_RISK = ("high_risk_special_numbers_enabled", "high_risk_tollfraud_numbers_enabled")


def _allowed(context: Context, countries: Sequence[Json]) -> list[Json]:
    """By AllowedCountries, or where the number is from."""
    given = context.stack.parameters.get("AllowedCountries", "")
    if given:
        return [one for one in countries if one["iso_code"] in given.split(",")]
    number = context.stack.parameters.get("DefaultFromNumber", "")
    if not number:
        raise SkippedError("AllowedCountries and DefaultFromNumber are empty: no call is allowed")
    return countries_of(number, countries)


def _named(countries: Sequence[Json]) -> str:
    names = sorted(one["iso_code"] for one in countries)
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more


def _works(
    context: Context, name: str, vendor: str, ask: Callable[[], object]
) -> Iterator[Finding]:
    try:
        ask()
    except VendorRefusedError as error:
        what = f"{vendor} refuses what is stored: {error}"
        yield fault(f"{name}-refused", what, _setup(context))
    except NoAnswerError as error:
        yield fault(f"{vendor.lower()}-unreachable", str(error), error.fix)


def _account(context: Context) -> Json:
    try:
        return context.account
    except (VendorRefusedError, NoAnswerError) as error:
        raise SkippedError(f"Twilio does not show the account: {error}") from error


def _by_name(numbers: Sequence[Number], wanted: str) -> Number | None:
    return next((one for one in numbers if one.phone_number == wanted), None)


def _setup(context: Context) -> str:
    return f"callscribe setup --stack {context.stack.name}"
