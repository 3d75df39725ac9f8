"""The steps of `callscribe setup` after the keys: a number, the alarms' address. Each can be repeated."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from callscribe_cli.doctor_context import Context
from callscribe_cli.errors import CliError
from callscribe_cli.vendors import Number, settings_of

Json = dict[str, Any]
_SETTINGS = {
    "VoiceUrl": "voice_url",
    "VoiceMethod": "voice_method",
    "VoiceFallbackUrl": "voice_fallback_url",
    "StatusCallback": "status_callback",
}


def state_of(number: Number, base_url: str) -> str:
    """As a person chooses by it."""
    if not number.voice:
        return "no voice"
    if number.target.startswith(f"{base_url}/"):
        return "this stack"
    return f"in use: {number.target}" if number.target else "free"


def find(numbers: Sequence[Number], wanted: str) -> Number:
    """Raises CliError: it is not the account's, or cannot take calls."""
    number = next((one for one in numbers if one.phone_number == wanted), None)
    if number is None:
        owned = ", ".join(one.phone_number for one in numbers) or "none"
        raise CliError(f"{wanted} is not the account's", fix=f"take one of its numbers: {owned}")
    if not number.voice:
        raise CliError(f"{wanted} has no voice", fix="buy a number with voice")
    return number


def point(context: Context, number: Number, may_take: Callable[[str], bool]) -> Json:
    """Makes the stack answer a number; ``may_take`` is asked with what answers it now.

    Raises:
        CliError: it is in use, and may not be taken.
    """
    base_url = context.stack.callback_base_url
    settings = settings_of(base_url, context.stack.parameters.get("TwimlFallbackUrl", ""))
    before = {name: getattr(number, attribute) for name, attribute in _SETTINGS.items()}
    overriding = number.application_sid or number.trunk_sid
    if not overriding and all(before[name] == settings[name] for name in before):
        return {"phone_number": number.phone_number, "changed": False, "before": before}
    if state_of(number, base_url).startswith("in use") and not may_take(number.target):
        message = f"{number.phone_number} is in use: {number.target} answers its calls"
        raise CliError(message, fix="choose another number, or take this one: --force")
    context.twilio.point(number, settings | _without(number))
    before |= {"VoiceApplicationSid": number.application_sid, "TrunkSid": number.trunk_sid}
    return {"phone_number": number.phone_number, "changed": True, "before": before}


def _without(number: Number) -> dict[str, str]:
    """What Twilio would ask instead of the URLs."""
    given = {"VoiceApplicationSid": number.application_sid, "TrunkSid": number.trunk_sid}
    return {name: "" for name, sid in given.items() if sid}


def subscribers(context: Context) -> dict[str, str]:
    """Who gets the alarms, each with its state: confirmed or pending."""
    topic = context.stack.outputs["AlarmTopicArn"]
    found = context.client("sns").list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
    return {
        one["Endpoint"]: "pending"
        if one["SubscriptionArn"] == "PendingConfirmation"
        else "confirmed"
        for one in found
    }


def subscribe(context: Context, address: str) -> str:
    """Its state: confirmed, or pending until the link in AWS's email is followed."""
    known = subscribers(context).get(address)
    if known is not None:
        return known
    context.client("sns").subscribe(
        TopicArn=context.stack.outputs["AlarmTopicArn"], Protocol="email", Endpoint=address
    )
    return subscribers(context).get(address, "pending")
