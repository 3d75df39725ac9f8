"""What may go wrong, each with its fix and its exit code.

CliError                    1: it was understood, and did not work
├── RefusedError            1: the API answered with a problem
├── UnreachableError        1: no answer, and nothing was done
├── OutcomeUnknownError     1: no answer, and it may have been done
├── StoppedError          130: Ctrl-C; the fix says how to go on
├── NoStackError            2: nothing says where the API is
└── CredentialsError        4: AWS's credentials are missing, expired or not enough
"""

from __future__ import annotations

from typing import Any


class CliError(Exception):
    """``fix``: what to do, as one line; a command where there is one."""

    exit_code = 1

    def __init__(self, message: str, *, fix: str) -> None:
        super().__init__(message)
        self.fix = fix


class NoStackError(CliError):
    exit_code = 2


class CredentialsError(CliError):
    exit_code = 4


class UnreachableError(CliError):
    pass


class OutcomeUnknownError(CliError):
    pass


class StoppedError(CliError):
    exit_code = 130


class RefusedError(CliError):
    """``problem``: the RFC 9457 document, or what came instead of one; ``retry_after``: seconds."""

    def __init__(self, status: int, problem: dict[str, Any], retry_after: float | None) -> None:
        super().__init__(_message(status, problem), fix=_fix(status, problem))
        self.status = status
        self.problem = problem
        self.kind = kind_of(problem)
        self.retry_after = retry_after


def kind_of(problem: dict[str, Any]) -> str:
    """The last part of the problem's type; empty for API Gateway's own answers."""
    prefix = "urn:callscribe:problem:"
    kind = str(problem.get("type", ""))
    return kind.removeprefix(prefix) if kind.startswith(prefix) else ""


def _message(status: int, problem: dict[str, Any]) -> str:
    title, detail = problem.get("title"), problem.get("detail") or problem.get("message")
    message = ": ".join(str(part) for part in (title, detail) if part) or "no reason was given"
    fields = [f"\n  {one.get('field')}: {one.get('message')}" for one in _errors(problem)]
    return f"{message} (HTTP {status}){''.join(fields)}"


def _errors(problem: dict[str, Any]) -> list[dict[str, Any]]:
    errors = problem.get("errors")
    return [one for one in errors if isinstance(one, dict)] if isinstance(errors, list) else []


def _fix(status: int, problem: dict[str, Any]) -> str:
    code, kind = str(problem.get("code", "")), kind_of(problem)
    by_status = _STATUS_FIXES.get(status, "see docs/api.md, and the stack's logs")
    return _CODE_FIXES.get(code) or _KIND_FIXES.get(kind) or by_status


_LATER = "try again later; Retry-After or the message above says when"
_CODE_FIXES = {
    "destination_not_allowed": "add the country to the stack's AllowedCountries, and deploy",
    "number_type_not_allowed": "call a landline or mobile number",
    "do_not_call": "callscribe do-not-call remove NUMBER, if the callee agrees",
    "dialing_stopped": "callscribe dialing resume, if the reason is gone",
    "quiet_hours": "place it later: --at TIME",
    "too_many_calls": "wait until a call has ended, or raise MaxCallsAtOnce",
    "cap_reached": "try again tomorrow (UTC), or raise the stack's caps",
    "to_not_verified": "verify the number at Twilio, or upgrade the trial account",
    "country_not_allowed": "allow the country at Twilio: Voice, Geographic permissions",
    "from_invalid": "use a number that the Twilio account owns",
    "twilio_unauthorized": "store the right Twilio API key in the stack",
}
_KIND_FIXES = {
    "invalid-input": "correct what is named above; callscribe COMMAND --help shows the options",
    "body-too-large": "send less: 64 KiB at most",
    "not-found": "check the ID; callscribe list shows the calls",
    "idempotency-key-reused": "use a new --idempotency-key: this one belongs to another request",
    "dialing-refused": "see the stack's rules in docs/configuration.md",
    "call-under-way": "erase it after its end: callscribe wait ID",
    "not-scheduled": "callscribe show ID says what became of it",
    "nothing-to-retry": "place a new call",
    "no-transcript": "callscribe show ID has the reasons; callscribe retry ID if one is retryable",
    "transcript-not-ready": "callscribe wait ID",
    "twilio-refused": "see docs/api.md, codes of Twilio's refusals",
    "try-later": _LATER,
    "internal-error": "see the stack's logs: this is a bug",
}
_STATUS_FIXES = {
    **dict.fromkeys((301, 302, 303, 307, 308), "check the address: --api-url"),
    404: "check the API's address: callscribe api GET /dialing --api-url URL",
    429: _LATER,
    **dict.fromkeys((500, 502, 503, 504), _LATER),
}
