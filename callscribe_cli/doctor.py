"""What `callscribe doctor` checks, one row for each; a check is a function over the context.

To add one: a function in doctor_aws.py, doctor_twilio.py or doctor_callbacks.py that yields findings,
its row here, its fault planted in tests/http/test_doctor.py, and its IDs in docs/doctor.md.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from callscribe_cli import doctor_aws, doctor_callbacks, doctor_twilio
from callscribe_cli.doctor_context import Context, Finding, SkippedError, fault
from callscribe_cli.errors import CredentialsError
from callscribe_cli.vendors import VendorRefusedError
from callscribe_cli.web import NoAnswerError

_DENIED = ("AccessDenied", "AccessDeniedException", "AuthorizationError", "UnauthorizedOperation")


@dataclass(frozen=True, slots=True)
class Check:
    name: str
    run: Callable[[Context], Iterable[Finding]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """``skipped``: why the check could not be made; empty if it was."""

    check: str
    findings: Sequence[Finding] = ()
    skipped: str = ""


CHECKS = (
    Check("stack", doctor_aws.stack_is_deployed),
    Check("api", doctor_callbacks.api_answers),
    Check("clock", doctor_callbacks.clock_is_right),
    Check("secrets", doctor_aws.secrets_are_stored),
    Check("twilio-key", doctor_twilio.key_works),
    Check("twilio-token", doctor_twilio.token_works),
    Check("twilio-account", doctor_twilio.account_can_call),
    Check("balance", doctor_twilio.balance_lasts),
    Check("from-number", doctor_twilio.from_number_is_ours),
    Check("numbers", doctor_twilio.numbers_are_answered),
    Check("countries", doctor_twilio.countries_agree),
    Check("assemblyai-key", doctor_twilio.assemblyai_key_works),
    Check("callbacks", doctor_callbacks.callbacks_are_checked),
    Check("webhook", doctor_callbacks.webhook_is_checked),
    Check("dead-letters", doctor_aws.no_dead_letters),
    Check("overdue", doctor_aws.nothing_is_overdue),
    Check("alarms", doctor_aws.no_alarm_fires),
    Check("alarm-address", doctor_aws.alarms_are_read),
    Check("schedules", doctor_aws.schedules_run),
    Check("queue", doctor_aws.queue_is_worked_on),
    Check("concurrency", doctor_aws.concurrency_suffices),
    Check("search", doctor_aws.search_is_possible),
)


def examine(context: Context, checks: Iterable[Check] = CHECKS) -> Iterator[Result]:
    """The checks one after the other. Raises CredentialsError: AWS knows no caller."""
    for check in checks:
        yield _made(check, context)


def _made(check: Check, context: Context) -> Result:
    from botocore.exceptions import ClientError

    try:
        return Result(check=check.name, findings=tuple(check.run(context)))
    except SkippedError as error:
        return Result(check=check.name, skipped=str(error))
    except CredentialsError as error:
        return Result(check=check.name, skipped=f"no permission: {error}")
    except (NoAnswerError, VendorRefusedError) as error:
        # its own check says so as a fault
        return Result(check=check.name, skipped=f"the vendor did not say: {error}")
    except ClientError as error:
        return _refused(check, dict(error.response.get("Error", {})))


def _refused(check: Check, error: Mapping[str, Any]) -> Result:
    words = error.get("Message", error.get("Code", ""))
    if error.get("Code") in _DENIED:
        return Result(check=check.name, skipped=f"no permission: {words}")
    found = fault(
        "aws-refused", f"AWS, asked about {check.name}: {words}", "deploy the stack again"
    )
    return Result(check=check.name, findings=(found,))
